"""Real Claude Code through a real gate. Opt-in: STOCKADE_TEST_CLAUDE_CODE names the program (docs/coding-agents.md)."""

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

TOKEN_SEEN = re.compile(r"GITHUB_TOKEN=([A-Za-z0-9_]+)")

NOTICE = re.compile(r"\[Withheld by Stockade: [^\]]+\]")


@pytest.fixture
def sandbox(tmp_path: Path) -> Sandbox:
    return Sandbox(tmp_path)


def claude(sandbox: Sandbox, there: Between, prompt: str, *more: str) -> Ran:
    """Ask once without a terminal, as a script does; every event of the session comes as a line of JSON."""
    program = binary("STOCKADE_TEST_CLAUDE_CODE")
    options = ("--model", "claude-sonnet-4-5", "--output-format", "stream-json", "--verbose")
    tools = ("--allowedTools", "Read", "Write", "Edit", "Bash")
    environment = {
        "ANTHROPIC_BASE_URL": there.gate.base_url,
        "ANTHROPIC_AUTH_TOKEN": there.gate.key,
        "CLAUDE_CONFIG_DIR": str(sandbox.home / ".claude"),
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "DISABLE_AUTOUPDATER": "1",
        "DISABLE_BUG_COMMAND": "1",
        "DISABLE_ERROR_REPORTING": "1",
        "DISABLE_TELEMETRY": "1",
    }
    ran = sandbox.run([program, "-p", prompt, *options, *more, *tools], environment)
    assert not ran.timed_out, ran.shown[-2000:]
    return ran


def result(ran: Ran) -> dict[str, Any]:
    """Return the last line: how the session ended and what was shown."""
    last: dict[str, Any] = json.loads(ran.output.splitlines()[-1])
    assert last["type"] == "result"
    return last


def call(name: str, arguments: dict[str, object], turn: int, seen: re.Pattern[str] | None = None) -> Rule:
    """Return the rule of one turn: a tool call, streamed in small pieces, `{{match}}` being what the model saw."""
    return Rule(
        Answer(text=f"Turn {turn}.", tool_calls=(ToolCall(name, arguments),)), When(turn=turn, matches=seen), chunks=7
    )


def test_an_answer_is_shown(sandbox: Sandbox, tmp_path: Path) -> None:
    with between(tmp_path / "gate", [Rule(Answer(text="The word is heron."))]) as there:
        shown = result(claude(sandbox, there, "Say the word."))
        assert (shown["is_error"], shown["result"]) == (False, "The word is heron.")
        assert len(there.asked) == 1
        assert there.statuses == [200]


def test_values_stay_here_and_files_hold_them(sandbox: Sandbox, tmp_path: Path) -> None:
    """Read a settings file, write its token to a new file, edit that file: the model sees and writes stand-ins only."""
    (sandbox.work / ".env").write_text(SETTINGS)
    copy = sandbox.work / "copy.env"
    rules = [
        call("Read", {"file_path": str(sandbox.work / ".env")}, 1),
        call("Write", {"file_path": str(copy), "content": "TOKEN={{match}}\n"}, 2, TOKEN_SEEN),
        call("Edit", {"file_path": str(copy), "old_string": "TOKEN=", "new_string": "export TOKEN="}, 3),
        call("Bash", {"command": "cat copy.env && sed -n 1p .env"}, 4),
        call("Bash", {"command": "printf '%s' {{match}} > argument.txt"}, 5, TOKEN_SEEN),
        Rule(Answer(text="I saw {{tool_result}}"), When(turn=6)),
    ]
    with between(tmp_path / "gate", rules) as there:
        shown = result(claude(sandbox, there, f"Copy the token {TOKEN} for {VALUES[3]}."))
        assert not shown["is_error"]
        assert copy.read_text() == f"export TOKEN={TOKEN}\n"
        assert (sandbox.work / "argument.txt").read_text() == TOKEN
        assert len(there.asked) == 6
        assert there.leaked == []
        names = {name for one in there.asked for name in TOKEN_SEEN.findall(one.body.decode())}
        assert len(names) == 1, "one value has one stand-in in every turn"
        assert names.pop().startswith("GITHUB_PERSONAL_TOKEN_")
        assert TOKEN in json.dumps(claude_texts(sandbox.runs[-1]))


def claude_texts(ran: Ran) -> list[object]:
    """Return the events of a session in which the client repeats what its tools were called with and gave."""
    return [json.loads(line).get("message") for line in ran.output.splitlines()]


def test_a_denied_prompt_is_one_request_and_our_words(sandbox: Sandbox, tmp_path: Path) -> None:
    with between(tmp_path / "gate", [], NO_CARDS_IN_PROMPTS) as there:
        shown = result(claude(sandbox, there, f"Charge {CARD} now."))
        assert shown["is_error"]
        assert REASON in shown["result"]
        assert there.asked == []
        assert there.statuses == [403]


