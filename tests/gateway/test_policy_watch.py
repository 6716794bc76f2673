"""The policy watch: a file that is being written is let rest, a bad one changes nothing, a failing rule is told of."""

from __future__ import annotations

import io
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import orjson
import pytest

from stockade.core.facts import Action
from stockade.gateway.events import EventLog
from stockade.gateway.policy_watch import PolicyWatch
from stockade.govern.policy.facts import question_of
from stockade.guard.ledger.record import EventName
from stockade.guard.pipeline.exchange import Gate
from stockade.stores.policy_files import load_policy, stamp
from tests.properties.gates import gate

FORWARD = question_of(Action.FORWARD, {})
BASE = "// builds on: baseline\n"
RULE = '@id("{0}") @reason("R.") @effect("{1}") forbid (principal, action == Stockade::Action::"{2}", resource){3};\n'


class Running:
    """A watch over one file, looked at by hand."""

    def __init__(self, file: Path, text: str) -> None:
        self.file = file
        file.write_text(text)
        self.log = io.StringIO()
        self.notes: list[tuple[Any, ...]] = []
        self.cleared = 0
        names = [str(file)]
        first: Gate = gate()
        self.services: Any = SimpleNamespace(gate=first, events=EventLog(self.log))
        self.watch = PolicyWatch(
            self.services, lambda: load_policy(names), lambda: stamp(names), stamp(names), self.note, self.clear
        )

    async def note(
        self, name: EventName, subject: str, counts: tuple[tuple[str, int], ...] = (), rules: tuple[str, ...] = ()
    ) -> None:
        self.notes.append((name, subject, counts, rules))

    def clear(self) -> None:
        self.cleared += 1

    @property
    def digest(self) -> str:
        return str(self.services.gate.policy.digest)

    def events(self) -> list[str]:
        return [orjson.loads(line)["event"] for line in self.log.getvalue().splitlines()]


@pytest.fixture
def running(tmp_path: Path) -> Running:
    return Running(tmp_path / "own.cedar", BASE)


async def test_a_file_is_taken_over_when_two_looks_see_the_same(running: Running) -> None:
    old = running.digest
    running.file.write_text(BASE + RULE.format("no", "deny", "forward", ""))
    await running.watch.look()
    assert running.digest == old
    await running.watch.look()
    assert running.digest != old
    assert running.services.gate.policy.answer(FORWARD).rules == ("no",)
    assert running.events() == ["policy_reloaded"]
    assert running.notes == [
        (
            EventName.POLICY_RELOADED,
            running.digest,
            (("rules_added", 1), ("rules_changed", 0), ("rules_removed", 0)),
            (),
        )
    ]
    assert running.cleared == 1
    await running.watch.look()
    assert running.cleared == 1


async def test_a_writer_that_writes_in_pieces_is_waited_for(running: Running) -> None:
    whole = BASE + "".join(RULE.format(f"no-{n}", "deny", "forward", "") for n in range(20))
    old, seen = running.digest, set()
    with running.file.open("w") as writer:
        for at in range(0, len(whole), 97):
            writer.write(whole[at : at + 97])
            writer.flush()
            await running.watch.look()
            seen.add(running.digest)
    await running.watch.look()
    await running.watch.look()
    assert seen == {old}
    assert len(running.services.gate.policy.answer(FORWARD).rules) == 20
    assert running.events() == ["policy_reloaded"]


async def test_half_a_file_that_rests_keeps_the_old_policy_and_is_an_event(running: Running) -> None:
    whole = BASE + RULE.format("no", "deny", "forward", "")
    old = running.digest
    running.file.write_text(whole[:-20])
    await running.watch.look()
    await running.watch.look()
    assert running.digest == old
    assert running.events() == ["policy_reload_failed"]
    assert [note[:2] for note in running.notes] == [(EventName.POLICY_RELOAD_FAILED, old)]
    running.file.write_text(whole)
    await running.watch.look()
    await running.watch.look()
    assert running.services.gate.policy.answer(FORWARD).rules == ("no",)


async def test_a_signal_takes_over_at_once(running: Running) -> None:
    running.file.write_text(BASE + RULE.format("no", "deny", "forward", ""))
    await running.watch.reload()
    assert running.services.gate.policy.answer(FORWARD).rules == ("no",)


async def test_the_event_names_the_rules_in_shadow_with_their_versions(running: Running) -> None:
    running.file.write_text(BASE + '@mode("shadow") ' + RULE.format("try", "deny", "forward", ""))
    await running.watch.reload()
    version = running.services.gate.policy.rules["try"].version
    assert running.notes[0][3] == (f"try@{version}",)


async def test_a_rule_that_fails_is_told_of_at_once_and_then_counted(running: Running) -> None:
    broken = " when { context.workspace.sensitivity + 9223372036854775807 > 0 }"
    running.file.write_text(BASE + RULE.format("bad", "flag", "forward", broken))
    await running.watch.reload()
    policy = running.services.gate.policy
    place = question_of(Action.FORWARD, {"workspace": "w", "sensitivity": 1})
    assert policy.answer(place).failed == ("bad",)
    await running.watch.look()
    for _ in range(5):
        policy.answer(place)
    await running.watch.look()
    told = [note[:3] for note in running.notes if note[0] is EventName.POLICY_FAILED]
    assert told == [(EventName.POLICY_FAILED, policy.digest, (("bad", 1),))]
    await running.watch.report()
    told = [note[2] for note in running.notes if note[0] is EventName.POLICY_FAILED]
    assert told == [(("bad", 1),), (("bad", 5),)]
    await running.watch.report()
    assert running.events().count("policy_failed") == 2


async def test_rules_in_shadow_that_fired_are_reported(running: Running) -> None:
    running.file.write_text(BASE + '@mode("shadow") ' + RULE.format("try", "deny", "forward", ""))
    await running.watch.reload()
    for _ in range(3):
        running.services.gate.policy.answer(FORWARD)
    await running.watch.look()
    running.services.gate.policy.answer(FORWARD)
    await running.watch.report()
    assert orjson.loads(running.log.getvalue().splitlines()[-1]) == {"event": "shadow_rules", "try": 4}
