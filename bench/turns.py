"""What a turn costs as its conversation grows: CPU of the gate, and of inspection alone, at the 2nd and the last turn.

A coding agent sends its whole history with every turn. Turns of one size are added until the history has the wanted
number of characters; every turn is played through the whole machine (no socket), and the CPU time of a turn is the
least of several conversations. The vendor's answers are plain text.

    ./dev bench turns [--turns 200] [--chars 400000]
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from stockade.app import discover_dialects, routes
from stockade.core.findings import Scope
from stockade.core.segments import Segment
from stockade.guard.detectors.catalog import discover
from stockade.guard.detectors.inspector import Inspector
from stockade.guard.pipeline.exchange import Gate
from stockade.guard.pipeline.models import ModelList
from stockade.stores.policy_files import load_policy
from stockade.stores.verdicts import MemoryVerdicts
from stockade.stores.weights import load_classifier
from stockade.testing.playbook import KEYRING, Answer, Playbook, Sent

ANSWER = Answer((json.dumps({"type": "message", "content": [{"type": "text", "text": "I see."}]}).encode(),))
SOURCES = Path(json.__file__).parents[1]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="CPU of a turn as its conversation grows.")
    parser.add_argument("--turns", type=int, default=200)
    parser.add_argument("--chars", type=int, default=400_000)
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    rows = [converse(options.turns, options.chars, seed) for seed in range(options.repeat)]
    best = [tuple(min(row[turn][part] for row in rows) for part in range(3)) for turn in range(options.turns)]
    print("turn   body KB   exchange ms   inspection ms   (CPU, median of five turns, best of conversations)")
    shown = {}
    for turn in sorted({2, 10, 50, 100, options.turns - 4}):
        near = sorted(range(turn - 1, min(turn + 4, options.turns)))
        size, whole, inspect = (sorted(best[n][part] for n in near)[len(near) // 2] for part in range(3))
        shown[turn] = (whole, inspect)
        print(f"{turn:4}  {size / 1000:8.0f}  {whole * 1e3:12.2f}  {inspect * 1e3:14.2f}")
    last = max(shown)
    exchange, inspection = (shown[last][part] / shown[2][part] for part in range(2))
    print(f"last against 2nd: exchange {exchange:.2f}, inspection {inspection:.2f}")


def converse(turns: int, chars: int, seed: int) -> list[tuple[int, float, float]]:
    """Return (body bytes, CPU s of the exchange, CPU s of inspection) of every turn of one conversation."""
    inspector = Inspector(discover(), classifier=load_classifier(), verdicts=MemoryVerdicts())
    spent = [0.0]

    def inspect(segments: Sequence[Segment], key: bytes, scope: Scope) -> Any:
        start = time.thread_time()
        try:
            return inspector.inspect(segments, key, scope)
        finally:
            spent[0] += time.thread_time() - start

    gate = Gate(routes(), KEYRING, load_policy(()), ModelList(["*"]), frozenset({"anthropic"}), 32 * 2**20)
    book = Playbook(gate, inspect)
    path = next(d for d in discover_dialects() if d.name == "anthropic_messages").routes[0].path
    messages: list[dict[str, Any]] = []
    rows = []
    texts = material(chars // turns, seed)
    for turn in range(turns):
        messages += asked(turn, next(texts))
        body = json.dumps({"model": "m", "max_tokens": 9, "system": "You help.", "messages": messages}).encode()
        spent[0] = 0.0
        start = time.thread_time()
        played = book.play(Sent(path, body), ANSWER)
        whole = time.thread_time() - start
        if played.status != 200:
            sys.exit(f"turn {turn + 1} was answered with {played.status}: {played.body[:300]!r}")
        rows.append((len(body), whole, spent[0]))
    return rows


def asked(turn: int, text: str) -> list[dict[str, Any]]:
    """Return what a turn adds: a tool's result to the call before it, and the model's next call."""
    call = {"type": "tool_use", "id": f"toolu_{turn}", "name": "read", "input": {"path": f"lib/file_{turn}.py"}}
    result = {"type": "tool_result", "tool_use_id": f"toolu_{turn}", "content": [{"type": "text", "text": text}]}
    said = [{"type": "text", "text": f"Let me read the file number {turn} of the library first."}, call]
    first = [{"role": "user", "content": "Please find out why the tests of the parser fail."}] if not turn else []
    return [*first, {"role": "assistant", "content": said}, {"role": "user", "content": [result]}]


def material(chars: int, seed: int) -> Iterator[str]:
    """Yield parts of the standard library's source of `chars` characters each, none twice."""
    chance = random.Random(seed)
    files = sorted(SOURCES.glob("*.py"))
    chance.shuffle(files)
    for file in files:
        text = file.read_text(encoding="utf-8", errors="replace")
        yield from (text[start : start + chars] for start in range(0, len(text) - chars, chars))


if __name__ == "__main__":
    main()
