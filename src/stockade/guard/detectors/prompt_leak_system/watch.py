"""The watch over one answer: how much of the system prompt it has said so far, text by text, word by word.

Owns the measure and its thresholds. A text may come in any pieces that end between words; the same words give the same
sights. Keeps the last words of each text and which shingles were said, nothing else of it.

The measure. A shingle that the prompt holds raises the level of its text by its weight, any other one lowers it by a
third: six unchanged words out of seven keep it rising, ordinary prose keeps it near zero. A level of PASSAGE_WORDS is
a passage. What was said in passages adds up over the whole answer; past the bounds below it is the prompt.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field

from stockade.core.findings import Severity
from stockade.core.views import View
from stockade.guard.detectors.detector import RawFinding, Sighting
from stockade.guard.detectors.prompt_leak_system.index import PromptIndex, weigh
from stockade.guard.detectors.prompt_leak_system.words import (
    SHINGLE_WORDS,
    digests,
    mirrored,
    rotated,
    shingles,
    spans,
    words,
)

PASSAGE_WORDS = 12.0
"""Level from which on words of the prompt in a row are a passage: some fifteen words."""

LEVEL_MAX = 24.0
"""Highest level: after a copy of a thousand words the level is back at zero within seventy other words."""

FORGETTING = 0.34
"""How much a shingle that the prompt does not hold lowers the level, as a part of its weight."""

SHARE = 0.5
"""Part of a whole prompt that makes what was said the prompt (at least SHARE_WORDS_MIN words)."""

SHARE_WORDS_MIN = 20.0
OPENING_SHARE = 0.6
"""Part of a prompt's opening that, with OPENED_WORDS_MIN words said in all, makes it the prompt."""

OPENED_WORDS_MIN = 60.0
BULK_WORDS = 400.0
"""Words of the prompt that make it the prompt whatever part they are of."""

MARKS_MIN = 2
"""Marks of an encoded copy in one text from which on the copy is read as well."""

PASSAGE, ENCODED, PROMPT = "system_prompt_passage", "system_prompt_encoded", "system_prompt"
SCORES: dict[str, tuple[Severity, float]] = {
    PASSAGE: (Severity.MEDIUM, 0.6),
    ENCODED: (Severity.HIGH, 0.95),
    PROMPT: (Severity.HIGH, 0.95),
}
LABEL = "SYSTEM_PROMPT"


@dataclass(slots=True)
class _Lane:
    """One text as read in one way: its last words and how much of the prompt stands there."""

    tail: list[bytes] = field(default_factory=list)
    level: float = 0.0
    run: list[int] = field(default_factory=list)
    told: str = ""


@dataclass(slots=True)
class _Place:
    """One running text of the answer: as it stands, as rot13 and the like read it, as each encoding opens it."""

    plain: _Lane = field(default_factory=_Lane)
    encoded: dict[str, _Lane] = field(default_factory=dict)
    opened: dict[tuple[str, ...], _Lane] = field(default_factory=dict)
    marks: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class _Said:
    """What was said of the prompt in passages, over all texts of one kind; `opened` counts by opening."""

    shingles: set[int] = field(default_factory=set)
    opened: Counter[int] = field(default_factory=Counter)


_LANES: dict[str, tuple[str, Callable[[Sequence[bytes]], list[bytes]]]] = {
    "rot13": ("rotated", rotated),
    "mirrored": ("mirrored", mirrored),
    "reversed": ("mirrored", mirrored),
}
"""Ways to read an encoded copy: which marks of the index open it, and what it makes of the words."""


