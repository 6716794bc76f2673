"""What happens to a running gate: a full disk, broken stores, a changed policy, a revoked key, an end in the middle."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from stockade.config.schema import Guards, Limits
from stockade.core.errors import ConfigError
from stockade.gateway import policy_watch
from stockade.stores.ledger_files import PosixFile
from stockade.stores.ledger_reader import verify
from stockade.stores.policy_files import PACKS
from stockade.testing.fake_vendor import FakeVendor
from stockade.testing.gate import RunningGate, settings_for
from tests.clients.values import GITHUB, MAIL, assert_private
from tests.gateway.wire import MESSAGES, PATHS, assert_error, body_for, opened, read_until, send

SCRIPT = """
rules:
- when: {matches: 'say (\\S+)'}
  answer: {text: "You know {{match}} well"}
  chunks: 3
- when: {contains: pauses}
  answer: {text: "one two three four five six seven eight nine ten"}
  fail: {how: pause, after_events: 8}
"""

DENY_ALL = """
@id("nobody")
@reason("The house is closed.")
forbid (principal, action == Stockade::Action::"forward", resource);
"""


@pytest.fixture(scope="module")
def running_vendor() -> Iterator[FakeVendor]:
    with FakeVendor.start(SCRIPT) as vendor:
        yield vendor


@pytest.fixture
def vendor(running_vendor: FakeVendor) -> FakeVendor:
    running_vendor.clear()
    return running_vendor


@pytest.fixture
def gate(vendor: FakeVendor, tmp_path: Path) -> Iterator[RunningGate]:
    with RunningGate.start(settings_for(vendor.base_url, tmp_path / "state")) as gate:
        yield gate


@pytest.mark.parametrize("path", PATHS)
def test_a_full_disk_stops_the_call_and_the_gate_works_again_when_there_is_space(
    gate: RunningGate, vendor: FakeVendor, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    assert send(gate, path, body_for(path)).status == 200
    gate.outcome()
    before = len(gate.records())
    vendor.clear()

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(PosixFile, "write", full)
        reply = send(gate, path, body_for(path, GITHUB))
        assert_error(path, reply, 503)
        assert "audit record" in reply.message
        assert "disk" in reply.message
        assert vendor.received == ()
        gate.wait_for(lambda: "No space left" in gate.log)
        gate.wait_for(lambda: '"storage"' in gate.log)
    assert len(gate.records()) == before
    assert send(gate, path, body_for(path, GITHUB)).status == 200
    assert gate.outcome_of(vendor.received[-1].body)["ended"] == "completed"
    assert verify(gate.settings.data_dir / "ledger").damage == ()
    assert_private(vendor, gate)


def test_a_placeholder_store_that_is_full_stops_the_call(
    gate: RunningGate, vendor: FakeVendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(sqlite3.connect(gate.settings.data_dir / "control.sqlite")) as other, other:
        other.execute("CREATE TRIGGER full BEFORE INSERT ON placeholders BEGIN SELECT RAISE(FAIL, 'disk full'); END")
    reply = send(gate, MESSAGES, body_for(MESSAGES, GITHUB))
    assert_error(MESSAGES, reply, 503)
    assert vendor.received == ()
    with closing(sqlite3.connect(gate.settings.data_dir / "control.sqlite")) as other, other:
        other.execute("DROP TRIGGER full")
    assert send(gate, MESSAGES, body_for(MESSAGES, GITHUB)).status == 200
    assert_private(vendor, gate)


def test_stand_ins_survive_a_restart_and_a_corrupt_one_stops_the_answer(vendor: FakeVendor, tmp_path: Path) -> None:
    settings = settings_for(vendor.base_url, tmp_path / "state")
    with RunningGate.start(settings) as first:
        assert send(first, MESSAGES, body_for(MESSAGES, f"mail {MAIL} and {GITHUB}")).status == 200
        forwarded = vendor.received[-1].json()["messages"][0]["content"]  # type: ignore[index]
        stand_in = forwarded.split(" and ")[1]
        assert stand_in != GITHUB
    vendor.clear()
    # The vendor remembers the stand-in; nothing in the new process's requests does.
    vendor_says = SCRIPT.replace("{{match}} well", stand_in)
    with FakeVendor.start(vendor_says) as other:
        again = settings_for(other.base_url, tmp_path / "state")
        with RunningGate.start(again) as second:
            for stream in (False, True):
                reply = send(second, MESSAGES, body_for(MESSAGES, "say it", stream=stream))
                assert reply.status == 200
                if not stream:
                    assert reply.json["content"][0]["text"] == f"You know {GITHUB}"
                assert stand_in.encode() not in reply.body
            assert_private(other, second)
        with closing(sqlite3.connect(tmp_path / "state" / "control.sqlite")) as database, database:
            database.execute("UPDATE placeholders SET value = zeroblob(64)")
        with RunningGate.start(again) as third:
            reply = send(third, MESSAGES, body_for(MESSAGES, "say it"))
            assert_error(MESSAGES, reply, 503)
            assert "corrupt" in reply.message
            assert GITHUB not in reply.body.decode()
            streamed = send(third, MESSAGES, body_for(MESSAGES, "say it", stream=True))
            assert b"event: error" in streamed.body
            assert b"message_stop" not in streamed.body
            assert send(third, MESSAGES, body_for(MESSAGES, "hello")).status == 200


def test_another_installation_key_is_refused_at_start(vendor: FakeVendor, tmp_path: Path) -> None:
    settings = settings_for(vendor.base_url, tmp_path)
    with RunningGate.start(settings) as gate:
        assert send(gate, MESSAGES, body_for(MESSAGES, GITHUB)).status == 200
    [key] = [path for path in tmp_path.iterdir() if "key" in path.name]
    right = key.read_bytes()
    key.write_bytes(right[::-1] if right[::-1] != right else b"x" * len(right))
    with pytest.raises(ConfigError) as caught:
        RunningGate.start(settings)
    assert "key" in caught.value.message
    assert right not in caught.value.message.encode()
    key.write_bytes(right)
    with RunningGate.start(settings) as gate:
        assert send(gate, MESSAGES, body_for(MESSAGES, GITHUB)).status == 200


def test_a_revoked_key_is_a_401_within_two_seconds_and_a_new_one_opens(gate: RunningGate, vendor: FakeVendor) -> None:
    assert send(gate, MESSAGES, body_for(MESSAGES)).status == 200
    gate.revoke_keys("test")
    gate.wait_for(lambda: send(gate, MESSAGES, body_for(MESSAGES)).status == 401, timeout_s=_within_s(2))
    seen = len(vendor.received)
    reply = send(gate, MESSAGES, body_for(MESSAGES))
    assert_error(MESSAGES, reply, 401)
    assert "revoked" in reply.message
    assert len(vendor.received) == seen
    key = gate.create_key("next")
    gate.wait_for(lambda: send(gate, MESSAGES, body_for(MESSAGES), key=key).status == 200, timeout_s=_within_s(2))


def _within_s(promised_s: float) -> float:
    """Return what is promised, with room for a machine that does ten other things."""
    return promised_s * 10


def test_a_broken_policy_keeps_the_old_one_and_a_good_one_is_taken_over(
    vendor: FakeVendor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(policy_watch, "POLICY_POLL_S", 0.02)
    own = tmp_path / "own.cedar"
    baseline = (PACKS / "baseline.cedar").read_text()
    own.write_text(baseline)
    with RunningGate.start(settings_for(vendor.base_url, tmp_path / "state", policy=(str(own),))) as gate:
        own.write_text(baseline + '\n@id("broken")\nforbid (principal, action, resource) when { context. };\n')
        gate.wait_for(lambda: "policy_reload_failed" in gate.log)
        begins = baseline.count("\n") + 2
        assert f"own.cedar, line {begins}:" in gate.log
        gate.wait_for(lambda: [one for one in gate.records("event") if one["event"] == "policy_reload_failed"])
        assert send(gate, MESSAGES, body_for(MESSAGES, GITHUB)).status == 200
        assert_private(vendor, gate)
        own.write_text(baseline + DENY_ALL)
        gate.wait_for(lambda: "policy_reloaded" in gate.log)
        assert_error(MESSAGES, send(gate, MESSAGES, body_for(MESSAGES)), 403)
        own.unlink()
        gate.wait_for(lambda: gate.log.count("policy_reload_failed") == 2)
        assert_error(MESSAGES, send(gate, MESSAGES, body_for(MESSAGES)), 403)


def test_an_end_in_the_middle_of_a_stream_is_an_end_in_order(vendor: FakeVendor, tmp_path: Path) -> None:
    settings = settings_for(vendor.base_url, tmp_path)
    with (
        RunningGate.start(settings) as gate,
        opened(gate, MESSAGES, body_for(MESSAGES, "pauses", stream=True)) as open_,
    ):
        read_until(open_, b"one")
        gate._server.should_exit = True
        vendor.resume()
        read_until(open_, b"message_stop")
    assert gate.records("event")[-1]["event"] == "stopped"
    assert gate.outcome_of(vendor.received[-1].body)["ended"] == "completed"


def test_knocking_leaves_one_line_and_a_count(vendor: FakeVendor, tmp_path: Path) -> None:
    limits = Limits(requests_per_minute=1, requests_burst=1)
    with RunningGate.start(settings_for(vendor.base_url, tmp_path, limits=limits)) as gate:
        statuses = [send(gate, MESSAGES, body_for(MESSAGES)).status for _ in range(21)]
        assert statuses == [200] + [429] * 20
        assert {send(gate, MESSAGES, body_for(MESSAGES), key="nobody").status for _ in range(20)} == {401}
    assert [gate.log.count(f'"code":"{code}"') for code in ("rate_limited", "authentication")] == [1, 1]
    assert '"event":"turned_away","key":null,"authentication":20' in gate.log
    assert len(gate.records("outcome")) == 1
    counted = [one for one in gate.records("event") if one["event"] == "turned_away"]
    assert [one["counts"] for one in counted] == [{"rate_limited": 20}]


def test_a_guard_that_is_switched_off_is_told_at_the_start_and_missing_in_the_records(
    vendor: FakeVendor, tmp_path: Path
) -> None:
    settings = settings_for(vendor.base_url, tmp_path, guards=Guards(classifier=False))
    with RunningGate.start(settings) as gate:
        assert send(gate, MESSAGES, body_for(MESSAGES)).status == 200
        assert b"message_stop" in send(gate, MESSAGES, body_for(MESSAGES, stream=True)).body
    off = {"harm.content", "injection.indirect", "jailbreak.attempt"}
    assert '"event":"guards_off"' in gate.log
    assert {one["subject"] for one in gate.records("event") if one["event"] == "guard_skipped"} == off
    for record in (*gate.records("intent"), *gate.records("outcome")):
        assert off.isdisjoint(guard["detector"] for guard in record["guards"])
        assert "secrets.credentials" in {guard["detector"] for guard in record["guards"]}
