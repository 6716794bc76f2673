"""Cases: read strictly, judged on effect, rules and shadow; a near miss that still decides is a failure."""

from pathlib import Path

import pytest

from stockade.core.errors import ConfigError
from stockade.govern.policy.cases import read_cases, run_cases
from stockade.stores.policy_files import load_policy

CASE = """\
cases:
  - name: one
    facts: {action: prompt, category: credential}
    effect: pseudonymise
    rules: [credential-in-prompt]
"""


def faults(tmp_path: Path, text: str, *policy: str) -> list[str]:
    path = tmp_path / "a.cases.yaml"
    path.write_text(text)
    return [each.fault for each in run_cases(load_policy(policy), read_cases(path).cases) if each.fault]


def test_a_case_holds_with_its_variations(tmp_path: Path) -> None:
    assert faults(tmp_path, CASE + "    also: [{score: 500}]\n    unless: [{score: 499}, {origin: vendor}]\n") == []


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (("effect: pseudonymise", "effect: deny"), "it is pseudonymise by credential-in-prompt, not deny"),
        (("rules: [credential-in-prompt]", "rules: [vendor-wrote-it]"), "vendor-wrote-it does not decide"),
        (("rules: [credential-in-prompt]", "rules: [gone]"), "there is no rule gone"),
        (("rules: [", "unless: [{score: 600}]\n    rules: ["), "{action: prompt, score: 600}: credential-in-prompt"),
        (("rules: [", "also: [{score: 400}]\n    rules: ["), "{action: prompt, score: 400}: it is flag"),
        (("rules: [", "shadow: deny\n    rules: ["), "in shadow it is nothing, not deny"),
    ],
)
def test_what_is_otherwise_is_told(tmp_path: Path, change: tuple[str, str], what: str) -> None:
    (fault,) = faults(tmp_path, CASE.replace(*change))
    assert what in fault


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (("effect:", "efect:"), 'did you mean "effect"?'),
        (("category: credential", "category: credentials"), "must be one of"),
        (("action: prompt", "action: fly"), "must be one of"),
        (("action: prompt, ", ""), "must say the action"),
        (("category: credential", "path: a.py"), "prompt is told nothing of path"),
        (("effect: pseudonymise", "effect: pseudonymise\n    also: [{action: complete}]"), "cannot change the action"),
        (("category: credential", "score: 1001"), "must be from 0 to 1,000"),
        (("category: credential", 'rule: "a\\0"'), "must be text"),
    ],
)
def test_a_case_that_cannot_be_meant_is_refused_with_its_place(
    tmp_path: Path, change: tuple[str, str], what: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        faults(tmp_path, CASE.replace(*change))
    assert what in caught.value.public
    assert "a.cases.yaml:" in caught.value.public


def test_a_file_may_name_the_policy_it_is_about(tmp_path: Path) -> None:
    path = tmp_path / "a.cases.yaml"
    path.write_text("policy: [strict, own/rules.cedar]\n" + CASE)
    assert read_cases(path).policy == ("strict", str(tmp_path / "own/rules.cedar"))
