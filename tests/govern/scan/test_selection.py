"""The selection of findings: severities and rule names, and no name that fits nothing."""

import pytest

from stockade.core.errors import ConfigError
from stockade.core.findings import Category, Finding, Severity
from stockade.govern.scan.selection import Selection, rule_names
from stockade.guard.detectors.catalog import discover

FINDING = Finding("a.b", "1", "one_rule", Category.CREDENTIAL, Severity.MEDIUM, 0.9, 0, 0, 1, "L", "e")


@pytest.mark.parametrize(
    ("selection", "kept"),
    [
        (Selection(), True),
        (Selection(Severity.MEDIUM), True),
        (Selection(Severity.HIGH), False),
        (Selection(rules=("one_rule",)), True),
        (Selection(rules=("a.b/one_rule",)), True),
        (Selection(rules=("a.*/*",)), True),
        (Selection(rules=("other", "one_*")), True),
        (Selection(rules=("b/one_rule",)), False),
        (Selection(rules=("one",)), False),
        (Selection(excluded=("one_rule",)), False),
        (Selection(rules=("one_rule",), excluded=("a.b/*",)), False),
        (Selection(excluded=("other",)), True),
    ],
)
def test_a_finding_is_kept_or_left_out(selection: Selection, kept: bool) -> None:
    assert selection.keeps(FINDING) is kept


def test_every_rule_of_every_detector_has_a_name() -> None:
    names = rule_names(discover())
    assert {"secrets.credentials/aws_access_key_id", "unicode.hidden/tag_characters"} <= set(names)


def test_a_name_that_no_rule_has_is_refused() -> None:
    Selection(rules=("one_rule",), excluded=("a.b/*",)).check(["a.b/one_rule"])
    with pytest.raises(ConfigError, match="one_rul"):
        Selection(rules=("one_rul",)).check(["a.b/one_rule"])
    with pytest.raises(ConfigError, match="b/"):
        Selection(excluded=("b/*",)).check(["a.b/one_rule"])
