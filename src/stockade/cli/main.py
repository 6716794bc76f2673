"""The command `stockade`: finds its commands, and turns an expected failure into lines a person can act on.

Each module of this folder that has a name `command` is a command; adding one touches its file only. Never prints a
stack trace for a StockadeError, and never imports a command that is not asked for.
"""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from stockade import __version__, cli
from stockade.config import Settings, read_settings
from stockade.core.errors import ConfigError, StockadeError

EXIT_TROUBLE = 2
"""Exit status of an expected failure; 1 is left to commands whose answer is "no"."""

CONFIG_FILE = Path("stockade.yaml")


class Commands(click.Group):
    """The commands that stand in this folder."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, in alphabetical order."""
        names = (module.name.replace("_", "-") for module in pkgutil.iter_modules(cli.__path__))
        return sorted(name for name in names if self.get_command(ctx, name) is not None)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's name
        """Return one command, imported now."""
        module = f"{cli.__name__}.{cmd_name.replace('-', '_')}"
        if not cmd_name.replace("-", "").isalnum() or importlib.util.find_spec(module) is None:
            return None
        found = getattr(importlib.import_module(module), "command", None)
        return found if isinstance(found, click.Command) else None

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; an expected failure is told on stderr and ends with status 2."""
        try:
            return super().invoke(ctx)
        except StockadeError as error:
            click.echo(error.diagnostics(), err=True)
            ctx.exit(EXIT_TROUBLE)


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="stockade")
def main() -> None:
    """Stand between people, applications and agents and the models they call."""


def config_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the option `--config`; it arrives as `config_path` for `settings_of`."""
    return click.option(
        "--config",
        "config_path",
        type=click.Path(dir_okay=False, path_type=Path),
        envvar="STOCKADE_CONFIG",
        show_envvar=True,
        help="The configuration file.  [default: ./stockade.yaml]",
    )(command)


def settings_of(config_path: Path | None) -> Settings:
    """Return the settings of the file that was named, or of ./stockade.yaml. Fails: ConfigError."""
    if config_path is None and not CONFIG_FILE.exists():
        raise ConfigError(
            "There is no stockade.yaml here.", hint="Name one with --config FILE or the variable STOCKADE_CONFIG."
        )
    return read_settings(config_path or CONFIG_FILE)


if __name__ == "__main__":
    main(prog_name="stockade")
