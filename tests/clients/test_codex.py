"""Real Codex through a real gate. Opt-in: STOCKADE_TEST_CODEX names the program (docs/coding-agents.md)."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from stockade.config.schema import Limits
from stockade.testing.vendor.script import Answer, Rule, ToolCall, When
from tests.clients.gates import (
    CARD,
    NO_CARDS_IN_ANSWERS,
    NO_CARDS_IN_PROMPTS,
    NO_CARDS_IN_RESULTS,
    REASON,
    SETTINGS,
    TOKEN,
    VALUES,
    Between,
    between,
)
from tests.clients.sandbox import Ran, Sandbox, binary

TOKEN_SEEN = re.compile(r"TOKEN=([A-Za-z0-9_]+)")
MODEL = "gpt-5.5"
"""A model that Codex 0.169 knows, so that it offers all its tools, `apply_patch` among them."""

NOTICE = re.compile(r"\[Withheld by Stockade: [^\]]+\]")


@pytest.fixture
def sandbox(tmp_path: Path) -> Sandbox:
    return Sandbox(tmp_path)


def codex(sandbox: Sandbox, there: Between, prompt: str, *more: str, built_in: bool = False) -> Ran:
    """Ask once as a script does. The gate is a provider of its own, as `stockade up` prints, or stands for OpenAI."""
    program = binary("STOCKADE_TEST_CODEX")
    home = sandbox.home / ".codex"
    home.mkdir(exist_ok=True)
    url = there.gate.openai_url
    provider = f'model_providers.stockade={{name="Stockade",base_url="{url}",env_key="OPENAI_API_KEY"}}'
    where = ("-c", f'openai_base_url="{url}"') if built_in else ("-c", "model_provider=stockade", "-c", provider)
    quiet = ("-c", "analytics.enabled=false", "-c", "check_for_update_on_startup=false")
    options = ("--json", "--model", MODEL, "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox")
    key = {"CODEX_API_KEY" if built_in else "OPENAI_API_KEY": there.gate.key}
    command = [program, "exec", *options, *where, *quiet, *more, prompt]
    ran = sandbox.run(command, {"CODEX_HOME": str(home), **key})
    assert not ran.timed_out, ran.shown[-2000:]
    return ran


def events(ran: Ran) -> list[dict[str, Any]]:
    """Return the events of a session, each a line of JSON."""
    return [json.loads(line) for line in ran.output.splitlines()]


def said(ran: Ran) -> list[str]:
    """Return what the client shows as the model's words."""
    items = [event["item"] for event in events(ran) if event["type"] == "item.completed"]
    return [item["text"] for item in items if item["type"] == "agent_message"]


def failure(ran: Ran) -> str:
    """Return what the client shows as the reason of a failed turn."""
    last = events(ran)[-1]
    assert last["type"] == "turn.failed"
    return str(last["error"]["message"])


def call(name: str, arguments: dict[str, object] | str, turn: int, seen: re.Pattern[str] | None = None) -> Rule:
    """Return the rule of one turn: a tool call, streamed in small pieces, `{{match}}` being what the model saw."""
    made = ToolCall(name, arguments, custom=isinstance(arguments, str))
    return Rule(Answer(tool_calls=(made,)), When(turn=turn, matches=seen), chunks=7)


def test_an_answer_is_shown(sandbox: Sandbox, tmp_path: Path) -> None:
    with between(tmp_path / "gate", [Rule(Answer(text="The word is heron."))]) as there:
        assert said(codex(sandbox, there, "Say the word.")) == ["The word is heron."]
        assert len(there.asked) == 1
        assert there.statuses == [200]


def test_in_the_place_of_openai_no_time_is_lost_on_websockets(sandbox: Sandbox, tmp_path: Path) -> None:
    """The built-in provider asks for a WebSocket first; after our 426 it comes by HTTP and shows no error."""
    with between(tmp_path / "gate", [Rule(Answer(text="The word is heron."))]) as there:
        ran = codex(sandbox, there, "Say the word.", built_in=True)
        assert said(ran) == ["The word is heron."]
        assert "Reconnecting" not in ran.shown
        assert there.statuses == [200]


def test_values_stay_here_and_files_hold_them(sandbox: Sandbox, tmp_path: Path) -> None:
    """Show a settings file, patch its token into a new file, patch that file: the model sees and writes stand-ins."""
    (sandbox.work / ".env").write_text(SETTINGS)
    added = "*** Begin Patch\n*** Add File: copy.env\n+TOKEN={{match}}\n*** End Patch\n"
    updated = "*** Begin Patch\n*** Update File: copy.env\n@@\n-{0}\n+export {0}\n*** End Patch\n"
    rules = [
        call("exec_command", {"cmd": "cat .env"}, 1),
        call("apply_patch", added, 2, TOKEN_SEEN),
        call("exec_command", {"cmd": "cat copy.env"}, 3),
        call("apply_patch", updated.format("TOKEN={{match}}"), 4, TOKEN_SEEN),
        call("exec_command", {"cmd": "cat copy.env"}, 5),
        call("exec_command", {"cmd": "printf '%s' {{match}} > argument.txt"}, 6, TOKEN_SEEN),
        Rule(Answer(text="Copied."), When(turn=7)),
    ]
    with between(tmp_path / "gate", rules) as there:
        ran = codex(sandbox, there, f"Copy the token {TOKEN} for {VALUES[3]}.")
        assert said(ran) == ["Copied."]
        assert (sandbox.work / "copy.env").read_text() == f"export TOKEN={TOKEN}\n"
        assert (sandbox.work / "argument.txt").read_text() == TOKEN
        assert len(there.asked) == 7
        assert there.leaked == []
        names = {name for one in there.asked for name in re.findall(r"GITHUB_TOKEN=(\w+)", one.body.decode())}
        assert len(names) == 1, "one value has one stand-in in every turn"
        assert names.pop().startswith("GITHUB_PERSONAL_TOKEN_")
        assert TOKEN in ran.output


