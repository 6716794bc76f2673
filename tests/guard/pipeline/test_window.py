"""The window: order, holding, overtaking and edits over pieces, with a wire format of one line per event."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate, pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockade.core.edits import Edit, apply, settle
from stockade.core.errors import UpstreamError
from stockade.core.limits import KEEPALIVE_EVENTS, TOOL_CALL_CHARS_MAX
from stockade.core.segments import Channel, Kind, Segment
from stockade.guard.dialects.dialect import BlockKind, Piece, StreamEvent
from stockade.guard.pipeline.blocks import Work
from stockade.guard.pipeline.window import _WHOLES_KEPT, Window


class Reader:
    """A wire format whose events are `name:text|text` and a line end."""

    def __init__(self) -> None:
        self.withdrawn: list[tuple[str, str, int]] = []

    def apply(self, event: StreamEvent, texts: Mapping[int, str]) -> bytes:
        name = event.raw.split(b":")[0]
        told = [texts.get(number, piece.segment.text) for number, piece in enumerate(event.pieces)]
        return name + b":" + "|".join(told).encode() + b"\n"

    def withdraw(self, events: Sequence[StreamEvent], block: str, notice: str) -> bytes:
        self.withdrawn.append((block, notice, len(events)))
        return f"notice:{notice}\n".encode()

    def amend(self, event: StreamEvent) -> StreamEvent | None:
        return StreamEvent(b"amended\n") if event.raw.startswith(b"stop") else None

    def feed(self, data: bytes) -> list[StreamEvent]:
        raise NotImplementedError

    def end(self) -> list[StreamEvent]:
        raise NotImplementedError


def event(name: str, *texts: str, block: str = "", kind: BlockKind = BlockKind.TEXT, **more: Any) -> StreamEvent:
    """Return an event with its texts as pieces."""
    pieces = tuple(
        Piece(Segment((name,), text, "assistant", Channel.ASSISTANT, Kind.TEXT, number), block, kind)
        for number, text in enumerate(texts)
    )
    return StreamEvent(f"{name}:{'|'.join(texts)}\n".encode(), pieces, **more)


def window() -> Window:
    return Window(Reader())


def resolve(it: Window, work: Sequence[Work]) -> None:
    for item in work:
        it.resolve(item)


def said(work: Sequence[Work]) -> list[str]:
    return [item.new_text for item in work]


def test_an_event_without_text_leaves_at_once() -> None:
    it = window()
    assert it.accept(event("start")) == []
    assert it.accept(event("empty", "", block="b")) == []
    assert it.release() == b"start:\nempty:\n"
    assert it.empty


def test_text_waits_for_its_judgement_and_what_follows_waits_with_it() -> None:
    it = window()
    work = it.accept(event("a", "one "))
    assert said(work) == ["one "]
    it.accept(event("b"))
    assert it.release() == b""
    resolve(it, work)
    assert it.release() == b"a:one \nb:\n"


def test_text_waits_until_its_unit_is_complete() -> None:
    it = window()
    assert it.accept(event("a", "on", block="t")) == []
    assert it.accept(event("b", "e", block="t")) == []
    work = it.accept(event("c", " two", block="t"))
    assert said(work) == ["one "]
    resolve(it, work)
    # The third event holds the beginning of a word whose end is not here.
    assert it.release() == b"a:on\nb:e\n"
    rest = it.accept(event("end", closes=("t",)))
    assert [(item.segment.text, item.context) for item in rest] == [("one two", 4)]
    resolve(it, rest)
    assert it.release() == b"c: two\nend:\n"
    assert it.empty


def test_two_blocks_wait_for_themselves_and_leave_in_the_vendor_s_order() -> None:
    it = window()
    first = it.accept(event("a", "slow", block="1"))
    second = it.accept(event("b", "quick\n", block="2"))
    assert (first, said(second)) == ([], ["quick\n"])
    resolve(it, second)
    assert it.release() == b""
    resolve(it, it.accept(event("c", closes=("1",))))
    assert it.release() == b"a:slow\nb:quick\n\nc:\n"


def test_a_ping_overtakes_only_what_waits() -> None:
    it = window()
    it.accept(event("a"))
    it.accept(event("ping", ahead=True))
    it.accept(event("b"))
    assert it.release() == b"a:\nping:\nb:\n"
    it.accept(event("c", "wor", block="t"))
    it.accept(event("ping", ahead=True))
    assert it.release() == b"ping:\n"
    assert it.release() == b""
    resolve(it, it.accept(event("d", "ds ", block="t", closes=("t",))))
    assert it.release() == b"c:wor\nd:ds \n"
    assert it.empty


def test_a_ping_that_left_in_its_turn_does_not_leave_again() -> None:
    it = window()
    it.accept(event("ping", ahead=True))
    it.accept(event("c", "wor", block="t"))
    assert it.release() == b"ping:\n"
    assert it.release() == b""


def test_a_ping_that_says_something_waits_like_the_rest() -> None:
    it = window()
    it.accept(event("c", "wor", block="t"))
    work = it.accept(event("ping", "strange", ahead=True))
    assert said(work) == ["strange"]
    assert it.release() == b""


def test_a_held_call_gives_signs_of_life() -> None:
    it = window()
    it.accept(event("start", holds="k"))
    out = b""
    for number in range(1, 3 * KEEPALIVE_EVENTS - 1):
        it.accept(event("delta", f"{number}", block="k", kind=BlockKind.ARGUMENTS, holds="k"))
        out += it.release()
    assert out.count(b": ") == 2
    assert all(line.startswith(b":") for line in out.split(b"\n\n") if line)


def test_a_held_call_leaves_when_it_is_settled_and_not_before() -> None:
    it = window()
    it.accept(event("start", holds="k"))
    assert it.accept(event("delta", '{"a":"x",', block="k", kind=BlockKind.ARGUMENTS, holds="k")) == []
    assert it.accept(event("delta", '"b":"y"}', block="k", kind=BlockKind.ARGUMENTS, holds="k")) == []
    assert not it.call_complete
    work = it.accept(event("stop", holds="k", closes=("k",)))
    assert said(work) == ["a", "x", "b", "y"]
    assert it.call_complete
    assert it.release() == b"", "not judged yet"
    work[3].edits = [Edit(0, 1, "value")]
    resolve(it, work)
    assert it.release() == b"", "judged and not settled yet"
    it.settle_calls()
    assert not it.call_complete
    assert it.release() == b'start:\ndelta:{"a":"x","b":"value"}\ndelta:\nstop:\n'


def test_a_call_without_anything_to_judge_waits_to_be_settled() -> None:
    it = window()
    it.accept(event("start", holds="k"))
    it.accept(event("stop", holds="k", closes=("k",)))
    assert it.release() == b""
    it.settle_calls()
    assert it.release() == b"start:\nstop:\n"


def test_a_withdrawn_call_is_one_notice_in_its_place_and_what_follows_is_amended() -> None:
    it = window()
    it.accept(event("before"))
    it.accept(event("start", holds="k"))
    work = it.accept(event("delta", '{"a":"x"}', block="k", kind=BlockKind.ARGUMENTS, holds="k", closes=("k",)))
    assert it.withdraw("k", "No.") == 1
    assert it.withdraw("k", "Never.") == 0
    resolve(it, work)
    it.settle_calls()
    it.accept(event("stop"))
    it.accept(event("after"))
    assert it.release() == b"before:\nnotice:No.\namended\nafter:\n"
    assert it.empty


def test_a_call_that_the_stream_s_end_completes() -> None:
    it = window()
    it.accept(event("start", holds="k"))
    it.accept(event("delta", '"x', block="k", kind=BlockKind.ARGUMENTS, holds="k"))
    work = it.finish()
    assert said(work) == ['"x'], "what is no JSON is judged as it stands"
    work[0].withhold = "[gone]"
    resolve(it, work)
    it.settle_calls()
    assert it.release() == b"start:\ndelta:[gone]\n"
    assert it.empty


def test_a_call_past_its_bound_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    it = window()
    half = "x" * (TOOL_CALL_CHARS_MAX // 2)
    for _ in range(2):
        it.accept(event("delta", half, block="k", kind=BlockKind.ARGUMENTS, holds="k"))
    with pytest.raises(UpstreamError, match="larger"):
        it.accept(event("delta", "x", block="k", kind=BlockKind.ARGUMENTS, holds="k"))


def test_a_withheld_block_is_one_notice_whatever_follows() -> None:
    it = window()
    work = it.accept(event("a", "one two three ", block="t"))
    assert said(work) == ["one ", "two "]
    work[1].withhold = "[gone]"
    resolve(it, work)
    work = it.accept(event("b", "four\n", block="t"))
    work[-1].withhold = "[gone]"
    resolve(it, work)
    resolve(it, it.accept(event("c", "five\n", block="t", closes=("t",))))
    assert it.release() == b"a:one [gone]\nb:\nc:\n"


def test_only_the_events_that_change_are_written_anew() -> None:
    it = window()
    it.accept(StreamEvent(b"a :  odd spacing\n", event("a", "odd ").pieces))
    resolve(it, work := it.accept(event("b", "here ")))
    assert len(work) == 1
    it = window()
    same = it.accept(StreamEvent(b"a :  odd spacing\n", event("a", "odd ").pieces))
    same[0].edits = [Edit(0, 3, "odd")]
    resolve(it, same)
    assert it.release() == b"a :  odd spacing\n"


@pytest.mark.parametrize("judged_between", [True, False], ids=["one by one", "at once"])
def test_a_whole_text_that_comes_again_is_judged_once_and_the_answer_holds_for_all(judged_between: bool) -> None:
    it = window()
    first = event("a", "the same")
    again = StreamEvent(b"b:the same\n", first.pieces)
    work = it.accept(first)
    work[0].edits = [Edit(0, 3, "one and the")]
    if judged_between:
        resolve(it, work)
    assert it.accept(again) == []
    if not judged_between:
        assert it.release() == b""
        resolve(it, work)
    assert said(it.accept(event("c", "the same"))) == ["the same"], "equal, and yet another one: judged by itself"
    assert it.release() == b"a:one and the same\nb:one and the same\n"


def test_texts_that_came_long_ago_are_judged_again() -> None:
    it = window()
    first = event("a", "the same")
    resolve(it, it.accept(first))
    for number in range(_WHOLES_KEPT):
        resolve(it, it.accept(event("b", f"{number}")))
    assert said(it.accept(first)) == ["the same"]


texts = st.text(st.sampled_from("ab1 .\n+(é漢-"), min_size=1, max_size=60)


@given(texts, st.lists(st.integers(0, 60), max_size=12), st.data())
def test_any_cut_with_any_edits_inside_units_gives_the_same_text(text: str, places: list[int], data: Any) -> None:
    units = said([*(first := window()).accept(event("a", text, block="t")), *first.finish()])
    assert "".join(units) == text
    edits: dict[int, list[Edit]] = {}
    whole: list[Edit] = []
    for number, start in enumerate(accumulate([0, *map(len, units[:-1])])):
        if data.draw(st.booleans()):
            a, b = sorted(data.draw(st.tuples(*[st.integers(0, len(units[number]))] * 2)))
            if a < b:
                edits[number] = [Edit(a, b, data.draw(st.sampled_from(["", "X", "longer than before"])))]
                whole.extend(Edit(start + e.start, start + e.end, e.text) for e in edits[number])
    expected = apply(text, settle(whole))

    it = window()
    out = b""
    seen = 0
    cuts = sorted({0, len(text), *(place % (len(text) + 1) for place in places)})
    for number, (a, b) in enumerate(pairwise(cuts)):
        for item in [*it.accept(event(f"{number}", text[a:b], block="t")), *([] if b < len(text) else it.finish())]:
            assert item.new_text == units[seen], "units depend on the text alone"
            item.edits = edits.get(seen, [])
            resolve(it, [item])
            seen += 1
        out += it.release()
    assert it.empty
    assert seen == len(units)
    names = [f"{number}:" for number in range(len(cuts) - 1)]
    left = out.decode()
    got = ""
    for number, name in enumerate(names):
        assert left.startswith(name)
        left = left.removeprefix(name)
        end = left.rindex("\n") if number == len(names) - 1 else left.index("\n" + names[number + 1])
        got += left[:end]
        left = left[end + 1 :]
    assert got == expected
