"""The wire formats are listed with their routes, and one of them with all that is exempt from inspection."""

from click.testing import CliRunner

from stockade.app import discover_dialects, routes
from stockade.cli.main import main


def test_every_route_is_listed() -> None:
    result = CliRunner().invoke(main, ["dialects"])
    assert result.exit_code == 0
    told = [line.split() for line in result.output.splitlines()]
    assert {(method, path) for _, _, method, path in told} == set(routes())
    assert {name for name, *_ in told} == {dialect.name for dialect in discover_dialects()}


def test_the_allow_list_of_one_is_printed_whole() -> None:
    for dialect in discover_dialects():
        result = CliRunner().invoke(main, ["dialects", dialect.name])
        assert result.exit_code == 0
        lines = result.output.splitlines()
        assert lines[len(dialect.routes) :] == list(dialect.allow_list())
    result = CliRunner().invoke(main, ["dialects", "anthropic_messages"])
    assert "request /messages/*[role=user]/role = user" in result.output


def test_an_unknown_name_is_told_the_known_ones() -> None:
    result = CliRunner().invoke(main, ["dialects", "smoke_signals"])
    assert result.exit_code == 2
    assert "openai_chat" in result.output
