import click
import pytest

from stockade.cli.access import Open, anybody, commands, declared, needs
from stockade.cli.main import main
from stockade.core.permissions import Permission

COMMANDS = dict(commands(main))


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_declares_what_it_needs(name: str) -> None:
    assert declared(COMMANDS[name]) is not None, f"put @needs(...) or @anybody above the function of `stockade {name}`"


def test_groups_are_walked() -> None:
    assert {"keys create", "ledger tail", "stages"} <= set(COMMANDS)
    assert "keys" not in COMMANDS


def test_what_is_declared_is_read_through_the_decorators_of_click() -> None:
    @click.command()
    @click.option("--x")
    @needs(Permission.ACCESS_KEYS_LIST)
    def guarded(x: str) -> None: ...

    @click.command()
    @anybody
    def free() -> None: ...

    @click.command()
    def forgotten() -> None: ...

    assert declared(guarded) is Permission.ACCESS_KEYS_LIST
    assert declared(free) is Open.ANYBODY
    assert declared(forgotten) is None


def test_a_declaration_above_click_is_an_error() -> None:
    with pytest.raises(AssertionError, match="below"):
        needs(Permission.ACCESS_KEYS_LIST)(click.Command("x"))
