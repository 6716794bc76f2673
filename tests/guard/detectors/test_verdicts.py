"""Verdicts that are kept: the same as looking anew, for one tenant, one set of detectors and exactly these segments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockade.core.findings import Inspection, Scope
from stockade.core.segments import Channel, Kind, Segment
from stockade.guard.detectors.inspector import Inspector
from stockade.guard.detectors.verdicts import CHAPTER_SEGMENTS, History, Kept, Run, chapters, messages
from stockade.stores.verdicts import MemoryVerdicts
from tests.guard.detectors.test_inspector import KEY, TOKEN, Broken, Patterns, Texts

TEXTS = st.sampled_from(["plain words", f"a {TOKEN} b", "öde", f"ö {TOKEN}", "", "more words"])
SEGMENTS = st.lists(
    st.tuples(
        st.sampled_from(["messages", "tools", "system"]), st.integers(0, 3), st.sampled_from(list(Channel)), TEXTS
    ),
    max_size=12,
)


def segments(rows: Sequence[tuple[str, int, Channel, str]]) -> list[Segment]:
    return [Segment((a, n, "text"), text, "user", channel, Kind.TEXT, 7) for a, n, channel, text in rows]


def conversation(turns: int) -> list[Segment]:
    """Return messages of three segments each, then a system prompt, as some clients send it last."""
    rows = [("messages", turn, Channel.USER, f"{part} of {turn} {TOKEN}") for turn in range(turns) for part in "abc"]
    return [*segments(rows), *segments([("system", 0, Channel.SYSTEM, "You help.")])]


class Watched(MemoryVerdicts):
    def __init__(self) -> None:
        super().__init__()
        self.kept: list[Mapping[bytes, Kept]] = []

    def keep(self, verdicts: Mapping[bytes, Kept]) -> None:
        self.kept.append(verdicts)
        super().keep(verdicts)


COMPILED: dict[str, bytes] = {}
PLAIN = Inspector([Texts(), Patterns()], compiled=COMPILED)


@given(first=SEGMENTS, second=SEGMENTS)
def test_a_kept_verdict_is_the_verdict(
    first: list[tuple[str, int, Channel, str]], second: list[tuple[str, int, Channel, str]]
) -> None:
    inspector = Inspector([Texts(), Patterns()], verdicts=MemoryVerdicts(), compiled=COMPILED)
    for rows in (first, second, first + second, first + second):
        given_ = segments(rows)
        assert inspector.inspect(given_, KEY, Scope.REQUEST) == PLAIN.inspect(given_, KEY, Scope.REQUEST)


def test_a_long_conversation_costs_what_is_new() -> None:
    reader = Texts()
    cache = Watched()
    inspector = Inspector([reader, Patterns()], verdicts=cache, compiled=COMPILED)
    for turns in (40, 80, 81):
        asked = conversation(turns)
        assert inspector.inspect(asked, KEY, Scope.REQUEST) == PLAIN.inspect(asked, KEY, Scope.REQUEST)
    # The last turn brought one message; only the chapter that it stands in was looked up message by message.
    assert sum(len(kept) for kept in cache.kept[-1:]) <= 2
    assert cache.kept[-1].keys() - cache.kept[-2].keys() == cache.kept[-1].keys()


@pytest.mark.parametrize(
    "change",
    [
        {"text": f"b {TOKEN} a"},
        {"channel": Channel.ASSISTANT},
        {"kind": Kind.OPAQUE},
        {"role": "tool"},
        {"path": ("messages", 1, "text")},
    ],
)
def test_anything_else_is_another_key(change: dict[str, object]) -> None:
    cache = MemoryVerdicts()
    (segment,) = segments([("messages", 0, Channel.USER, f"a {TOKEN} b")])
    History(cache, [segment], KEY, b"1").keep(())
    assert History(cache, [segment], KEY, b"1").new == []
    assert History(cache, [segment._replace(token=99)], KEY, b"1").new == []
    assert History(cache, [segment._replace(**change)], KEY, b"1").new == [Run(0, 1)]  # type: ignore[arg-type]


def test_tenants_and_versions_meet_nothing_of_each_other() -> None:
    cache = MemoryVerdicts()
    asked = segments([("messages", 0, Channel.USER, "hello")])
    History(cache, asked, KEY, b"1").keep(())
    assert History(cache, asked, b"another tenant", b"1").new == [Run(0, 1)]
    assert History(cache, asked, KEY, b"2").new == [Run(0, 1)]


def test_two_segments_are_not_one() -> None:
    cache = MemoryVerdicts()
    History(cache, segments([("messages", 0, Channel.USER, "ab"), ("messages", 0, Channel.USER, "c")]), KEY, b"").keep(
        ()
    )
    other = segments([("messages", 0, Channel.USER, "a"), ("messages", 0, Channel.USER, "bc")])
    assert History(cache, other, KEY, b"").new == [Run(0, 2)]


def test_what_failed_is_not_kept() -> None:
    cache = Watched()
    inspector = Inspector([Broken(), Patterns()], verdicts=cache, compiled=COMPILED)
    asked = segments([("messages", 0, Channel.USER, f"ö {TOKEN}")])
    for _ in range(2):
        inspection: Inspection = inspector.inspect(asked, KEY, Scope.REQUEST)
        assert not inspection.complete
    assert cache.kept == []


def test_the_bound_on_findings_holds_for_the_whole_request(monkeypatch: pytest.MonkeyPatch) -> None:
    inspector = Inspector([Patterns()], verdicts=MemoryVerdicts(), compiled=COMPILED)
    assert inspector.inspect(conversation(1), KEY, Scope.REQUEST).complete
    monkeypatch.setattr("stockade.guard.detectors.looking.FINDINGS_MAX", 5)
    inspection = inspector.inspect(conversation(2), KEY, Scope.REQUEST)
    assert inspection.findings == ()
    assert [run.reason for run in inspection.runs] == ["FindingsExceededError"]


@given(SEGMENTS.map(segments))
def test_chapters_are_whole_messages_and_cover_everything(asked: list[Segment]) -> None:
    runs = list(chapters(asked))
    parts = [part for run in runs for part in messages(asked, run)]
    for found in (runs, parts):
        assert [n for run in found for n in range(run.start, run.end)] == list(range(len(asked)))
    for one, other in pairwise(parts):
        assert asked[one.end - 1].path[:2] != asked[other.start].path[:2]


def test_what_is_added_behind_moves_no_chapter() -> None:
    short, long = list(chapters(conversation(50))), list(chapters(conversation(90)))
    full = [run for run in short if run.end - run.start >= CHAPTER_SEGMENTS]
    assert len(full) == 2
    assert long[: len(full)] == full