def test_a_denied_prompt_is_one_request_and_our_words(sandbox: Sandbox, tmp_path: Path) -> None:
    with between(tmp_path / "gate", [], NO_CARDS_IN_PROMPTS) as there:
        assert REASON in failure(codex(sandbox, there, f"Charge {CARD} now."))
        assert there.asked == []
        assert there.statuses == [400]


def test_a_used_up_limit_is_waited_out(sandbox: Sandbox, tmp_path: Path) -> None:
    """Codex waits as long as `Retry-After` says and goes on by itself, in place of asking again and again."""
    limits = Limits(requests_per_minute=30, requests_burst=1)
    with between(tmp_path / "gate", [Rule(Answer(text="Fine."))], limits=limits) as there:
        codex(sandbox, there, "Hello.")
        assert said(codex(sandbox, there, "Hello again.")) == ["Fine."]
        assert there.statuses in ([200, 429, 200], [200, 200]), "a slow machine may have waited long enough"
        assert len(there.asked) == 2


def test_a_withdrawn_call_does_not_run_and_the_session_goes_on(sandbox: Sandbox, tmp_path: Path) -> None:
    rules = [
        call("exec_command", {"cmd": f"echo {CARD} > paid.txt"}, 1),
        Rule(Answer(text="Then I will not."), When(turn=2)),
    ]
    with between(tmp_path / "gate", rules, NO_CARDS_IN_ANSWERS) as there:
        first = codex(sandbox, there, "Pay.")
        assert any(REASON in text for text in said(first))
        assert not (sandbox.work / "paid.txt").exists()
        assert len(there.asked) == 1
        assert said(codex(sandbox, there, "Leave it.", "resume", "--last")) == ["Then I will not."]


def test_a_withdrawn_patch_is_not_applied(sandbox: Sandbox, tmp_path: Path) -> None:
    patch = f"*** Begin Patch\n*** Add File: paid.txt\n+{CARD}\n*** End Patch\n"
    with between(tmp_path / "gate", [call("apply_patch", patch, 1)], NO_CARDS_IN_ANSWERS) as there:
        assert any(REASON in text for text in said(codex(sandbox, there, "Pay.")))
        assert not (sandbox.work / "paid.txt").exists()
        assert len(there.asked) == 1


def test_a_stopped_answer_is_not_asked_for_again(sandbox: Sandbox, tmp_path: Path) -> None:
    answer = Rule(Answer(text=f"It is not far to the number {CARD} and there are more words behind it."))
    with between(tmp_path / "gate", [answer], NO_CARDS_IN_ANSWERS) as there:
        ran = codex(sandbox, there, "Which number?")
        assert REASON in failure(ran)
        assert CARD not in ran.shown
        assert there.statuses == [200]


def test_a_withheld_result_is_a_notice_in_every_turn(sandbox: Sandbox, tmp_path: Path) -> None:
    """The text that must not leave is replaced whole, and nothing is refused: the session goes on."""
    (sandbox.work / ".env").write_text(SETTINGS)
    rules = [call("exec_command", {"cmd": f"cat .env; echo {n}"}, n) for n in (1, 2)]
    with between(tmp_path / "gate", [*rules, Rule(Answer(text="Done."))], NO_CARDS_IN_RESULTS) as there:
        assert said(codex(sandbox, there, "Look twice.")) == ["Done."]
        assert there.leaked == []
        assert there.statuses == [200, 200, 200]
        notices = [NOTICE.findall(one.body.decode()) for one in there.asked]
        assert [len(found) for found in notices] == [0, 1, 2]
        assert notices[1][0] == notices[2][0] == notices[2][1]
        assert b"GITHUB_TOKEN" not in there.asked[-1].body


def test_twelve_turns_keep_the_vendors_cache(sandbox: Sandbox, tmp_path: Path) -> None:
    """What went before goes again in the same bytes: each `input` begins with the one before."""
    (sandbox.work / ".env").write_text(SETTINGS)
    (sandbox.work / "notes.md").write_text(f"Ask {VALUES[3]}, refund to {VALUES[5]}.\n")
    files = (".env", "notes.md")
    rules = [call("exec_command", {"cmd": f"cat {files[n % 2]}; echo {n}"}, n) for n in range(1, 13)]
    with between(tmp_path / "gate", [*rules, Rule(Answer(text="Done."))]) as there:
        assert said(codex(sandbox, there, f"Look twelve times, for {VALUES[3]}.")) == ["Done."]
        bodies = there.asked
        assert len(bodies) == 13
        assert there.leaked == []
        for before, after in pairwise(bodies):
            head, rest = cached(before.body)
            assert cached(after.body)[0].startswith(head + b",")
            assert cached(after.body)[1] == rest


def cached(body: bytes) -> tuple[bytes, bytes]:
    """Return the bytes of `input` and of the settings behind it; metadata is left out, its keys come in any order."""
    head, tools, rest = body.partition(b'],"tools":')
    settings, metadata, _ = rest.partition(b',"client_metadata":')
    assert tools
    assert metadata
    return head, settings
