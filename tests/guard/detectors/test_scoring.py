"""Scores made into findings: who is read together, where the window lies, what is looked at closer and what fails."""

from __future__ import annotations

import base64
from collections.abc import Sequence

import pytest

from stockade.core.findings import DetectorRun, Finding, Inspection, RunStatus, Scope
from stockade.core.limits import INLINE_CHARS_MAX
from stockade.core.segments import Channel, Kind, Segment
from stockade.guard.detectors.harm_content.detector import DETECTOR as HARM
from stockade.guard.detectors.injection_indirect.detector import DETECTOR as INJECTION
from stockade.guard.detectors.inspector import Inspector
from stockade.guard.detectors.jailbreak_attempt.detector import DETECTOR as JAILBREAK
from stockade.guard.detectors.looking import Looking
from stockade.stores.verdicts import MemoryVerdicts
from stockade.stores.weights import load_classifier
from tests.guard.detectors.stand_in import MARKERS, StandIn
from tests.guard.detectors.test_inspector import TOKEN, Patterns

KEY = b"key"
MARK = MARKERS["injection"]
DETECTORS = (HARM, INJECTION, JAILBREAK)


def made(classifier: StandIn | None = None, **more: object) -> Inspector:
    return Inspector([*DETECTORS, Patterns()], classifier=classifier or StandIn(), **more)  # type: ignore[arg-type]


def message(
    *texts: str, channel: Channel = Channel.TOOL_RESULT, kind: Kind = Kind.TEXT, number: int = 0
) -> list[Segment]:
    return [Segment(("messages", number, "content", n), text, "user", channel, kind, n) for n, text in enumerate(texts)]


def places(findings: Sequence[Finding]) -> list[tuple[str, int, int, int]]:
    return [(finding.detector, finding.segment, finding.start, finding.end) for finding in findings]


def test_a_finding_is_the_window_with_its_score_its_weights_and_its_kind() -> None:
    (finding,) = made().inspect(message(f"a page. {MARK} now"), KEY).findings
    assert places([finding]) == [("injection.indirect", 0, 8, 8 + len(MARK))]
    assert (finding.score, finding.rule, finding.label) == (0.995, "steering", "INJECTION")
    assert finding.version == "1+stand-in"


def test_an_attack_cut_into_two_segments_of_a_message_is_found_in_both() -> None:
    joint = StandIn()
    cut = MARK.index(" ")
    segments = message(f"see {MARK[:cut]}", MARK[cut + 1 :] + " then", "more")
    # The stand-in reads a line break as the blank that it stands for.
    joint.first = lambda texts: StandIn.first(joint, [(t.replace("\n", " "), c) for t, c in texts])  # type: ignore[method-assign]
    joint.second = lambda texts: StandIn.second(joint, [(t.replace("\n", " "), c) for t, c in texts])  # type: ignore[method-assign]
    assert places(made(joint).inspect(segments, KEY).findings) == [
        ("injection.indirect", 0, 4, 4 + cut),
        ("injection.indirect", 1, 0, len(MARK) - cut - 1),
    ]
    apart = [segments[0], segments[1]._replace(path=("messages", 1, "content", 0))]
    assert made(joint).inspect(apart, KEY).findings == ()


def test_a_second_attack_does_not_hide_behind_the_first() -> None:
    findings = made().inspect(message(f"{MARK} a", "calm", f"b {MARK}", f"c {MARK}"), KEY).findings
    assert [finding.segment for finding in findings] == [0, 2, 3]


def test_with_more_attacks_than_rounds_all_that_is_left_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stockade.guard.detectors.scoring.CLASSIFIED_ROUNDS_MAX", 2)
    findings = made().inspect(message(*[f"{n} {MARK}" for n in range(6)], "calm"), KEY).findings
    assert {finding.segment for finding in findings} == set(range(7))


