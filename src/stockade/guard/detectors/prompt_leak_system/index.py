"""The index of what is secret in a request: the shingles of its system prompt, made once an exchange.

Owns which segments are secret, and the bound. Holds digests of words and no text. Linear in the text; one of more than
`limits.LEAK_WORDS_MAX` words is sampled by digest, evenly, so that all of it stays comparable.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from stockade.core.limits import LEAK_WORDS_MAX
from stockade.core.segments import Channel, Kind, Segment
from stockade.guard.detectors.prompt_leak_system.words import SHINGLE_WORDS, digests, mirrored, rotated, shingles, words

PROMPT_WORDS_MIN = 24
"""Shorter prompts ("You are a helpful assistant.") say nothing that is worth hiding and are repeated in good faith."""

OPENING_WORDS = 64
"""The words at the beginning of a prompt that say whether it was the prompt that was repeated, or a text held in it."""

MARKS = 16
"""Frequent words of the prompt by whose rotated or mirrored forms an encoded copy is noticed."""

_COUNTED_WORDS = 1000
"""Words of each text that are counted for it: enough to know its language's most frequent ones."""

_FULL_SHINGLE_CHARS = 12
"""Characters of four words from which on they weigh one word; four Chinese characters, or "it is to a", weigh less."""


@dataclass(frozen=True, slots=True)
class PromptIndex:
    """What may not come back.

    `shingles` are those of all secret texts, `openings` those of the beginning of each with the numbers of their texts,
    `opening_sizes` how many each has. `weight` is how many words all shingles weigh. Of `every` shingles one was kept.
    `rotated`, `mirrored`, together `marks`, are words that an encoded copy shows.
    """

    shingles: frozenset[int] = field(repr=False)
    openings: Mapping[int, tuple[int, ...]] = field(repr=False)
    opening_sizes: tuple[int, ...]
    weight: float
    every: int
    rotated: frozenset[bytes] = field(repr=False)
    mirrored: frozenset[bytes] = field(repr=False)
    marks: frozenset[bytes] = field(repr=False)


def weigh(chars: int) -> float:
    """Return how many words a shingle of so many characters weighs: at most one."""
    return chars / _FULL_SHINGLE_CHARS if chars < _FULL_SHINGLE_CHARS else 1.0


def secret_texts(request: Sequence[Segment], tools: Sequence[str]) -> list[str]:
    """Return the texts of a request that may not come back: its system prompt, and the tools whose name fits `tools`.

    `tools` are patterns (* and ?) of names.
    """
    texts = [s.text for s in request if s.channel is Channel.SYSTEM and s.kind in (Kind.TEXT, Kind.OPAQUE)]
    if tools:
        secret = _secret_tools(request, tools)
        texts += [s.text for s in request if s.channel is Channel.TOOL_DEFINITION and s.path[:2] in secret]
    return texts


def make_index(texts: Iterable[str]) -> PromptIndex | None:
    """Return the index of secret texts, or None where none is long enough to be worth hiding."""
    listed = [tokens for text in texts if len(tokens := words(text)) >= PROMPT_WORDS_MIN]
    if not listed:
        return None
    every = 1 + sum(map(len, listed)) // LEAK_WORDS_MAX
    found: set[int] = set()
    openings: dict[int, tuple[int, ...]] = {}
    sizes = []
    for number, tokens in enumerate(listed):
        row = shingles(digests(tokens))
        found.update(row if every == 1 else (each for each in row if each % every == 0))
        opening = found.intersection(row[: OPENING_WORDS - SHINGLE_WORDS + 1])
        sizes.append(len(opening))
        for each in opening:
            openings[each] = (*openings.get(each, ()), number)
    chars = sum(sum(map(len, tokens)) for tokens in listed)
    mean = SHINGLE_WORDS * chars / sum(map(len, listed))
    frequent = _frequent(listed)
    turned, flipped = (frozenset(rewrite(frequent)).difference(frequent) for rewrite in (rotated, mirrored))
    if not found:
        return None
    return PromptIndex(
        shingles=frozenset(found),
        openings=openings,
        opening_sizes=tuple(sizes),
        weight=len(found) * every * weigh(int(mean)),
        every=every,
        rotated=turned,
        mirrored=flipped,
        marks=turned | flipped,
    )


def _frequent(listed: Sequence[Sequence[bytes]]) -> list[bytes]:
    counted: Counter[bytes] = Counter()
    for tokens in listed:
        counted.update(tokens[:_COUNTED_WORDS])
    return [token for token, _ in counted.most_common(2 * MARKS) if len(token) > 2][:MARKS]


def _secret_tools(request: Sequence[Segment], tools: Sequence[str]) -> Container[tuple[str | int, ...]]:
    """Return the paths of the tools with a secret name: the name nearest to the root of a definition is the tool's."""
    names: dict[tuple[str | int, ...], Segment] = {}
    for segment in request:
        if segment.channel is Channel.TOOL_DEFINITION and segment.path[-1:] == ("name",):
            known = names.get(segment.path[:2])
            if known is None or len(segment.path) < len(known.path):
                names[segment.path[:2]] = segment
    return {path for path, name in names.items() if any(fnmatchcase(name.text, glob) for glob in tools)}
