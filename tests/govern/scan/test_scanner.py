"""The scanner: what it says of a text, and that it never calls clean what no guard saw."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from stockade.core.decisions import Effect
from stockade.core.errors import ConfigError, GuardFailedError
from stockade.core.facts import Action
from stockade.core.findings import Category, Severity
from stockade.core.segments import Channel
from stockade.govern.scan import Scanner, Selection, Text
from stockade.govern.scan.scanner import load_policy
from stockade.guard.detectors.detector import RawFinding, Reads

KEY = "AKIA" + "Z7QW3RT5" + "YU2I4OPA"
MAIL = "joe.fisher" + "@" + "acme-corp.io"


class Words:
    """A detector of the word `secret`, which breaks on the word `broken`."""

    id = "test.words"
    version = "1"
    category = Category.CREDENTIAL
    reads = Reads.ALL
    rules = ("word",)

    def inspect(self, text: str) -> Iterator[RawFinding]:
        if "broken" in text:
            raise RuntimeError(text)
        for match in re.finditer("secret", text):
            yield RawFinding("word", Severity.HIGH, 0.9, "WORD", *match.span())


@pytest.fixture(scope="module")
def scanner() -> Scanner:
    return Scanner()


def test_a_clean_text_has_a_zero_for_every_category(scanner: Scanner) -> None:
    result = scanner.scan("The build takes ten minutes and leaves its report in the folder of the job.")
    assert (result.findings, result.effect) == ((), Effect.ALLOW)
    assert result.scores.keys() == set(Category)
    assert {name: score for name, score in result.scores.items() if score >= 0.5} == {}
    assert [result.scores[category] for category in (Category.CREDENTIAL, Category.PERSONAL_DATA)] == [0.0, 0.0]


def test_findings_scores_and_effect_belong_together(scanner: Scanner) -> None:
    result = scanner.scan(f"ключ {KEY} and {MAIL}")
    assert [finding.rule for finding in result.findings] == ["aws_access_key_id", "email_address"]
    assert (result.findings[0].start, result.findings[0].end) == (5, 25)
    assert len(result.verdicts) == 2
    assert result.effect is Effect.PSEUDONYMISE
    assert result.scores[Category.CREDENTIAL] == result.findings[0].score > 0
    assert result.scores[Category.HIDDEN_TEXT] == 0.0


def test_the_channel_and_the_side_reach_policy(scanner: Scanner) -> None:
    assert scanner.scan(MAIL, "tool_definition").effect is Effect.FLAG
    assert Scanner(side=Action.COMPLETE).scan(KEY).effect is Effect.REDACT
    with pytest.raises(ValueError, match="nobody"):
        scanner.scan(MAIL, "nobody")


def test_redacted_text_has_labels_in_place_of_values_and_is_clean(scanner: Scanner) -> None:
    cleaned = scanner.redact(f"a={KEY};\r\nto {MAIL}\u200b\u200b!")
    assert KEY not in cleaned
    assert cleaned.startswith("a=[REDACTED:AWS_ACCESS_KEY_ID];\r\nto [REDACTED:EMAIL_ADDRESS]")
    assert scanner.scan(cleaned).findings == ()


def test_texts_scanned_together_give_what_each_gives_alone(scanner: Scanner) -> None:
    texts = [Text(""), Text(KEY), Text("plain", Channel.SYSTEM), Text(f"é {MAIL}", Channel.TOOL_DEFINITION)]
    assert scanner.scan_all(texts) == [scanner.scan(text.text, text.channel) for text in texts]
    assert scanner.scan_all([]) == []


def test_a_guard_that_fails_is_an_error_and_only_for_the_text_that_broke_it() -> None:
    scanner = Scanner(detectors=[Words()])
    clean, broken, found = scanner.scan_all([Text("fine"), Text("broken secret"), Text("a secret")])
    assert not isinstance(clean, GuardFailedError)
    assert clean.findings == ()
    assert not isinstance(found, GuardFailedError)
    assert [(finding.segment, finding.start) for finding in found.findings] == [(0, 2)]
    assert isinstance(broken, GuardFailedError)
    assert "RuntimeError" in broken.public
    assert "secret" not in broken.public
    with pytest.raises(GuardFailedError):
        scanner.scan("broken")


def test_without_a_detector_nothing_is_clean() -> None:
    with pytest.raises(GuardFailedError):
        Scanner(detectors=[]).scan("text")


def test_a_policy_of_ones_own_decides(tmp_path: Path) -> None:
    path = tmp_path / "own.cedar"
    path.write_text('@id("no") @reason("No.") forbid (principal, action, resource);', "utf-8")
    assert Scanner(policy=load_policy([str(path)]), detectors=[Words()]).scan("secret").effect is Effect.DENY
    path.write_text("forbid", "utf-8")
    with pytest.raises(ConfigError, match=r"own\.cedar"):
        load_policy([str(path)])
    with pytest.raises(ConfigError, match="cannot be read"):
        load_policy([str(tmp_path / "missing.cedar")])


def test_a_selection_leaves_findings_and_their_scores_out(scanner: Scanner) -> None:
    del scanner
    chosen = Scanner(selection=Selection(rules=("email_address",)))
    result = chosen.scan(f"{KEY} {MAIL}")
    assert [finding.rule for finding in result.findings] == ["email_address"]
    assert result.scores[Category.CREDENTIAL] == 0.0
