"""A coding agent's request of realistic size, generated: tools with long descriptions, a system list, loops of tools.

Owns one deterministic body in the shape that Claude Code 2.1 sends (FIELD section 1): 60 to 80 kB, tools with nested
schemas and `defer_loading`, cache breakpoints, a message of role system, a session in `metadata.user_id`. All prose is
made of the words below; none of it is anybody's.
"""

import json
from random import Random
from typing import Any

SESSION = "6f0a3c1e-1111-4222-8333-444455556666"
_WORDS = (
    "the a file folder path line test result value error build branch commit change search read write edit list run "
    "command output pattern match number limit option default when then before after never always only use this tool "
    "for with without from into each every first last whole part name type string count shell process wait stop user"
)
_TOOLS = (
    "Read Write Edit Glob Grep Bash BashOutput KillShell Task TodoWrite WebFetch WebSearch NotebookEdit ExitPlanMode "
    "Skill AskUserQuestion SlashCommand mcp__tracker__find_issue mcp__tracker__add_note mcp__forge__open_change "
    "mcp__forge__list_changes mcp__forge__get_file mcp__wiki__search mcp__wiki__read mcp__deploy__status"
)
_TURNS = 10


class _Author:
    def __init__(self, seed: int) -> None:
        self._chance = Random(seed)

    def prose(self, sentences: int) -> str:
        """Return some sentences, with quotes, code and line ends as tool descriptions have them."""
        out = []
        for number in range(sentences):
            words = self._chance.choices(_WORDS.split(), k=self._chance.randrange(9, 19))
            said = " ".join(words).capitalize() + "."
            out.append(
                f"\n- {said}" if number % 3 == 2 else f'{said} Write `"{words[0]}"`.' if number % 4 == 3 else said
            )
        return " ".join(out)

    def code(self, lines: int) -> str:
        """Return numbered lines as a reading tool prints them."""
        words, pick = _WORDS.split(), self._chance.choices
        named = [("_".join(pick(words, k=3)), n) for n in range(1, lines + 1)]
        return "\n".join(f'{n:6}\t    {name} = {pick(words)[0]}({n}, "é {n}")' for name, n in named)

    def schema(self, depth: int = 0) -> dict[str, Any]:
        """Return an object's schema, nested up to three levels."""
        fields: dict[str, Any] = {}
        for name in self._chance.sample(_WORDS.split(), 4 - depth):
            fields[name] = {"type": "string", "description": self.prose(1)}
        fields["mode"] = {"type": "string", "enum": ["content", "count", "files"], "description": self.prose(1)}
        fields["limit"] = {"type": "integer", "exclusiveMinimum": 0, "maximum": 9007199254740991}
        if depth < 2:
            fields["items"] = {"type": "array", "minItems": 1, "items": self.schema(depth + 1)}
        return {"type": "object", "properties": fields, "required": [*fields][:2], "additionalProperties": False}

    def tool(self, number: int) -> dict[str, Any]:
        """Return a tool's definition."""
        drawn = {"$schema": "https://json-schema.org/draft/2020-12/schema", **self.schema(number % 3)}
        tool: dict[str, Any] = {
            "name": _TOOLS.split()[number],
            "description": self.prose(9 + number % 7),
            "input_schema": drawn,
        }
        return {**tool, "defer_loading": True} if _TOOLS.split()[number].startswith("mcp__") else tool

    def loop(self, turn: int) -> list[dict[str, Any]]:
        """Return what the model said, with two calls, and their results."""
        ids = [f"toolu_{turn:02}{at}" for at in range(2)]
        thinking = {"type": "thinking", "thinking": self.prose(3), "signature": "c2lnbmF0dXJl" * 12}
        inputs: tuple[dict[str, Any], ...] = (
            {"file_path": f"/srv/shop/src/part_{turn}.py", "limit": 200, "offset": turn},
            {"command": f"pytest -q tests/test_part_{turn}.py 2>&1 | tail -20", "description": self.prose(1)},
        )
        calls = [
            {"type": "tool_use", "id": name, "name": ("Read", "Bash")[at], "input": inputs[at]}
            for at, name in enumerate(ids)
        ]
        results = [
            {"type": "tool_result", "tool_use_id": ids[0], "content": self.code(18)},
            {"type": "tool_result", "tool_use_id": ids[1], "content": [{"type": "text", "text": self.prose(4)}]},
        ]
        return [
            {"role": "assistant", "content": [thinking, {"type": "text", "text": self.prose(1)}, *calls]},
            {"role": "user", "content": results},
        ]


def coding_agent_request() -> bytes:
    """Return the body, the same every time."""
    author = _Author(7)
    cached = {"cache_control": {"type": "ephemeral"}}
    system = [{"type": "text", "text": author.prose(n)} | (cached if n > 1 else {}) for n in (1, 4, 50)]
    opening = [{"type": "text", "text": f"<system-reminder>\n{author.prose(12)}\n</system-reminder>"},
               {"type": "text", "text": author.prose(2)}]  # fmt: skip
    messages: list[dict[str, Any]] = [{"role": "user", "content": opening}]
    for turn in range(_TURNS // 2):
        messages += author.loop(turn)
    messages.insert(3, {"role": "system", "content": [{"type": "text", "text": author.prose(2)}]})
    messages[-1]["content"][-1] |= cached
    user = json.dumps({"device_id": "0" * 64, "account_uuid": "", "session_id": SESSION})
    body = {
        "model": "claude-opus-5",
        "messages": messages,
        "system": system,
        "tools": [author.tool(number) for number in range(len(_TOOLS.split()))],
        "metadata": {"user_id": user},
        "max_tokens": 32000,
        "thinking": {"type": "adaptive"},
        "context_management": {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]},
        "output_config": {"effort": "high"},
        "stream": True,
    }
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