def test_a_used_up_limit_is_one_request_and_our_words(sandbox: Sandbox, tmp_path: Path) -> None:
    limits = Limits(requests_per_minute=1, requests_burst=1)
    with between(tmp_path / "gate", [Rule(Answer(text="Fine."))], limits=limits) as there:
        claude(sandbox, there, "Hello.")
        shown = result(claude(sandbox, there, "Hello again."))
        assert shown["is_error"]
        assert "requests_per_minute" in shown["result"]
        assert there.statuses == [200, 429]
        assert len(there.asked) == 1


def test_a_withdrawn_call_does_not_run_and_the_session_goes_on(sandbox: Sandbox, tmp_path: Path) -> None:
    rules = [
        call("Bash", {"command": f"echo {CARD} > paid.txt"}, 1),
        Rule(Answer(text="Then I will not."), When(turn=2)),
    ]
    with between(tmp_path / "gate", rules, NO_CARDS_IN_ANSWERS) as there:
        first = result(claude(sandbox, there, "Pay."))
        assert not first["is_error"]
        assert REASON in first["result"]
        assert not (sandbox.work / "paid.txt").exists()
        assert len(there.asked) == 1, "no second try: what is left of the answer is whole"
        second = result(claude(sandbox, there, "Leave it.", "--resume", first["session_id"]))
        assert (second["is_error"], second["result"]) == (False, "Then I will not.")


def test_a_stopped_answer_stays_stopped_when_the_client_asks_again(sandbox: Sandbox, tmp_path: Path) -> None:
    answer = Rule(Answer(text=f"It is not far to the number {CARD} and there are more words behind it."))
    with between(tmp_path / "gate", [answer], NO_CARDS_IN_ANSWERS) as there:
        shown = result(claude(sandbox, there, "Which number?"))
        assert REASON in shown["result"]
        assert CARD not in sandbox.runs[-1].shown
        assert len(there.asked) == 1, "the client's second request does not reach the vendor"
        assert there.statuses == [200, 403]


def test_a_withheld_result_is_a_notice_in_every_turn(sandbox: Sandbox, tmp_path: Path) -> None:
    """The text that must not leave is replaced whole, and nothing is refused: the session goes on."""
    (sandbox.work / ".env").write_text(SETTINGS)
    rules = [call("Bash", {"command": f"cat .env; echo {n}"}, n) for n in (1, 2)]
    with between(tmp_path / "gate", [*rules, Rule(Answer(text="Done."))], NO_CARDS_IN_RESULTS) as there:
        assert result(claude(sandbox, there, "Look twice."))["result"] == "Done."
        assert there.leaked == []
        assert there.statuses == [200, 200, 200]
        notices = [NOTICE.findall(one.body.decode()) for one in there.asked]
        assert [len(found) for found in notices] == [0, 1, 2]
        assert notices[1][0] == notices[2][0] == notices[2][1]
        assert b"GITHUB_TOKEN" not in there.asked[-1].body


def test_twelve_turns_keep_the_vendors_cache(sandbox: Sandbox, tmp_path: Path) -> None:
    """What went before goes again in the same bytes; the client itself moves only its own `cache_control` marks."""
    (sandbox.work / ".env").write_text(SETTINGS)
    (sandbox.work / "notes.md").write_text(f"Ask {VALUES[3]}, refund to {VALUES[5]}.\n")
    files = (".env", "notes.md")
    rules = [call("Bash", {"command": f"cat {files[n % 2]}; echo {n}"}, n) for n in range(1, 13)]
    with between(tmp_path / "gate", [*rules, Rule(Answer(text="Done."))]) as there:
        shown = result(claude(sandbox, there, f"Look twelve times, for {VALUES[3]}."))
        assert (shown["is_error"], shown["result"]) == (False, "Done.")
        bodies = there.bodies
        assert len(bodies) == 13
        assert there.leaked == []
        for before, after in pairwise(bodies):
            assert cached(before["tools"]) == cached(after["tools"])
            assert cached(before["system"]) == cached(after["system"])
            length = len(before["messages"])
            assert cached(before["messages"]) == cached(after["messages"][:length])


def cached(value: object) -> bytes:
    """Return the bytes of a part of a body as the vendor's cache sees them: without the marks that ask for caching."""
    return json.dumps(without_marks(value), ensure_ascii=False).encode()


def without_marks(value: object) -> object:
    if isinstance(value, dict):
        return {key: without_marks(item) for key, item in value.items() if key != "cache_control"}
    return [without_marks(item) for item in value] if isinstance(value, list) else value
