"""Blocks: how an edit made on a text comes back onto the pieces in which it arrived."""

from __future__ import annotations

from stockade.core.edits import Edit
from stockade.core.limits import CONTEXT_CHARS
from stockade.core.segments import Channel, Kind, Segment
from stockade.guard.dialects.dialect import BlockKind, StreamEvent
from stockade.guard.pipeline.blocks import Arguments, Block, PieceRef, Queued

SEGMENT = Segment(("a",), "", "assistant", Channel.ASSISTANT, Kind.TEXT, 0)


def piece(text: str) -> PieceRef:
    return PieceRef(Queued(StreamEvent(b""), waiting=1), 0, text)


def block(*texts: str, kind: BlockKind = BlockKind.TEXT) -> tuple[Block, list[PieceRef]]:
    """Return a block and its pieces."""
    made = Block(kind, SEGMENT, "")
    for text in texts:
        made.push(Queued(StreamEvent(b""), waiting=1), 0, text)
    return made, list(made.pieces)


def left(pieces: list[PieceRef]) -> list[str | None]:
    """Return what each piece left as; None while it waits."""
    return [(p.queued.texts or {}).get(0, p.text) if not p.queued.waiting else None for p in pieces]


def take(made: Block, *, final: bool = False) -> list[tuple[str, str]]:
    return [(work.segment.text[: work.context], work.new_text) for work in made.units(final=final)]


def test_units_come_with_what_stood_before() -> None:
    made, _ = block("one two ", "three")
    assert take(made) == [("", "one "), ("one ", "two ")]
    assert take(made) == []
    assert take(made, final=True) == [("one two ", "three")]


def test_context_is_bounded_and_outlives_the_pieces() -> None:
    long = "x" * (CONTEXT_CHARS + 50) + " "
    made, _ = block(long, "y ", "z")
    for _, unit in take(made):
        made.resolve(len(unit), [], "")
    ((context, unit),) = take(made, final=True)
    assert (len(context), unit) == (CONTEXT_CHARS, "z")
    assert context == (long + "y ")[-CONTEXT_CHARS:]


def test_a_long_text_is_cut_back_to_its_context_and_loses_none_of_it() -> None:
    made, _ = block()
    said = ""
    for number in range(1200):
        word = f"w{'x' * (number % 7)}z "
        made.push(Queued(StreamEvent(b""), waiting=1), 0, word + "-")
        for context, unit in take(made):
            assert context == said[-CONTEXT_CHARS:]
            said += unit
            made.resolve(len(unit), [], "")
        assert len(made.text) < 6 * CONTEXT_CHARS
    assert len(said) > 8 * CONTEXT_CHARS


def test_an_edit_over_pieces_stands_in_the_first_and_is_cut_from_the_others() -> None:
    made, pieces = block("a sec", "ret", "! ok")
    assert [unit for _, unit in take(made)] == ["a ", "secret! "]
    made.resolve(2, [], "")
    assert left(pieces) == [None, None, None]
    made.resolve(8, [Edit(0, 6, "[X]")], "")
    assert left(pieces) == ["a [X]", "", None]
    take(made, final=True)
    made.resolve(2, [], "")
    assert left(pieces) == ["a [X]", "", "! ok"]


def test_an_edit_whose_beginning_has_left_goes_on_cutting() -> None:
    made, pieces = block("one", "two", "three ", "x")
    assert [unit for _, unit in take(made)] == ["onetwothree "]
    # The judged text ends inside the third piece when a unit was cut at its bound.
    made.resolve(8, [Edit(1, 8, "-")], "")
    assert left(pieces) == ["o-", "", None, None]
    made.resolve(4, [], "")
    assert left(pieces) == ["o-", "", "ree ", None]


def test_overlapping_edits_leave_no_half_of_a_value() -> None:
    made, pieces = block("abcdef ")
    take(made, final=True)
    made.resolve(7, [Edit(1, 4, "X"), Edit(2, 6, "Y")], "")
    assert left(pieces) == ["aX "]


def test_after_a_notice_nothing_of_the_block_is_left() -> None:
    made, pieces = block("one ", "two ", "three ", "x")
    take(made)
    made.resolve(4, [], "")
    made.resolve(4, [Edit(0, 1, "never")], "[notice]")
    made.resolve(6, [Edit(0, 1, "never")], "")
    assert left(pieces) == ["one ", "[notice]", "", None]


def arguments(text: str, missing: int, *texts: str) -> tuple[Arguments, list[PieceRef]]:
    pieces = [piece(part) for part in texts or (text,)]
    return Arguments(pieces, text, missing), pieces


def inner(text: str, number: int) -> Segment:
    return SEGMENT._replace(text=text, inner=number)


def test_arguments_wait_for_all_their_strings() -> None:
    text = '{"a": "one", "n": 1}'
    made, pieces = arguments(text, 3, text[:9], text[9:])
    made.resolve(inner("a", 0), "a")
    made.resolve(inner("one", 1), 'o"e')
    assert left(pieces) == [None, None]
    made.resolve(inner("n", 2), "n")
    assert left(pieces) == ['{"a": "o\\"e", "n": 1}', ""]


def test_arguments_that_do_not_change_leave_in_their_pieces() -> None:
    made, pieces = arguments('["x"]', 1, '["', 'x"]')
    made.resolve(inner("x", 0), "x")
    assert left(pieces) == ['["', 'x"]']


def test_what_is_no_json_is_replaced_as_a_whole() -> None:
    made, pieces = arguments("{not", 1, "{n", "ot")
    made.resolve(SEGMENT._replace(text="{not"), "[gone]")
    assert left(pieces) == ["[gone]", ""]
