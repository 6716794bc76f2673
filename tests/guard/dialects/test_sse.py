"""Events are cut out exactly, whatever the cuts and line ends."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockade.core.errors import UpstreamError
from stockade.guard.dialects.sse import (
    BrokenStreamError,
    SseEvent,
    SseSplitter,
    event_data,
    frame,
    read_event,
    replace_data,
)

PARTS = [
    b"data: a",
    b"data",
    b": c",
    b"event:x",
    b"id: 1",
    b"\n",
    b"\r",
    b"\r\n",
    b"\n\n",
    b"\xef\xbb\xbf",
    b"\xc3\xa9",
]


def split(chunks: list[bytes]) -> tuple[list[SseEvent], str]:
    splitter = SseSplitter()
    raws: list[bytes] = []
    broken = ""
    try:
        for chunk in chunks:
            raws += splitter.feed(chunk)
        raws += splitter.end()
    except BrokenStreamError as error:
        raws += error.events
        broken = error.public
    events: list[SseEvent] = []
    try:
        for raw in raws:
            events.append(read_event(raw, first=not events))
    except UpstreamError as error:
        broken = error.public
    return events, broken


@given(st.lists(st.sampled_from(PARTS), max_size=14).map(b"".join), st.data())
def test_any_cut_gives_the_same_events_and_bytes(raw: bytes, data: st.DataObject) -> None:
    whole = split([raw])
    assert split([raw[n : n + 1] for n in range(len(raw))]) == whole
    cut = data.draw(st.integers(0, len(raw)))
    assert split([raw[:cut], raw[cut:]]) == whole
    if not whole[1]:
        assert b"".join(event.raw for event in whole[0]) == raw


@pytest.mark.parametrize("broken", [b"data: " + b"x" * 60 + b"\n\n", b"data: " + b"x" * 100 + b"\n\n"])
def test_the_events_before_a_broken_one_come_out_whatever_the_cuts(broken: bytes) -> None:
    def before(chunks: list[bytes]) -> list[bytes]:
        splitter = SseSplitter(event_bytes_max=50)
        raws: list[bytes] = []
        try:
            for chunk in chunks:
                raws += splitter.feed(chunk)
        except BrokenStreamError as error:
            raws += error.events
        return [read_event(raw).data for raw in raws]

    raw = b"data: a\n\ndata: b\n\n" + broken + b"data: c\n\n"
    assert before([raw]) == before([raw[n : n + 1] for n in range(len(raw))]) == [b"a", b"b"]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_each_line_end_is_read(end: bytes) -> None:
    raw = end.join([b"event: e", b"data: a", b"data:b", b": note", b"", b"data: c", b"", b""])
    assert [event[1:] for event in split([raw])[0]] == [("e", b"a\nb", ("note",)), ("", b"c", ())]


def test_a_byte_order_mark_counts_only_at_the_start() -> None:
    mark = b"\xef\xbb\xbf"
    events, _ = split([mark + b"data: a\n\n" + mark + b"data: b\n\n"])
    assert [event.data for event in events] == [b"a", b""]
    assert events[1].asides


@pytest.mark.parametrize(
    ("raw", "told"),
    [(b"data: a\n", "an event"), (b"data: \xc3", "a character"), (b"data: \xf0\x9f\x91", "a character"),
     (b"data: \xff\n\n", "not UTF-8"), (b": \xff\n\n", "not UTF-8"), (b"event: \xff\n\n", "not UTF-8")],
)  # fmt: skip
def test_a_broken_stream_says_how(raw: bytes, told: str) -> None:
    assert told in split([raw])[1]


def test_a_character_cut_in_two_is_whole_again() -> None:
    assert split([b"data: \xc3", b"\xa9\n\n"])[0][0].data == b"\xc3\xa9"


@pytest.mark.parametrize("raw", [b"data: " + b"x" * 100, b"data: " + b"x" * 100 + b"\n\n", b"\n" * 101])
def test_an_event_past_its_bound_is_an_error(raw: bytes) -> None:
    with pytest.raises(UpstreamError, match="larger than"):
        SseSplitter(event_bytes_max=100).feed(raw)


def test_a_stream_past_its_bound_is_an_error() -> None:
    splitter = SseSplitter(stream_bytes_max=20)
    splitter.feed(b"data: a\n\n")
    with pytest.raises(UpstreamError, match="longer than"):
        splitter.feed(b"data: abcdef\n\n")


@pytest.mark.parametrize(
    ("raw", "data", "expected"),
    [
        (b"event: e\ndata: a\nid: 1\n\n", b"z", b"event: e\ndata: z\nid: 1\n\n"),
        (b"data:a\r\ndata: b\r\n\r\n", b"z", b"data:z\r\n\r\n"),
        (b"\xef\xbb\xbfdata: a\n: note\n\n", b"y\nz", b"\xef\xbb\xbfdata: y\ndata: z\n: note\n\n"),
        (b"\r\rdata: a\rdatax: b\r\r", b"z", b"\r\rdata: z\rdatax: b\r\r"),
    ],
)
def test_other_data_leaves_all_other_lines(raw: bytes, data: bytes, expected: bytes) -> None:
    assert replace_data(raw, data) == expected
    assert split([expected])[0][-1].data == data


def test_an_event_of_our_own_reads_back() -> None:
    assert split([frame("error", b"{}")])[0] == [SseEvent(b"event: error\ndata: {}\n\n", "error", b"{}")]


@pytest.mark.parametrize(
    ("raw", "data"),
    [(b"event: e\ndata: a\ndata: b\n\n", b"a\nb"), (b"\r\rdata: a\r\r", b"a"), (b": note\n\n", b""), (b"", b"")],
)
def test_the_data_of_an_event_that_was_read_is_told(raw: bytes, data: bytes) -> None:
    assert event_data(raw) == data
