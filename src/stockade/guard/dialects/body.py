"""Bodies: read JSON strictly into segments, and splice edits into the original bytes.

Owns what is refused before a dialect looks at a body, and how that is told: with a position, never with content.
Never re-serialises a body. A body that two readers could read in two ways (duplicate keys, lone surrogates, NaN, a byte
order mark, bytes that are not UTF-8) is refused, because the gate and the vendor must read the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, cast

import orjson

from stockade.core.errors import InvalidRequestError, StockadeError, TooLargeError, UpstreamError
from stockade.core.json_tokens import count_strings, inner_segments, path_parts, splice, splice_inner, string_spans
from stockade.core.limits import (
    ANSWER_BYTES_MAX,
    BODY_BYTES_MAX,
    JSON_DEPTH_MAX,
    JSON_PATH_PARTS_MAX,
    JSON_STRINGS_MAX,
)
from stockade.core.segments import NUMBER, Kind, Path, Segment
from stockade.guard.dialects.shape import Root, walk

_BOM = b"\xef\xbb\xbf"
_HINT = "Correct the request and send it again."


class Reading(NamedTuple):
    """A body that was read whole: the parsed object and its segments in document order."""

    value: dict[str, object]
    segments: list[Segment]


def read_request(raw: bytes, shape: Root, bytes_max: int = BODY_BYTES_MAX) -> Reading:
    """Read a request body.

    Units: bytes. Fails: InvalidRequestError, TooLargeError; neither quotes content.
    """
    if len(raw) > bytes_max:
        raise TooLargeError(f"The body is larger than {bytes_max} bytes.", hint="Send less at once.")
    strings = count_strings(raw)
    if strings > JSON_STRINGS_MAX:
        raise TooLargeError(f"The body holds more than {JSON_STRINGS_MAX} strings.", hint="Send less at once.")
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        # `from None`: the foreign error carries the body.
        raise _malformed(raw, error) from None
    if type(value) is not dict:
        raise InvalidRequestError("The body is not a JSON object.", hint=_HINT)
    if len(raw) // 2 > JSON_PATH_PARTS_MAX // JSON_DEPTH_MAX:  # two bytes at least for each value
        try:
            path_parts(value, JSON_PATH_PARTS_MAX)
        except OverflowError:
            raise TooLargeError("The body holds too many deeply nested values.", hint="Send flatter JSON.") from None
    segments, walked = walk(shape, value)
    if walked != strings:
        raise InvalidRequestError("An object of the body has the same key twice.", hint="Name each key once.")
    return Reading(value, segments)


def read_answer(raw: bytes, shape: Root, bytes_max: int = ANSWER_BYTES_MAX) -> Reading:
    """Read a vendor's JSON: a whole answer, or the data of one stream event.

    Units: bytes. Fails: UpstreamError.
    """
    try:
        return read_request(raw, shape, bytes_max)
    except (InvalidRequestError, TooLargeError) as error:
        raise UpstreamError(f"The vendor's answer cannot be read: {error.public}") from error


def opened(segments: Sequence[Segment]) -> list[Segment]:
    """Return the segments with tool arguments, which are JSON in a string, opened into their own strings.

    Fails: TooLargeError when they hold more together than one body may.
    """
    out: list[Segment] = []
    parts = 0
    for segment in segments:
        if segment.kind is not Kind.ARGUMENT:
            out.append(segment)
            continue
        inner = inner_segments(segment)
        parts += sum([len(each.path) for each in inner])
        out.extend(inner)
        if len(out) > JSON_STRINGS_MAX or parts > JSON_PATH_PARTS_MAX:
            raise TooLargeError("The arguments of the tool calls hold too many strings.", hint="Send less at once.")
    return out


def opened_answer(segments: Sequence[Segment]) -> list[Segment]:
    """Return the segments of a vendor's answer with tool arguments opened, see `opened`. Fails: UpstreamError."""
    try:
        return opened(segments)
    except TooLargeError as error:
        raise UpstreamError(f"The vendor's answer cannot be read: {error.public}") from error


def apply(body: bytes, segments: Sequence[Segment], texts: Mapping[int, str]) -> bytes:
    """Return `body` with the string of segment number n replaced by `texts[n]`; every other byte stays.

    A segment that stands inside a string (`inner`) is replaced inside it; a number is replaced by a string.
    Fails: ValueError for a segment that stands outside the body, and for a string replaced both whole and inside.
    """
    if not texts:
        return body
    whole: dict[int, str] = {}
    numbers: dict[Path, str] = {}
    inside: dict[int, tuple[dict[int, str], dict[Path, str]]] = {}
    for number, text in texts.items():
        segment = segments[number]
        if segment.token == NUMBER:
            numbers[segment.path] = text
        elif segment.token < 0:
            raise ValueError("this segment stands outside the body and cannot be replaced in it")
        elif segment.inner is None:
            whole[segment.token] = text
        else:
            strings, long_numbers = inside.setdefault(segment.token, ({}, {}))
            if segment.inner < 0:
                long_numbers[segment.path[segment.inner :]] = text
            else:
                strings[segment.inner] = text
    if inside:
        if not whole.keys().isdisjoint(inside):
            raise ValueError("a string is replaced both whole and inside")
        for number, (start, end) in enumerate(string_spans(body)):
            if number in inside:
                whole[number] = splice_inner(cast("str", orjson.loads(body[start:end])), *inside[number])
    return splice(body, whole, numbers)


def _malformed(raw: bytes, error: orjson.JSONDecodeError) -> StockadeError:
    if raw.startswith(_BOM):
        return InvalidRequestError("The body begins with a byte order mark.", hint="Send JSON as UTF-8 without one.")
    try:
        raw.decode()
    except UnicodeDecodeError as broken:
        return InvalidRequestError(f"The body is not UTF-8 at byte {broken.start}.", hint="Send JSON as UTF-8.")
    place = f"at line {error.lineno}, column {error.colno}"
    told = error.msg.lower()
    if "depth" in told or "recursion" in told:
        return TooLargeError(f"The body is nested deeper than {JSON_DEPTH_MAX} levels.", hint="Send flatter JSON.")
    if "surrogate" in told:
        return InvalidRequestError(f"A string holds half of a surrogate pair {place}.", hint="Send whole characters.")
    if raw[max(0, error.pos - 1) : error.pos + 9].lstrip(b"-[:, ").startswith((b"NaN", b"Infinity")):
        return InvalidRequestError(f"A number is not finite {place}.", hint="JSON has no NaN and no Infinity.")
    return InvalidRequestError(f"The body is not valid JSON {place}.", hint=_HINT)
