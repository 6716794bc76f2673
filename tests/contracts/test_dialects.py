"""What every dialect keeps, on its own samples: same bytes back, every string accounted for, any cut, clear errors.

A dialect is a package beside the seam that exposes `DIALECT`, `DIALECT.allow_list()` and a folder `samples/` with
`requests/*.json`, `answers/*.json` and `streams/*.sse`. Its goldens lie in tests/guard/dialects/goldens; write new ones
with STOCKADE_GOLDENS=write and read the difference.
"""

import json
import os
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stockade.core import errors
from stockade.core.segments import Segment
from stockade.guard.dialects.dialect import StreamEvent
from stockade.guard.dialects.sse import event_data, read_event
from tests.contracts.dialect_samples import (
    ANSWERS,
    DIALECTS,
    REQUESTS,
    STREAMS,
    VALUES,
    Sample,
    applied,
    check_accounted,
    parsed,
    read_stream,
    tokens,
)

LENGTHS = 600
GOLDENS = Path(__file__).parents[1] / "guard" / "dialects" / "goldens"


def line(segment: Segment, more: str = "") -> str:
    inner = "" if segment.inner is None else f".{segment.inner}"
    text = segment.text if len(segment.text) <= 60 else f"{segment.text[:60]}... {len(segment.text)} characters"
    place = f"{segment.token}{inner} {segment.kind} {segment.channel} {segment.role} {segment.pointer}"
    return f"{place} {more}{json.dumps(text)}"


def stream_lines(events: list[StreamEvent]) -> Iterator[str]:
    for event in events:
        marks = " ".join(name for name in ("ahead", "last") if getattr(event, name))
        yield f"-- holds={event.holds or '-'} closes={','.join(event.closes) or '-'} {marks}".rstrip()
        if event.facts:
            yield f"   {event.facts}"
        for piece in event.pieces:
            yield line(piece.segment, f"[{piece.block}:{piece.block_kind}] " if piece.block else "")


def assert_golden(kind: str, sample: Sample, lines: list[str]) -> None:
    golden = GOLDENS / sample[0] / kind / f"{sample[1]}.txt"
    told = "\n".join(lines) + "\n"
    if os.environ.get("STOCKADE_GOLDENS") == "write":
        golden.parent.mkdir(parents=True, exist_ok=True)
        golden.write_text(told, encoding="utf-8")
    assert golden.is_file(), "no golden: run once with STOCKADE_GOLDENS=write and read what it wrote"
    assert told == golden.read_text(encoding="utf-8")


def test_each_dialect_brings_samples_of_each_kind() -> None:
    assert DIALECTS
    for kind, found in VALUES.items():
        assert {name for name, _, _ in found} == set(DIALECTS), kind


@pytest.mark.parametrize("sample", REQUESTS)
def test_the_segments_of_a_request_are_the_golden_ones(sample: Sample) -> None:
    read = parsed("requests", sample)
    head = f"model={read.model} stream={read.stream} session={read.session or '-'}"
    assert_golden("requests", sample, [head, *map(line, read.segments)])


@pytest.mark.parametrize("sample", ANSWERS)
def test_the_segments_of_an_answer_are_the_golden_ones(sample: Sample) -> None:
    read = parsed("answers", sample)
    calls = [f"call {call.key} {call.name} {call.segments}" for call in read.calls]
    assert_golden("answers", sample, [str(read.facts), *calls, *map(line, read.segments)])


@pytest.mark.parametrize("sample", STREAMS)
def test_the_events_of_a_stream_are_the_golden_ones(sample: Sample) -> None:
    assert_golden("streams", sample, list(stream_lines(read_stream(sample[0], [sample[2]]))))


BODIES = [pytest.param(kind, *p.values, id=f"{kind}-{p.id}")
          for kind, found in (("requests", REQUESTS), ("answers", ANSWERS)) for p in found]  # fmt: skip


@pytest.mark.parametrize(("kind", "sample"), BODIES)
def test_nothing_applied_is_the_same_bytes(kind: str, sample: Sample) -> None:
    assert applied(kind, sample, parsed(kind, sample), {}) == sample[2]


