"""A running gate records whom configuration names, sealed; a killed one leaves what can be read; none is held up."""

from __future__ import annotations

import json
from pathlib import Path

import anthropic
import openai
import pytest

from stockade.app import open_store
from stockade.config.schema import Recording as Recorded
from stockade.config.schema import Settings
from stockade.guard.recording.recording import Recording
from stockade.stores.recording_frames import Frame
from stockade.stores.recording_reader import days, frames, read
from stockade.stores.recording_retention import erase
from stockade.stores.recordings import RECORDINGS
from stockade.testing.fake_vendor import FakeVendor
from stockade.testing.gate import Gate, GateProcess, RunningGate, settings_for
from tests.clients.values import GITHUB, PRIVATE

PROMPT = f"Why does {GITHUB} not work? Ask " + " ".join(PRIVATE[2:])


def recordings(settings: Settings) -> list[Recording]:
    """Everything that can be read of what a gate recorded."""
    store = open_store(settings)
    found = []
    for day in days(settings.data_dir / RECORDINGS, store.recording_keys):
        assert day.key is not None
        seal = store.recording_keys.open(day.key)
        for reel in day.reels:
            if seal is not None and reel.label is not None:
                whole = [frame for frame in frames(reel) if isinstance(frame, Frame)]
                found += [read(reel.path, reel.label, seal, frame) for frame in whole]
    store.close()
    return [each for each in found if isinstance(each, Recording)]


def ask_openai(gate: Gate, key: str, text: str = PROMPT, *, stream: bool = False) -> None:
    with openai.OpenAI(base_url=gate.openai_url, api_key=key, max_retries=0) as client:
        told = client.chat.completions.create(
            model="gpt-demo", messages=[{"role": "user", "content": text}], stream=stream
        )
        if stream:
            list(told)


def test_a_named_tenant_is_recorded_and_nothing_stands_in_clear(tmp_path: Path) -> None:
    recorded = Recorded(tenants=("acme",))
    with FakeVendor.start() as vendor:
        settings = settings_for(vendor.base_url, tmp_path, recording=recorded)
        with RunningGate.start(settings) as gate:
            key = gate.create_key("ana", "acme")
            gate.wait_for(lambda: len(gate.app.services.gate.keyring) == 2)
            ask_openai(gate, key)
            ask_openai(gate, key, stream=True)
            ask_openai(gate, gate.key, "of a tenant that nobody named")
            with anthropic.Anthropic(base_url=gate.base_url, api_key=key, max_retries=0) as client:
                client.messages.create(
                    model="claude-demo", max_tokens=50, messages=[{"role": "user", "content": PROMPT}]
                )
        found = recordings(settings)
        received = {one.body for one in vendor.received}
    assert [(each.tenant, each.decided.ended) for each in found] == [("acme", "completed")] * 3
    assert all(PROMPT.encode() in each.asked.body or GITHUB.encode() in each.asked.body for each in found)
    assert all(each.answer is not None and each.answer.whole and each.answer.pieces for each in found)
    assert not any(each.asked.body in received for each in found), "the vendor got stand-ins"
    assert key not in repr(found)
    for path in tmp_path.rglob("*"):
        if path.is_file():
            raw = path.read_bytes()
            assert [value[:4] for value in (*PRIVATE, key) if value.encode() in raw] == [], path.name


def test_a_full_disk_holds_nobody_up_and_is_told(tmp_path: Path) -> None:
    with FakeVendor.start() as vendor:
        recorded = Recorded(tenants=("default",))
        with RunningGate.start(settings_for(vendor.base_url, tmp_path, recording=recorded)) as gate:
            (tmp_path / RECORDINGS).write_text("in the way of the folder")
            ask_openai(gate, gate.key)
            gate.wait_for(lambda: '"recording_failed"' in gate.log)
        assert '{"event":"recordings_missed","tenant":"default","storage":1}' in gate.log
        [missed] = [one for one in gate.records("event") if one["event"] == "recordings_missed"]
        assert (missed["subject"], missed["counts"]) == ("default", {"storage": 1})


def test_where_it_is_required_a_full_disk_denies_before_anything_is_sent(tmp_path: Path) -> None:
    with FakeVendor.start() as vendor:
        recorded = Recorded(tenants=("default",), required=True)
        settings = settings_for(vendor.base_url, tmp_path, recording=recorded)
        with RunningGate.start(settings) as gate:
            ask_openai(gate, gate.key)
            vendor.clear()
            for path in (tmp_path / RECORDINGS).rglob("*.rec"):
                path.unlink()
            gate.app.recorder._day_bytes_max = 0
            gate.app.recorder._files.clear()
            with pytest.raises(openai.APIStatusError) as refused:
                ask_openai(gate, gate.key)
        assert refused.value.status_code == 503
        assert vendor.received == ()


def test_a_day_is_erased_beside_a_running_gate_and_recording_goes_on(tmp_path: Path) -> None:
    with FakeVendor.start() as vendor:
        settings = settings_for(vendor.base_url, tmp_path, recording=Recorded(tenants=("default",), required=True))
        with RunningGate.start(settings) as gate:
            ask_openai(gate, gate.key)
            store = open_store(settings)
            [key] = store.recording_keys.list()
            [erased] = erase(tmp_path / RECORDINGS, store.recording_keys, "default")
            assert erased.files == 1
            gate.wait_for(lambda: "erased" in gate.log)
            ask_openai(gate, gate.key, "said later")
        found = recordings(settings)
        store.close()
    assert {b"said later" in each.asked.body for each in found} == {True}
    assert key.sealed is not None
    for path in tmp_path.glob("control.sqlite*"):
        assert key.sealed not in path.read_bytes(), "the sealed key is still on the disk"


@pytest.mark.slow
def test_a_killed_gate_leaves_recordings_that_can_be_read(tmp_path: Path) -> None:
    with FakeVendor.start() as vendor:
        upstream = {"base_url": vendor.base_url, "allow_private": True}
        file = tmp_path / "stockade.yaml"
        told = {
            "listen": "127.0.0.1:0",
            "data_dir": "data",
            "upstreams": {"openai": upstream},
            "models": ["gpt-*"],
            "recording": {"tenants": ["default"], "required": True},
        }
        file.write_text(json.dumps(told), encoding="utf-8")
        for _ in range(3):
            gate = GateProcess.start(file)
            try:
                for number in range(5):
                    ask_openai(gate, gate.key, f"{PROMPT} {number}", stream=number % 2 == 0)
            finally:
                gate.process.kill()
                gate.process.communicate()
        sent = {one.id for one in recordings(gate.settings)}
        intents = {one["id"] for one in gate.records("intent")}
    assert len(intents) == 15
    assert sent >= intents, "a request was sent that was not recorded"
