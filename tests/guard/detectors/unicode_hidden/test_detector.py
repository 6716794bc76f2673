"""Hidden text: what is smuggled is found whole, and honest scripts are left alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockade.core.findings import Severity
from stockade.guard.detectors.unicode_hidden.detector import DETECTOR


def _tags(text: str) -> str:
    return "".join(chr(0xE0000 + ord(character)) for character in text)


def _selectors(data: bytes) -> str:
    return "".join(chr(0xFE00 + byte) if byte < 16 else chr(0xE0100 + byte - 16) for byte in data)


ASCII = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=30)


@given(before=ASCII, after=ASCII, order=st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1))
def test_tags_are_found_whole(before: str, after: str, order: str) -> None:
    (found,) = DETECTOR.inspect(before + _tags(order) + after)
    assert (found.rule, found.start, found.end) == ("tag_characters", len(before), len(before) + len(order))
    assert found.severity is Severity.HIGH


@given(before=ASCII, after=ASCII, data=st.binary(min_size=2, max_size=60))
def test_bytes_in_selectors_are_found_whole(before: str, after: str, data: bytes) -> None:
    text = f"{before}\U0001f600{_selectors(data)}{after}"
    (found,) = DETECTOR.inspect(text)
    assert (found.rule, text[found.start : found.end]) == ("variation_selectors", _selectors(data))


def test_a_tag_run_behind_a_flag_is_a_flag_only_where_unicode_knows_it() -> None:
    flag = "\U0001f3f4"
    assert list(DETECTOR.inspect(flag + _tags("gbwls") + "\U000e007f")) == []
    assert [found.rule for found in DETECTOR.inspect(flag + _tags("obeyx") + "\U000e007f")] == ["tag_characters"]


def test_single_strays_are_tolerated_until_they_carry_bits() -> None:
    assert list(DETECTOR.inspect("a \u200b b " * 7)) == []
    assert {found.rule for found in DETECTOR.inspect("a \u200b b " * 8)} == {"zero_width_bits"}


@pytest.mark.parametrize("text", ["plain", "", "\ufeffstart", "caf\u00e9 \u2014 \u2600\ufe0f"])
def test_ordinary_text_has_no_finding(text: str) -> None:
    assert list(DETECTOR.inspect(text)) == []


@given(st.text())
def test_spans_lie_inside_any_text(text: str) -> None:
    for found in DETECTOR.inspect(text):
        assert 0 <= found.start < found.end <= len(text)
        assert found.rule in DETECTOR.rules
