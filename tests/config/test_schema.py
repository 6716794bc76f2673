import dataclasses
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import pytest

from stockade.config import schema
from stockade.config.keys import Key
from stockade.config.schema import Settings

SECTIONS = [
    schema.Settings,
    schema.Upstreams,
    schema.Upstream,
    schema.Limits,
    schema.Guards,
    schema.Exfiltration,
    schema.PromptLeak,
    schema.Placeholders,
]
KEYS = [(section, each.name) for section in SECTIONS for each in dataclasses.fields(section)]


@pytest.mark.parametrize(("section", "name"), KEYS, ids=lambda value: getattr(value, "__name__", value))
def test_every_key_has_a_unit_and_a_reason(section: type, name: str) -> None:
    hint = get_type_hints(section, include_extras=True)[name]
    assert get_origin(hint) is Annotated, f"{name} has no Key"
    key = get_args(hint)[1]
    assert isinstance(key, Key)
    assert key.unit
    assert key.reason.endswith("."), "a reason is a sentence"
    assert (key.low is None) == (key.high is None)


@pytest.mark.parametrize(("section", "name"), KEYS, ids=lambda value: getattr(value, "__name__", value))
def test_a_number_has_its_hard_ends_and_its_default_between_them(section: type, name: str) -> None:
    (each,) = (each for each in dataclasses.fields(section) if each.name == name)
    if isinstance(each.default, bool) or not isinstance(each.default, int | float):
        return
    key = get_args(get_type_hints(section, include_extras=True)[name])[1]
    assert key.low is not None
    assert key.low <= each.default <= key.high


def test_the_gate_listens_on_loopback_until_told_otherwise() -> None:
    assert Settings().host == "127.0.0.1"
    assert Settings(listen="[::1]:80").host == "::1"


def test_nothing_is_listed_until_somebody_lists_it() -> None:
    assert Settings().models == ()


@pytest.mark.parametrize("host", ["docs.example.com", "*.example.com", "localhost", "10.0.0.1"])
def test_a_host_may_be_listed(host: str) -> None:
    assert key_of(schema.Exfiltration, "hosts").check(host) == ""


@pytest.mark.parametrize(
    "host", ["https://docs.example.com", "docs.example.com/a", "Docs.example.com", "*", "a.*.b", ""]
)
def test_what_is_no_host_name_is_refused(host: str) -> None:
    assert key_of(schema.Exfiltration, "hosts").check(host)


@pytest.mark.parametrize(("token", "good"), [("zebra-lantern-42", True), ("short", False), ("two words", False)])
def test_a_canary_is_one_long_word(token: str, good: bool) -> None:
    assert (key_of(schema.PromptLeak, "canaries").check(token) == "") is good


def key_of(section: type, name: str) -> Any:
    return get_args(get_type_hints(section, include_extras=True)[name])[1]
