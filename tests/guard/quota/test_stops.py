"""A stop meets whom it names, and nobody else."""

from __future__ import annotations

import pytest

from stockade.core.principal import Principal
from stockade.guard.quota.stops import Stop, StopKind, Stops, stopped

CALLER = Principal("k1", "laptop", "acme", teams=("blue", "red"))


@pytest.mark.parametrize(
    ("stop", "meets"),
    [
        (Stop(StopKind.ALL), True),
        (Stop(StopKind.KEY, "k1"), True),
        (Stop(StopKind.KEY, "k2"), False),
        (Stop(StopKind.TEAM, "red"), True),
        (Stop(StopKind.TEAM, "green"), False),
        (Stop(StopKind.TENANT, "acme"), True),
        (Stop(StopKind.TENANT, "other"), False),
        (Stop(StopKind.MODEL, "*"), False),
    ],
    ids=lambda value: value.target if isinstance(value, Stop) else "",
)
def test_a_caller_is_met_by_what_it_is(stop: Stop, meets: bool) -> None:
    assert Stops([stop]).of_caller(CALLER) == (stop if meets else None)


@pytest.mark.parametrize(
    ("stop", "meets"),
    [
        (Stop(StopKind.MODEL, "claude-*"), True),
        (Stop(StopKind.MODEL, "gpt-b"), True),
        (Stop(StopKind.MODEL, "gpt"), False),
        (Stop(StopKind.WORKSPACE, "shop"), True),
        (Stop(StopKind.SESSION, "s-1"), True),
        (Stop(StopKind.SESSION, "s-2"), False),
    ],
    ids=lambda value: value.target if isinstance(value, Stop) else "",
)
def test_a_call_is_met_by_what_it_asks(stop: Stop, meets: bool) -> None:
    assert Stops([stop]).of_call("shop", ("claude-a", "gpt-b"), "s-1") == (stop if meets else None)


def test_an_unnamed_session_is_met_by_no_stop_of_a_session() -> None:
    assert Stops([Stop(StopKind.SESSION, "s")]).of_call("", ("m",), "") is None
    assert not Stops()


def test_the_client_is_told_what_why_and_whom_to_ask() -> None:
    told = stopped(Stop(StopKind.TEAM, "red", "It loops.", "ops@acme.example")).message
    assert "team" in told
    assert "It loops." in told
    assert "ops@acme.example" in told
    assert "administrator" in stopped(Stop(StopKind.ALL)).message
