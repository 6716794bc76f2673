"""Prompts of a size: prose, code and log lines as people send them, different in each request, without a secret.

Owns what is sent. `with_values` puts one credential and one e-mail address in, both made up, so that a body is edited.
"""

from __future__ import annotations

import json
from random import Random

_LINES = (
    "Please look at the deployment plan for next week and say which steps can be merged.",
    "The build failed again after the last change; I think the cache is stale, but I am not sure.",
    "def handler(request):\n    rows = [row for row in request.rows if row.status == 200]\n    return rows[:limit]",
    "2026-11-02 14:03:11 INFO worker started, queue=default, concurrency=8, version 3.11.7",
    "See https://example.com/docs/page?id=12 for the description of the three stages.",
    "    for (const item of items) { if (item.count > 3) { total += item.count * price; } }",
    "It should not matter whether the list is empty, and the old behaviour must stay as it was.",
    "SELECT name, count(*) FROM orders WHERE created > '2026-01-01' GROUP BY name ORDER BY 2 DESC;",
    '{"name": "example", "private": true, "scripts": {"test": "pytest -q", "lint": "ruff check"}}',
    "Traceback: ValueError at line 88 in parse_arguments, called from main; 3 tests of 120 failed.",
)
VARIANTS = 32
NUMBER = "aaaaaaaa"
"""Stands once in each prompt; whoever sends it puts the request's number in its place, so that no text comes twice."""

# In parts: a scanner of commits would take the whole for a live token.
_VALUES = " Use " + "ghp_" + "Zx81kQw92LmN4vB7tY6uR3eW5qA0sD2fG1hJ" + " and write to maria.keller@example-mail.net."


def bodies(prompt_bytes: int, *, with_values: bool = False) -> list[bytes]:
    """Return `VARIANTS` bodies of the Messages format whose prompts have that size."""
    chance = Random(prompt_bytes)
    return [_body(_prompt(chance, prompt_bytes, _VALUES if with_values else "")) for _ in range(VARIANTS)]


def stream_body(model: str, number: int) -> bytes:
    """Return a short request for a stream."""
    return _body(f"{number}: {_LINES[number % len(_LINES)]}", model=model, stream=True)


def _prompt(chance: Random, size: int, ending: str) -> str:
    text = f"Request {NUMBER}.\n"
    while len(text) < size:
        text += f"{chance.choice(_LINES)} ({chance.randrange(1000)})\n"
    return text[: size - len(ending)] + ending


def _body(prompt: str, *, model: str = "claude-sonnet-4-5", stream: bool = False) -> bytes:
    fields: dict[str, object] = {"model": model, "max_tokens": 1024}
    if stream:
        fields["stream"] = True
    return json.dumps({**fields, "messages": [{"role": "user", "content": prompt}]}).encode()