@pytest.mark.parametrize(("kind", "sample"), BODIES)
def test_a_replaced_segment_changes_only_its_string(kind: str, sample: Sample) -> None:
    read = parsed(kind, sample)
    before = tokens(sample[2])
    edits = [n for n, segment in enumerate(read.segments) if segment.token >= 0]
    for number in edits[:: 1 + len(edits) // 100]:
        segment = read.segments[number]
        new = 'new "text" \\ é👋\n'
        after = tokens(applied(kind, sample, read, {number: new}))
        assert len(after) == len(before)
        changed = [n for n, (old, now) in enumerate(zip(before, after, strict=True)) if old[:2] != now[:2]]
        assert changed == [segment.token]
        if segment.inner is None:
            assert after[segment.token][1] == new
        else:
            inside_before, inside = tokens(before[segment.token][1]), tokens(after[segment.token][1])
            assert [n for n, (a, b) in enumerate(zip(inside_before, inside, strict=True)) if a[:2] != b[:2]] == [
                segment.inner
            ]
            assert inside[segment.inner][1] == new


@pytest.mark.parametrize(("kind", "sample"), BODIES)
def test_every_string_is_in_a_segment_or_on_the_allow_list(kind: str, sample: Sample) -> None:
    check_accounted(sample[0], tokens(sample[2]), parsed(kind, sample).segments)


@pytest.mark.parametrize("sample", STREAMS)
def test_every_string_of_a_stream_is_in_a_piece_or_on_the_allow_list(sample: Sample) -> None:
    for event in read_stream(sample[0], [sample[2]]):
        data = event_data(event.raw)
        strings = tokens(data) if data.startswith(b"{") else []
        check_accounted(sample[0], strings, [piece.segment for piece in event.pieces])


@pytest.mark.parametrize("sample", STREAMS)
def test_a_stream_byte_by_byte_is_the_same(sample: Sample) -> None:
    whole = read_stream(sample[0], [sample[2]])
    assert read_stream(sample[0], [sample[2][n : n + 1] for n in range(len(sample[2]))]) == whole
    assert b"".join(event.raw for event in whole) == sample[2]


@settings(max_examples=40)
@given(st.sampled_from(VALUES["streams"]), st.lists(st.floats(0, 1), max_size=12))
def test_a_stream_in_any_cut_is_the_same(sample: Sample, places: list[float]) -> None:
    raw = sample[2]
    offsets = [0, *sorted(int(place * len(raw)) for place in places), len(raw)]
    cuts = [raw[a:b] for a, b in pairwise(offsets)]
    assert read_stream(sample[0], cuts) == read_stream(sample[0], [raw])


@pytest.mark.parametrize("sample", STREAMS)
def test_a_stream_that_breaks_off_is_an_error(sample: Sample) -> None:
    needed = 0
    ends: set[int] = set()
    for event in read_stream(sample[0], [sample[2]]):
        needed += len(event.raw)
        ends.update(range(needed - 2, needed + 3))
        if event.last:
            break
    # A CR alone ends a line as well: the stream is whole one byte before the LF of its last CRLF.
    needed -= sample[2][:needed].endswith(b"\r\n")
    # Every length of a short stream; of a long one those around the ends of events, and an even sample of the rest.
    for length in sorted({*range(0, needed, 1 + needed // LENGTHS), *(end for end in ends if end < needed)}):
        with pytest.raises(errors.UpstreamError):
            read_stream(sample[0], [sample[2][:length]])


@pytest.mark.parametrize("sample", STREAMS)
def test_a_replaced_piece_changes_only_its_string(sample: Sample) -> None:
    reader = DIALECTS[sample[0]].open_stream()
    for event in reader.feed(sample[2]) + reader.end():
        assert reader.apply(event, {}) == event.raw
        for number, piece in enumerate(event.pieces):
            if piece.segment.token < 0 or piece.segment.inner is not None:
                continue
            after = reader.apply(event, {number: 'new "é"\n'})
            now, then = read_event(after), read_event(event.raw)
            strings, before = tokens(now.data), tokens(then.data)
            assert strings[piece.segment.token][1] == 'new "é"\n'
            assert [a[:2] for n, a in enumerate(strings) if n != piece.segment.token] == [
                b[:2] for n, b in enumerate(before) if n != piece.segment.token
            ]
            assert (now.name, now.asides) == (then.name, then.asides)


@pytest.mark.parametrize("sample", STREAMS)
def test_with_every_call_withdrawn_a_stream_still_reads_and_calls_nothing(sample: Sample) -> None:
    reader = DIALECTS[sample[0]].open_stream()
    held: dict[str, list[StreamEvent]] = {}
    out: list[bytes] = []
    for came in reader.feed(sample[2]) + reader.end():
        event = reader.amend(came) or came
        if not event.holds:
            out.append(event.raw)
        else:
            held.setdefault(event.holds, []).append(event)
        closed = [block for block in event.closes if block in held]
        out.extend(reader.withdraw(held.pop(block), block, "withheld by policy") for block in closed)
    again = read_stream(sample[0], [b"".join(out)])
    assert not [event for event in again if event.holds]
    assert not {event.facts.stop_reason for event in again if event.facts} & {"tool_use", "tool_calls", "function_call"}


@pytest.mark.parametrize("sample", ANSWERS)
def test_with_every_call_withdrawn_an_answer_calls_nothing(sample: Sample) -> None:
    read = parsed("answers", sample)
    raw = DIALECTS[sample[0]].withdraw_calls(
        sample[2], read, {call.key: "withheld 'by' \"policy\"" for call in read.calls}
    )
    again = parsed("answers", (sample[0], sample[1], raw))
    assert not again.calls
    assert again.facts.stop_reason not in {"tool_use", "tool_calls", "function_call"}
    assert (raw == sample[2]) == (not read.calls)
    assert again.facts._replace(stop_reason="") == read.facts._replace(stop_reason="")
