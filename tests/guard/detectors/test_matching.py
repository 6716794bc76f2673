"""From hits to values: windows, values that reach past them, offsets in code points."""

from hypothesis import given
from hypothesis import strategies as st

from stockade.core.findings import Severity
from stockade.guard.detectors.matching import Matcher
from stockade.guard.detectors.patterns import Pattern, Seen
from stockade.guard.detectors.scanner import Scanner


def pattern(expression: str, confirm: str = "", **changes: object) -> Pattern:
    fields = {"rule": "r", "label": "R", "severity": Severity.LOW, "score": 0.5, "source": "the tests"}
    return Pattern(expression=expression, confirm=confirm, **(fields | changes))  # type: ignore[arg-type]


def values(of: Pattern, *texts: str) -> list[tuple[int, str]]:
    """Return (text, value) of every match, the value cut from the text by its offsets."""
    scan = Scanner([of]).scan(texts)
    found = list(Matcher(of).matches(scan, scan.hits.get(0, [])))
    assert all(texts[match.text][match.start : match.end] == match.value for match in found)
    return [(match.text, match.value) for match in found]


def test_the_value_is_the_group_that_took_part() -> None:
    either = pattern("key=", r"key=(?:\"([^\"]{6,20})\"|(\w{6,20}))")
    assert values(either, 'key="one two" key=three33') == [(0, "one two"), (0, "three33")]


def test_without_a_confirming_expression_the_match_is_the_value() -> None:
    assert values(pattern("needle[0-9]"), "a needle7 b", "needle") == [(0, "needle7")]


def test_values_side_by_side_are_each_found() -> None:
    spaced = pattern("(?:^|[^0-9])[0-9]{6}", "(?:^|[^0-9])([0-9]{6})(?:[^0-9]|$)")
    assert [value for _, value in values(spaced, "111111 222222,333333")] == ["111111", "222222", "333333"]


def test_a_value_that_reaches_past_its_window_is_followed() -> None:
    long = pattern("key=", r"key=(\w{6,})", after=20)
    assert values(long, "key=" + "a" * 5000 + " b") == [(0, "a" * 5000)]


def test_a_value_shorter_than_the_stream_window_waits_for_is_none() -> None:
    assert values(pattern("key=", r"key=(\w+)"), "key=12345 key=123456") == [(0, "123456")]


def test_the_validator_sees_value_and_surroundings() -> None:
    seen: list[Seen] = []

    def validator(what: Seen) -> bool:
        seen.append(what)
        return what.value != "second2"

    checked = pattern("key=", r"key=(\w{6,20})", validator=validator)
    assert values(checked, "key=first11 key=second2") == [(0, "first11")]
    assert seen == [Seen("key=", "first11", " key=second2"), Seen("key=first11 key=", "second2", "")]


def test_a_caseless_pattern_is_so_in_both_steps() -> None:
    assert values(pattern("key=[a-f]{6}", caseless=True), "KEY=ABCDEF") == [(0, "KEY=ABCDEF")]


@given(
    st.lists(
        st.tuples(st.text("aé☕😀\n ", max_size=40), st.sampled_from(["key=ab12cd", "key=é☕é☕é☕", ""])), max_size=20
    )
)
def test_offsets_are_code_points_of_the_text(pieces: list[tuple[str, str]]) -> None:
    text = "".join(f"{filler}\n{value}\n" for filler, value in pieces)
    found = values(pattern("key=", r"key=(\S{6,8})"), "x", text)
    assert found == [(1, value.removeprefix("key=")) for _, value in pieces if value]
