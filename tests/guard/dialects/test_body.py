"""A body that two readers could read in two ways is refused, with a position and without its content."""

import pytest

from stockade.core.errors import InvalidRequestError, StockadeError, TooLargeError, UpstreamError
from stockade.core.limits import JSON_DEPTH_MAX
from stockade.core.segments import Channel, Kind, Segment
from stockade.guard.dialects.body import apply, read_answer, read_request
from stockade.guard.dialects.shape import Leaf, Record, Voice

VOICE = Voice("user", Channel.USER)
SHAPE = Record(VOICE, {"a": Leaf(VOICE)})


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b'{"a": "x", }', "not valid JSON at line 1, column 10"), (b'{\n"a" 1}', "not valid JSON at line 2, column 5"),
        (b"", "not valid JSON"), (b"[]", "not a JSON object"), (b'\xef\xbb\xbf{"a":1}', "byte order mark"),
        (b'{"a":"\xff"}', "not UTF-8 at byte 6"), (b'{"a":"\\ud800"}', "surrogate pair at line 1"),
        (b'{"a":NaN}', "not finite"), (b'{"a":[1,-Infinity]}', "not finite"), (b'{"a":1,"a":2}', "same key twice"),
        (b'{"a":{"\\u0062":1,"b":2}}', "same key twice"),
    ],
)  # fmt: skip
def test_each_fault_has_its_own_words(raw: bytes, told: str) -> None:
    with pytest.raises(InvalidRequestError, match=told):
        read_request(raw, SHAPE)
    with pytest.raises(UpstreamError, match=told):
        read_answer(raw, SHAPE)


def test_an_error_holds_no_content() -> None:
    with pytest.raises(StockadeError) as told:
        read_request(b'{"a":"canary" oops}', SHAPE)
    assert "canary" not in str(told.value) + told.value.diagnostics()
    assert told.value.__cause__ is None


@pytest.mark.parametrize("extra", [0, 1])
@pytest.mark.parametrize("key", ["a", "unknown"])
@pytest.mark.parametrize(("opened", "closed"), [("[", "]"), ('{"k":', "}")])
def test_depth_has_one_bound_everywhere(extra: int, key: str, opened: str, closed: str) -> None:
    levels = JSON_DEPTH_MAX - 1 + extra
    raw = f'{{"{key}":{opened * levels}1{closed * levels}}}'.encode()
    if extra:
        with pytest.raises(TooLargeError, match="nested deeper"):
            read_request(raw, SHAPE)
    else:
        read_request(raw, SHAPE)


def test_size_has_a_bound() -> None:
    with pytest.raises(TooLargeError, match="larger than 10 bytes"):
        read_request(b'{"a":"bcd"}', SHAPE, bytes_max=10)


def segment(token: int, inner: int | None = None) -> Segment:
    return Segment(("a",), "", "user", Channel.USER, Kind.TEXT, token, inner)


def test_a_string_is_replaced_whole_or_inside() -> None:
    body = rb'{ "a" : "{\"k\": \"v\", \"n\": 1.0}" , "b":"x" }'
    segments = [segment(1, 1), segment(3), segment(-1), segment(1)]
    assert apply(body, segments, {}) is body
    assert apply(body, segments, {0: 'w"'}) == rb'{ "a" : "{\"k\": \"w\\\"\", \"n\": 1.0}" , "b":"x" }'
    assert apply(body, segments, {1: "y"}) == body.replace(b'"x"', b'"y"')
    with pytest.raises(ValueError, match="outside"):
        apply(body, segments, {2: "y"})
    with pytest.raises(ValueError, match="both"):
        apply(body, segments, {0: "y", 3: "z"})
