"""Cleanse: obligations become text, whole values only, and the way back is exact."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockade.core.decisions import Effect, Verdict
from stockade.core.edits import apply
from stockade.core.findings import Category, Finding, Severity
from stockade.core.segments import Channel, Kind, Segment
from stockade.guard.transforms.cleanse import Cleansed, cleanse, notice, redaction
from stockade.guard.transforms.pseudonyms import Pseudonymiser
from stockade.guard.transforms.restore import restore

TENANT = Pseudonymiser(bytes(range(32)))


def segment(text: str, kind: Kind = Kind.TEXT, token: int = 3) -> Segment:
    return Segment(("messages", 0, "content"), text, "user", Channel.USER, kind, token)


def finding(start: int, end: int, *, number: int = 0, label: str = "SECRET", **other: object) -> Finding:
    known = {
        "detector": "secrets.formats",
        "version": "1",
        "rule": "x",
        "category": Category.CREDENTIAL,
        "severity": Severity.HIGH,
        "score": 0.9,
        "segment": number,
        "start": start,
        "end": end,
        "label": label,
        "evidence": "0123456789abcdef" * 2,
    }
    return Finding(**{**known, **other})  # type: ignore[arg-type]


def cleansed(
    text: str, *owed: tuple[Finding, Effect], kind: Kind = Kind.TEXT, token: int = 3, **more: object
) -> Cleansed:
    verdicts = [Verdict(effect) for _, effect in owed]
    findings = [found for found, _ in owed]
    return cleanse([segment(text, kind, token)], findings, verdicts, TENANT, **more)  # type: ignore[arg-type]


def test_redacted_text_is_replaced_for_good() -> None:
    result = cleansed("key=abc;", (finding(4, 7), Effect.REDACT))
    assert result == Cleansed({0: "key=[REDACTED:SECRET];"}, {}, ())
    assert redaction("SECRET") == "[REDACTED:SECRET]"


def test_pseudonymised_text_leaves_its_entry() -> None:
    stand_in = TENANT.stand_in("SECRET", "abc")
    assert cleansed("key=abc;", (finding(4, 7), Effect.PSEUDONYMISE)) == Cleansed(
        {0: f"key={stand_in};"}, {stand_in: "abc"}, ()
    )


def test_a_withheld_segment_is_replaced_by_the_same_notice_each_time() -> None:
    owed = ((finding(4, 7), Effect.PSEUDONYMISE), (finding(0, 2, evidence="f" * 32), Effect.WITHHOLD))
    result = cleansed("key=abc;", *owed)
    assert result == cleansed("key=abc;", *reversed(owed))
    assert result == Cleansed({0: notice("f" * 32)}, {}, ())
    assert "finding ffffffffffff]" in result.texts[0]


@pytest.mark.parametrize("effect", [Effect.ALLOW, Effect.FLAG, Effect.HOLD, Effect.DENY])
def test_other_effects_leave_text_alone(effect: Effect) -> None:
    assert cleansed("key=abc;", (finding(4, 7), effect)) == Cleansed({}, {}, ())


@pytest.mark.parametrize("effect", [Effect.PSEUDONYMISE, Effect.REDACT, Effect.WITHHOLD])
@pytest.mark.parametrize(("kind", "token"), [(Kind.THINKING, 3), (Kind.SEALED, 3), (Kind.BINARY, 3), (Kind.TEXT, -1)])
def test_what_cannot_be_edited_is_reported(effect: Effect, kind: Kind, token: int) -> None:
    owed = ((finding(0, 1), Effect.FLAG), (finding(4, 7), effect))
    assert cleansed("key=abc;", *owed, kind=kind, token=token) == Cleansed({}, {}, (1,))


def test_what_the_vendor_thought_itself_needs_no_edit() -> None:
    owed = (finding(4, 7), Effect.PSEUDONYMISE)
    assert cleansed("key=abc;", owed, kind=Kind.THINKING, from_vendor={0}).unmet == ()
    assert cleansed("key=abc;", owed, kind=Kind.SEALED, from_vendor={0}).unmet == (0,)


def test_hidden_characters_are_removed() -> None:
    hidden = finding(2, 4, category=Category.HIDDEN_TEXT, label="TAG_BLOCK")
    assert cleansed("ab\U000e0041\U000e0042cd", (hidden, Effect.REDACT)).texts == {0: "abcd"}


def test_hidden_characters_inside_a_value_go_with_it_and_come_back_with_it() -> None:
    text = "x ab\u200bcd y"
    hidden = finding(4, 5, category=Category.HIDDEN_TEXT, label="ZERO_WIDTH")
    result = cleansed(text, (finding(2, 7), Effect.PSEUDONYMISE), (hidden, Effect.REDACT))
    assert list(result.entries.values()) == ["ab\u200bcd"]
    assert apply(result.texts[0], restore(result.texts[0], result.entries)) == text


def test_of_overlapping_findings_the_strongest_effect_covers_both() -> None:
    owed = ((finding(0, 6, label="A"), Effect.PSEUDONYMISE), (finding(4, 9, label="B"), Effect.REDACT))
    assert cleansed("0123456789", *owed) == Cleansed({0: "[REDACTED:B]9"}, {}, ())


def test_findings_that_touch_are_two() -> None:
    owed = ((finding(0, 4, label="A"), Effect.REDACT), (finding(4, 9, label="B"), Effect.REDACT))
    assert cleansed("0123456789", *owed).texts == {0: "[REDACTED:A][REDACTED:B]9"}


def test_the_same_value_has_the_same_stand_in_in_every_segment_and_turn() -> None:
    segments = [segment("a abc"), segment("abc b")]
    findings = [finding(2, 5), finding(0, 3, number=1)]
    verdicts = [Verdict(Effect.PSEUDONYMISE)] * 2
    result = cleanse(segments, findings, verdicts, TENANT)
    assert len(result.entries) == 1
    assert result.texts[0].removeprefix("a ") == result.texts[1].removesuffix(" b")
    assert result == cleanse(segments, findings, verdicts, Pseudonymiser(bytes(range(32))))


def test_a_known_stand_in_is_not_pseudonymised_again() -> None:
    stand_in = TENANT.stand_in("SECRET", "abc")
    owed = (finding(4, 4 + len(stand_in)), Effect.PSEUDONYMISE)
    assert cleansed(f"key={stand_in}", owed, known={stand_in}).texts == {}
    assert cleansed(f"key={stand_in}", owed, known=set()).texts != {}


def test_a_finding_outside_its_segment_is_a_programmer_error() -> None:
    with pytest.raises(AssertionError):
        cleansed("abc", (finding(2, 4), Effect.REDACT))


def test_the_result_does_not_show_what_it_holds() -> None:
    assert "abc" not in repr(cleansed("key=abc;", (finding(4, 7), Effect.PSEUDONYMISE)))


spans = st.lists(
    st.tuples(st.integers(0, 40), st.integers(0, 40), st.sampled_from(["EMAIL", "SECRET", "A_9"])), max_size=6
)


@given(st.text(max_size=40) | st.text(alphabet="AZ_az27@", max_size=40), spans)
def test_what_was_pseudonymised_comes_back_exactly(text: str, cuts: list[tuple[int, int, str]]) -> None:
    bound = [(min(a, b, len(text)), min(max(a, b), len(text)), label) for a, b, label in cuts]
    owed = [(finding(a, b, label=label), Effect.PSEUDONYMISE) for a, b, label in bound]
    result = cleansed(text, *owed)
    new = result.texts.get(0, text)
    assert apply(new, restore(new, result.entries)) == text
    assert (new == text) == all(a == b for a, b, _ in bound)


@given(st.text(max_size=40), spans, st.sampled_from([Effect.REDACT, Effect.PSEUDONYMISE]), st.randoms())
def test_the_order_of_findings_does_not_matter(text, cuts, effect, random) -> None:
    bound = [(min(a, b, len(text)), min(max(a, b), len(text)), label) for a, b, label in cuts]
    owed = [(finding(a, b, label=label), effect) for a, b, label in bound]
    result = cleansed(text, *owed)
    random.shuffle(owed)
    assert cleansed(text, *owed) == result
