"""A scorer for tests: one head that looks for a word, and fails on another."""

from collections.abc import Sequence

from stockade.core.errors import GuardFailedError
from stockade.core.segments import Channel
from stockade.govern.bench.measuring import Heads


class WordScorer:
    """Score 0.9 where "attack" stands in plain letters, 0.1 elsewhere; fail on "broken"."""

    version = "words 1"

    def __init__(self) -> None:
        self.heads = Heads({"injection": 0.5, "jailbreak": 0.5})
        self.channels: list[Channel | None] = []

    def __call__(self, texts: Sequence[tuple[str, Channel | None]]) -> list[dict[str, float] | GuardFailedError]:
        self.channels += [channel for _, channel in texts]
        return [
            GuardFailedError("It broke.")
            if "broken" in text
            else {"injection": 0.9 if "attack" in text.lower() else 0.1, "jailbreak": 0.1}
            for text, _ in texts
        ]
