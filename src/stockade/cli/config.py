"""`stockade config`: is this configuration good, and what does it come to?

Shows no secret: the vendors' keys are not in the configuration, and a database password is masked.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import yaml
from sqlalchemy.engine import make_url

from stockade.cli.access import needs
from stockade.cli.main import config_option, settings_of
from stockade.config import Settings, read_settings
from stockade.core.permissions import Permission


@click.group()
def command() -> None:
    """Check and show the configuration."""


@command.command()
@click.argument("file", type=click.Path(path_type=Path), required=False)
@config_option
@needs(Permission.GUARD_CONFIG_CHECK)
def check(*, file: Path | None, config_path: Path | None) -> None:
    """Say whether FILE is a configuration that the gate starts with; where not, what and where."""
    settings = read_settings(file) if file else settings_of(config_path)
    for each in checks():
        each(settings)
    click.echo(f"{file or config_path or 'stockade.yaml'}: good")


@command.command()
@config_option
@needs(Permission.GUARD_CONFIG_READ)
def show(*, config_path: Path | None) -> None:
    """Print the whole configuration with its defaults."""
    settings = settings_of(config_path)
    shown = _plain(dataclasses.replace(settings, database=_masked(settings.database_url)))
    click.echo(yaml.safe_dump(shown, sort_keys=False, allow_unicode=True), nl=False)


def checks() -> tuple[Callable[[Settings], object], ...]:
    """Return what is checked beyond the schema; each raises ConfigError."""
    from stockade.config.limits import budgets
    from stockade.stores.policy_files import load_policy

    return (lambda settings: load_policy(settings.policy), budgets)


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {each.name: _plain(getattr(value, each.name)) for each in dataclasses.fields(value)}
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return str(value) if isinstance(value, Path) else value


def _masked(url: str) -> str:
    return make_url(url).render_as_string(hide_password=True)