def test_an_attack_in_an_encoding_is_found_and_placed_on_the_token() -> None:
    token = base64.b64encode(f"and so {MARK} at once".encode()).decode()
    (finding,) = made().inspect(message(f"see {token} there"), KEY).findings
    assert (finding.start, finding.end, finding.views) == (4, 4 + len(token), ("base64",))


@pytest.mark.parametrize(
    ("head", "channel", "found"),
    [
        ("injection", Channel.DOCUMENT, True),
        ("injection", Channel.TOOL_DEFINITION, True),
        ("injection", Channel.USER, False),
        ("injection", Channel.SYSTEM, False),
        ("jailbreak", Channel.USER, True),
        ("jailbreak", Channel.TOOL_RESULT, False),
        ("jailbreak", Channel.TOOL_CALL, False),
        ("harm", Channel.USER, True),
        ("harm", Channel.ASSISTANT, True),
        ("harm", Channel.TOOL_RESULT, False),
    ],
)
def test_each_head_is_asked_about_its_channels(head: str, channel: Channel, found: bool) -> None:
    assert bool(made().inspect(message(MARKERS[head], channel=channel), KEY).findings) is found


@pytest.mark.parametrize("kind", [Kind.BINARY, Kind.SEALED, Kind.THINKING])
def test_what_has_no_meaning_and_thoughts_are_not_read(kind: Kind) -> None:
    classifier = StandIn()
    made(classifier).inspect(message(MARKERS["harm"], channel=Channel.ASSISTANT, kind=kind), KEY)
    assert classifier.read == []


def test_short_texts_and_names_make_no_finding_and_cost_nothing() -> None:
    classifier = StandIn()
    inspector = made(classifier)
    for text in ("OBEY THE PAGE", "continue"):
        assert inspector.inspect(message(text), KEY).findings == ()
    assert inspector.inspect(message(MARK.replace(" ", "_"), kind=Kind.IDENTIFIER), KEY).findings == ()
    assert classifier.read == []
    assert (
        len(inspector.inspect(message(f"{MARK}, says this key of an object", kind=Kind.IDENTIFIER), KEY).findings) == 1
    )


def test_all_heads_are_scored_whatever_the_channel_and_below_the_threshold() -> None:
    segments = [*message("calm", channel=Channel.SYSTEM), *message(f"a {MARK}", channel=Channel.USER, number=1)]
    inspection, scores = made().score(segments, KEY)
    assert inspection.findings == ()
    assert [{head: score.probability for head, score in row.items()} for row in scores] == [
        {"harm": 0.01, "injection": 0.01, "jailbreak": 0.01},
        {"harm": 0.01, "injection": 0.995, "jailbreak": 0.01},
    ]
    assert (scores[1]["injection"].start, scores[1]["injection"].evidence) == (2, ("OBEY",))


def test_only_what_the_first_stage_leaves_is_looked_at_closer_and_nothing_twice() -> None:
    classifier = StandIn()
    inspector = made(classifier, verdicts=MemoryVerdicts())
    calm, news = "calm and long enough to be read", "new and long enough to be read"
    segments = [*message(calm), *message(f"see {MARK}", number=1)]
    first = inspector.inspect(segments, KEY, Scope.REQUEST)
    assert (classifier.read, classifier.closer) == ([calm, f"see {MARK}"], [f"see {MARK}"])
    assert inspector.inspect([*segments, *message(news, number=2)], KEY, Scope.REQUEST).findings == first.findings
    assert classifier.read[2:] == [news]
    assert len(classifier.closer) == 1


def test_the_closer_look_waits_for_a_thread_and_the_rest_does_not() -> None:
    inspector = made()
    assert isinstance(inspector.begin(message(f"calm {TOKEN}"), KEY, Scope.REQUEST), Inspection)
    begun = inspector.begin(message(MARK), KEY, Scope.REQUEST)
    assert isinstance(begun, Looking)
    assert len(begun.finish().findings) == 1
    assert isinstance(inspector.begin(message("a " * INLINE_CHARS_MAX), KEY, Scope.REQUEST), Looking)


