"""Recordings for the tests of back-tests: made by the playbook, as a gate makes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from stockade.core.findings import Inspection, Scope
from stockade.core.segments import Segment
from stockade.govern.backtest.player import Player
from stockade.govern.backtest.results import Result, judge
from stockade.guard.pipeline.commands import TenantKeys
from stockade.guard.recording.encoding import decode, encode
from stockade.guard.recording.recording import Recording, RecordingRule
from stockade.testing.playbook import Answer, Failure, Playbook, Sent
from tests.properties.gates import gate, inspector

KEYS = TenantKeys(b"p" * 32, b"e" * 32)
"""The keys of the playbook's tenant."""


def inspect(segments: Sequence[Segment], key: bytes, scope: Scope) -> Inspection:
    return inspector().inspect(segments, key, scope)


def book(policy: str = "") -> Playbook:
    """Return a playbook of which the tenant is recorded."""
    return Playbook(replace(gate(policy), recording=RecordingRule(frozenset({"play"}))), inspect)


def record(
    sent: Sent, answer: Answer, policy: str = "", failure: Failure = lambda _command: None, number: int = 1
) -> Recording:
    """Return the recording of one exchange, as it comes back from the disk."""
    [made] = book(policy).play(sent, answer, failure).recordings
    return decode(encode(made))._replace(id=f"ex-{number}", started_s=float(number))


def player(policy: str = "") -> Player:
    """Return a player under the built-in policy with `policy` added."""
    return Player(gate(policy), inspect, lambda _tenant: KEYS)


def result(recording: Recording, policy: str = "", then: str | None = "") -> Result:
    """Return what `policy` makes of a recording that was made under `then`; None where that is not known."""
    before = player(then) if then is not None else None
    return judge(recording, player(policy), before, dict(inspector().versions), KEYS.evidence)
