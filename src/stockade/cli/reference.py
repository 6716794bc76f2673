"""The reference pages, written from the code they describe: `python -m stockade.cli.reference --write|--check`.

Owns docs/reference. Never edited by hand; a test fails when the pages differ from the code.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import click

from stockade.cli.main import main as stockade
from stockade.cli.reference_guard import NOTE, detectors_page, dialects_page, policy_page
from stockade.config.reader import SchemaKey, schema_keys
from stockade.config.schema import Settings

FOLDER = Path("docs/reference")
_WIDTH = 100


def pages() -> dict[str, str]:
    """Return the reference pages by file name."""
    return {
        "commands.md": _commands_page(),
        "configuration.md": _configuration_page(),
        "detectors.md": detectors_page(),
        "dialects.md": dialects_page(),
        "policy.md": policy_page(),
    }


@click.command()
@click.option("--write", "mode", flag_value="write", help="Write the pages.")
@click.option("--check", "mode", flag_value="check", default=True, help="Fail when a page differs from the code.")
@click.option("--folder", type=click.Path(path_type=Path), default=FOLDER, show_default=True)
def reference(mode: str, folder: Path) -> None:
    """Write the reference pages, or check them."""
    stale = []
    for name, text in pages().items():
        path = folder / name
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        if mode == "write":
            folder.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        else:
            stale.append(str(path))
    if stale:
        raise click.ClickException(f"{', '.join(stale)} differ from the code; run this with --write")


def _commands_page() -> str:
    lines = ["# Commands", "", NOTE, ""]
    for path, text in _helps(stockade, None, "stockade"):
        lines += [f"## {path}", "", "```text", text, "```", ""]
    lines += ["Exit status: 0 done, 1 the answer is no (`scan`: findings), 2 trouble.", ""]
    return "\n".join(lines)


def _helps(command: click.Command, parent: click.Context | None, name: str) -> Iterator[tuple[str, str]]:
    """Yield each command with its help, parents first."""
    context = command.context_class(
        command, info_name=name, parent=parent, terminal_width=_WIDTH, **command.context_settings
    )
    yield context.command_path, "\n".join(line.rstrip() for line in command.get_help(context).splitlines())
    if isinstance(command, click.Group):
        for child_name in command.list_commands(context):
            child = command.get_command(context, child_name)
            if child is not None and not child.hidden:
                yield from _helps(child, context, child_name)


def _configuration_page() -> str:
    lines = [
        "# Configuration",
        "",
        NOTE,
        "",
        "Everything stands in one file, `stockade.yaml` (or `--config FILE`, or the variable `STOCKADE_CONFIG`).",
        "Paths are relative to that file. An unknown key, a wrong type or a value past its ends stops the start and",
        "names file, line and column; `stockade config check FILE` says the same without starting. Anchors, aliases",
        "and tags are not read. Secrets never stand in the file: `key_env` and `key_file` say where they are.",
        "",
    ]
    for title, section in _sections("", Settings):
        lines += [f"## {title}", "", "| key | unit | default | ends | why |", "|---|---|---|---|---|"]
        lines += [_row(key) for key in schema_keys(section)]
        lines.append("")
    return "\n".join(lines)


def _sections(path: str, section: type) -> Iterator[tuple[str, type]]:
    yield (f"`{path}`" if path else "The file"), section
    for key in schema_keys(section):
        inner = _section_type(key.type)
        if inner is not None:
            yield from _sections(f"{path}.{key.name}" if path else key.name, inner)


def _section_type(kind: Any) -> type | None:
    options = [kind, *get_args(kind)]
    return next((each for each in options if isinstance(each, type) and dataclasses.is_dataclass(each)), None)


def _row(key: SchemaKey) -> str:
    said = key.key
    ends = f"{said.low:,.10g} to {said.high:,.10g}" if said.low is not None else ""
    cells = (f"`{key.name}`", said.unit, _default(key), ends, said.reason)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _default(key: SchemaKey) -> str:
    if key.required:
        return "**required**"
    if key.key.default or key.key.unit == "section" or key.default is None:
        return key.key.default
    if isinstance(key.default, tuple):
        return "none" if not key.default else ", ".join(f"`{each}`" for each in key.default)
    return f"`{str(key.default).lower() if isinstance(key.default, bool) else key.default}`"


if __name__ == "__main__":
    reference(prog_name="python -m stockade.cli.reference")