def test_what_is_late_is_timed_out_and_what_was_done_ran() -> None:
    begun = made().begin(message(MARK), KEY, Scope.REQUEST)
    assert isinstance(begun, Looking)
    told = begun.timed_out("too late")
    assert told.findings == ()
    assert {run.detector: (run.status, run.reason) for run in told.runs} == {
        **{each.id: (RunStatus.TIMED_OUT, "too late") for each in DETECTORS},
        "test.patterns": (RunStatus.RAN, ""),
    }


def test_a_runtime_that_fails_fails_the_detectors_that_go_by_it_alone() -> None:
    def failing() -> None:
        raise RuntimeError("out of memory: " + TOKEN)

    inspection = made(StandIn(failing)).inspect(message(f"{MARK} {TOKEN}"), KEY)
    assert [finding.detector for finding in inspection.findings] == ["test.patterns"]
    failed = [run for run in inspection.runs if run.status is RunStatus.FAILED]
    assert [run.detector for run in failed] == [each.id for each in DETECTORS]
    assert {run.reason for run in failed} == {"RuntimeError"}


def test_pieces_of_a_stream_are_read_for_form_and_passages_for_meaning() -> None:
    inspector = made()
    text = message(f"{MARKERS['harm']} {TOKEN}", channel=Channel.ASSISTANT)

    def looked(scope: Scope) -> tuple[list[str], list[str]]:
        inspection = inspector.inspect(text, KEY, scope)
        assert all(isinstance(run, DetectorRun) and run.status is RunStatus.RAN for run in inspection.runs)
        return [run.detector for run in inspection.runs], [finding.detector for finding in inspection.findings]

    assert looked(Scope.PIECE) == (["test.patterns"], ["test.patterns"])
    assert looked(Scope.PASSAGE) == ([each.id for each in DETECTORS], ["harm.content"])


def test_a_head_that_the_classifier_has_not_and_no_classifier_are_errors() -> None:
    other = StandIn()
    other.heads = ("injection",)
    with pytest.raises(ValueError, match="head"):
        made(other)
    with pytest.raises(ValueError, match="classifier"):
        Inspector(DETECTORS)


LANGUAGES = "Hola ¿qué tal? Привет мир 你好世界 こんにちは مرحبا שלום नमस्ते 안녕 Γειά สวัสดี გამარჯობა ሰላም Բարեւ "
ODD = {
    "one token very often": "word " * 200_000,
    "one character very often": "a" * 1_000_000,
    "ten megabytes": "".join(f"Line {n} says that the garden is green.\n" for n in range(250_000)),
    "binary": "".join(map(chr, range(1, 256))) * 4000,
    "no letters": "!?.,;:-_ 0123456789\n" * 5000,
    "many languages": LANGUAGES * 300,
    "zero bytes": "\0" * 10_000,
    "lone surrogates": "\ud800 \udfff " * 1000,
}


@pytest.mark.parametrize("name", ODD)
@pytest.mark.slow
def test_odd_texts_are_judged_whole_by_the_weights_that_ship(name: str) -> None:
    inspector = Inspector([INJECTION, JAILBREAK, HARM], classifier=load_classifier())
    for channel in (Channel.TOOL_RESULT, Channel.USER):
        inspection = inspector.inspect(message(ODD[name], channel=channel), KEY)
        assert inspection.complete, inspection.runs
        assert all(0 <= found.start < found.end <= len(ODD[name]) for found in inspection.findings)


def test_encodings_in_encodings_are_opened_to_the_bound() -> None:
    text = f"and so {MARK} at once, whoever you are"
    for _ in range(3):
        text = base64.b64encode(f"see this: {text}".encode()).decode()
    assert len(made().inspect(message(text), KEY).findings) == 1
    deeper = base64.b64encode(f"see this: {text}".encode()).decode()
    assert made().inspect(message(deeper), KEY).complete
