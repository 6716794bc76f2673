"""A gate that is killed at any moment: every call that the vendor saw has its intent, and the ledger opens again."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from stockade.core.digests import body_digest
from stockade.stores.ledger_reader import verify
from stockade.testing.fake_vendor import FakeVendor
from stockade.testing.gate import GateProcess
from tests.properties.gates import SECRET

KILLS = 20
CLIENTS = 8
REQUESTS_MAX = 400
"""Requests of one client in one round: a gate that is never killed ends the round all the same."""


def config(folder: Path, vendor_url: str) -> Path:
    """Write the configuration of a gate before the fake vendor."""
    vendor = {"base_url": vendor_url, "allow_private": True}
    told = {
        "listen": "127.0.0.1:0",
        "data_dir": str(folder / "data"),
        "upstreams": {"anthropic": vendor, "openai": vendor},
        "models": ["gpt-*"],
        "limits": {"requests_per_minute": 100_000},
    }
    file = folder / "stockade.yaml"
    file.write_text(json.dumps(told), encoding="utf-8")  # JSON is YAML
    return file


def body(round_: int, client: int, number: int, *, stream: bool) -> bytes:
    """Return a request that is like no other, every third with a secret in it."""
    text = f"request {round_} of client {client}, the {number}th" + (f" with {SECRET}" if number % 3 == 0 else "")
    told: dict[str, Any] = {"model": "gpt-demo", "stream": stream, "messages": [{"role": "user", "content": text}]}
    return json.dumps(told).encode()


async def ask(
    session: aiohttp.ClientSession, gate: GateProcess, round_: int, client: int, answered: list[bytes]
) -> None:
    """Ask until the gate is gone; keep what was answered whole."""
    headers = {"authorization": f"Bearer {gate.key}", "content-type": "application/json"}
    for number in range(REQUESTS_MAX):
        sent = body(round_, client, number, stream=client % 2 == 0)
        try:
            async with session.post(f"{gate.openai_url}/chat/completions", data=sent, headers=headers) as reply:
                told = await reply.read()
        except aiohttp.ClientError:
            return
        assert reply.status == 200, told
        answered.append(sent)


async def load_until_killed(gate: GateProcess, vendor: FakeVendor, round_: int, after: int) -> list[bytes]:
    """Put load on a gate, kill it once the vendor has received `after` requests; return the answered ones."""
    answered: list[bytes] = []
    async with aiohttp.ClientSession() as session, asyncio.TaskGroup() as clients:
        for client in range(CLIENTS):
            clients.create_task(ask(session, gate, round_, client, answered))
        reached = await asyncio.to_thread(vendor.wait_for, lambda received: len(received) >= after)
        gate.process.kill()
        assert reached, "the gate did not come under load"
    return answered


@pytest.mark.slow
async def test_every_call_the_vendor_saw_has_its_intent_whenever_the_gate_is_killed(tmp_path: Path) -> None:
    dice = random.Random(20)
    root = tmp_path / "data" / "ledger"
    seen: Counter[str] = Counter()
    answered_ever: list[bytes] = []
    kept: set[str] = set()
    with FakeVendor.start() as vendor:
        for round_ in range(KILLS):
            gate = GateProcess.start(config(tmp_path, vendor.base_url))
            try:
                answered = await load_until_killed(gate, vendor, round_, dice.randrange(1, 150))
            finally:
                gate.process.kill()
                gate.process.communicate()
            received = [one.body for one in vendor.received if one.path == "/v1/chat/completions"]
            vendor.clear()
            seen.update(body_digest(one) for one in received)
            answered_ever.extend(answered)

            records = gate.records()
            assert all(damage.torn for damage in verify(root).damage), "only the end of a file may be cut off"
            intents = Counter(one["forwarded"]["digest"] for one in records if one["kind"] == "intent")
            assert seen - intents == Counter(), "the vendor saw a call of which nothing is written"
            now = {json.dumps(one, sort_keys=True) for one in records}
            assert kept <= now, "a record that was there is gone"
            kept = now
            asked = {one["received"]["digest"] for one in records if one["kind"] == "intent"}
            assert asked.issuperset(body_digest(one) for one in answered), "an answered request is not written"
            assert all(SECRET.encode() not in one for one in received)
    assert len(seen) > KILLS
    assert answered_ever