class PromptWatch:
    """The watch over one answer, against one index. `told_elsewhere` says which shingles the conversation held anyway.

    Contract: used by one thread at a time. `told_elsewhere` is called once, at the first passage.
    """

    def __init__(
        self, index: PromptIndex, told_elsewhere: Callable[[frozenset[int]], frozenset[int]], subject: str
    ) -> None:
        """Watch for the prompt of `index`; `subject` names it."""
        self.subject = subject
        self._index = index
        self._secret = index.shingles
        self._told_elsewhere: Callable[[frozenset[int]], frozenset[int]] | None = told_elsewhere
        self._places: dict[Hashable, _Place] = {}
        self._said: dict[bool, _Said] = {}

    def read(self, place: Hashable, text: str, views: Sequence[View] = (), *, thinking: bool = False) -> list[Sighting]:
        """Return what the next part of a text completes; offsets are code points of this part.

        `place` names the running text. `views` are those of this part. What a model thinks adds up apart.
        """
        at = self._places.get(place)
        if at is None:
            at = self._places[place] = _Place()
        tokens = words(text)
        found: list[Sighting] = []
        if tokens:
            if not self._index.marks.isdisjoint(tokens):
                self._notice(at, tokens)
            found += [Sighting(raw, ()) for raw in self._follow(at.plain, tokens, text, thinking, PASSAGE)]
            for name, lane in at.encoded.items():
                turned = _LANES[name][1](tokens)
                found += [Sighting(raw, (name,)) for raw in self._follow(lane, turned, text, thinking, ENCODED, name)]
        for view in views:
            if view.chain[-1] == "canonical":
                continue  # words are folded as it is
            lane = at.opened.setdefault(view.chain, _Lane())
            for raw in self._follow(lane, words(view.text), view.text, thinking, ENCODED):
                start, end = view.span(raw.start, raw.end)
                found.append(Sighting(raw._replace(start=start, end=end), view.chain))
        return found

    def _notice(self, at: _Place, tokens: Sequence[bytes]) -> None:
        """Open the lanes of whose copies there are marks by now, beginning with the last words before `tokens`."""
        for name, (marks, rewrite) in _LANES.items():
            if name not in at.encoded:
                at.marks[name] += sum(token in getattr(self._index, marks) for token in tokens)
                if at.marks[name] >= MARKS_MIN:
                    at.encoded[name] = _Lane(tail=rewrite(at.plain.tail))

    def _follow(
        self, lane: _Lane, tokens: list[bytes], text: str, thinking: bool, rule: str, way: str = ""
    ) -> list[RawFinding]:
        """Follow one lane over the next words."""
        known = len(lane.tail)
        tokens = lane.tail + tokens
        lane.tail = tokens[1 - SHINGLE_WORDS :]
        row = shingles(digests(tokens)) if way != "reversed" else _backwards(digests(tokens))
        if not lane.level and self._secret.isdisjoint(row):
            return []
        return self._count(lane, row, tokens, known, text, thinking, rule)

    def _count(
        self, lane: _Lane, row: list[int], tokens: list[bytes], known: int, text: str, thinking: bool, rule: str
    ) -> list[RawFinding]:
        """Return the findings of the next shingles; the first `known` of the words stand before this text."""
        chars = [len(token) for token in tokens]
        every = self._index.every
        found: list[RawFinding] = []
        places: list[tuple[int, int]] = []
        begun = 0 if lane.level else -1
        open_finding = False
        for number, shingle in enumerate(row):
            if every > 1 and shingle % every:
                continue
            weight = weigh(sum(chars[number : number + SHINGLE_WORDS])) * every
            if shingle not in self._secret:
                lane.level = max(0.0, lane.level - FORGETTING * weight)
                if not lane.level:
                    lane.told, begun, open_finding = "", -1, False
                    lane.run.clear()
                continue
            begun = max(0, number - known) if begun < 0 else begun
            lane.level = min(LEVEL_MAX, lane.level + weight)
            told = self._said_of(lane, shingle, thinking, rule)
            if not told and not open_finding:
                continue
            places = places or spans(text)
            end = places[number + SHINGLE_WORDS - 1 - known][1]
            if told and not open_finding:
                found.append(RawFinding(told, *SCORES[told], LABEL, places[begun][0], end))
                open_finding = True
            else:
                rule_now = told or found[-1].rule
                found[-1] = RawFinding(rule_now, *SCORES[rule_now], LABEL, found[-1].start, end)
        return found

    def _said_of(self, lane: _Lane, shingle: int, thinking: bool, rule: str) -> str:
        """Take a shingle of the prompt; return the rule of what was now seen, or "" for nothing new."""
        if not lane.told:
            lane.run.append(shingle)
            if lane.level < PASSAGE_WORDS:
                return ""
            self._leave_out_what_is_told()
            if 2 * sum(each in self._secret for each in lane.run) < len(lane.run):
                lane.level = 0.0
                lane.run.clear()
                return ""
        said = self._said.setdefault(thinking, _Said())
        for each in lane.run or (shingle,):
            if each not in said.shingles and each in self._secret:
                said.shingles.add(each)
                said.opened.update(self._index.openings.get(each, ()))
        lane.run.clear()
        seen = rule if rule == ENCODED else PROMPT if self._is_prompt(said) else PASSAGE
        if lane.told in (seen, PROMPT):
            return ""
        lane.told = seen
        return seen

    def _leave_out_what_is_told(self) -> None:
        if self._told_elsewhere is not None:
            self._secret -= self._told_elsewhere(self._secret)
            self._told_elsewhere = None

    def _is_prompt(self, said: _Said) -> bool:
        """Say whether what was said is the prompt rather than a passage of it."""
        index = self._index
        weight = index.weight * len(said.shingles) / len(index.shingles)
        if weight >= BULK_WORDS or (weight >= SHARE_WORDS_MIN and weight >= SHARE * index.weight):
            return True
        if weight < OPENED_WORDS_MIN:
            return False
        return any(count >= OPENING_SHARE * index.opening_sizes[number] for number, count in said.opened.items())


def _backwards(numbers: Sequence[int]) -> list[int]:
    """Return the shingles of words that stand in reverse order."""
    return list(map(hash, zip(numbers[3:], numbers[2:], numbers[1:], numbers, strict=False)))
