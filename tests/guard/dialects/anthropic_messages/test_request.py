"""What is read from a request besides its segments, and what is refused by its JSON pointer."""

import json

import pytest

from stockade.core.errors import InvalidRequestError
from stockade.core.segments import Kind
from stockade.guard.dialects.anthropic_messages import DIALECT

GENERATE, COUNT = DIALECT.routes[:2]
GOOD: dict[str, object] = {"model": "m", "messages": [{"role": "user", "content": "x"}]}


def session(user_id: object) -> str:
    body = json.dumps({**GOOD, "metadata": {"user_id": user_id}}).encode()
    return DIALECT.parse_request(GENERATE, body, "").session


@pytest.mark.parametrize(
    ("user_id", "expected"),
    [
        ('{"device_id":"d","session_id":"s-1"}', "s-1"),
        ("user_abc_account__session_12345678-aaaa", "12345678-aaaa"),
        ("someone", ""), ("{broken", ""), ("{}", ""), ('{"session_id":7}', ""), (7, ""), (None, ""),
        ('{"session_id":"' + "x" * 201 + '"}', ""),
    ],
)  # fmt: skip
def test_the_session_is_the_client_s_own(user_id: object, expected: str) -> None:
    assert session(user_id) == expected


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"model": None}, "/model"), ({"model": 7}, "/model"), ({"model": ""}, "/model"),
        ({"model": "m" * 257}, "/model"),
        ({"messages": "x"}, "/messages"), ({"messages": None}, "/messages"), ({"messages": {}}, "/messages"),
        ({"messages": ["x"]}, "/messages/0"), ({"stream": "true"}, "/stream"), ({"stream": 1}, "/stream"),
        ({"messages": [{"role": "user", "content": 7}]}, "/messages/0/content"),
        ({"messages": [{"role": "user", "content": {}}]}, "/messages/0/content"),
        ({"messages": [{"role": "user", "content": ["x"]}]}, "/messages/0/content/0"),
        ({"system": 7}, "/system"), ({"system": ["x"]}, "/system/0"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("route", [GENERATE, COUNT])
def test_a_wrong_type_is_named_by_its_pointer(route: object, change: dict[str, object], pointer: str) -> None:
    with pytest.raises(InvalidRequestError, match=f"^{pointer} must be "):
        DIALECT.parse_request(route, json.dumps({**GOOD, **change}).encode(), "")


@pytest.mark.parametrize("missing", ["model", "messages"])
def test_what_is_missing_is_named(missing: str) -> None:
    body = json.dumps({key: value for key, value in GOOD.items() if key != missing}).encode()
    with pytest.raises(InvalidRequestError, match=f"^/{missing} must be "):
        DIALECT.parse_request(GENERATE, body, "")


def test_the_query_is_read_last_and_its_known_pair_is_not_a_segment() -> None:
    body = json.dumps(GOOD).encode()
    asked = DIALECT.parse_request(GENERATE, body, "beta=true&note=a%20b&beta=false&flag=")
    assert [(s.path, s.text) for s in asked.segments if s.token < 0] == [
        (("?", "note"), "note"), (("?", "note"), "a b"), (("?", "beta"), "beta"), (("?", "beta"), "false"),
        (("?", "flag"), "flag"),
    ]  # fmt: skip
    assert all(s.kind is Kind.OPAQUE and not s.editable for s in asked.segments if s.token < 0)
    assert [s.token < 0 for s in asked.segments] == sorted(s.token < 0 for s in asked.segments)
