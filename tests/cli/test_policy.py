"""`stockade policy` as a person uses it: exit status, words, and the whole way of a rule from shadow into force."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from stockade.cli.main import main
from stockade.gateway import policy_watch
from stockade.stores.policy_files import PACKS, packs
from stockade.testing.fake_vendor import FakeVendor
from stockade.testing.gate import RunningGate, settings_for
from tests.clients.gates import CARD
from tests.gateway.wire import MESSAGES, body_for, send

TRIED = """\
// builds on: baseline

@id("own-no-cards") @mode("shadow") @effect("deny")  // tried since Monday: @mode("shadow")
@reason("Our house rule: no card numbers here.")
forbid (principal, action == Stockade::Action::"prompt", resource)
when { context.rule == "payment_card" };
"""
CASES = """\
cases:
  - name: a card is refused
    facts: {action: prompt, category: personal_data, rule: payment_card}
    effect: EFFECT
    rules: [own-no-cards]
    unless:
      - {rule: iban}
prove:
  - never forward when { !resource.approved } unless { principal in Stockade::Team::"evaluators" }
"""


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def run(*arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(main, ["policy", *arguments], input=stdin)


def test_the_baseline_is_checked_where_nothing_is_named() -> None:
    result = run("check")
    assert (result.exit_code, " 0 faults; sha256:" in result.stdout) == (0, True)


def test_a_fault_has_file_and_line_and_ends_with_status_1(tmp_path: Path) -> None:
    own = tmp_path / "own.cedar"
    own.write_text(TRIED.replace('"payment_card"', '"payment_card" && context.score > 1000'))
    result = run("check", str(own))
    assert result.exit_code == 1
    assert "own.cedar:3: fault: own-no-cards: never-fires: no facts fulfil its conditions" in result.stdout


def test_rules_that_do_not_load_are_trouble(tmp_path: Path) -> None:
    (tmp_path / "own.cedar").write_text("forbid (")
    result = run("check", "./own.cedar")
    assert (result.exit_code, "own.cedar, line 1" in result.stderr) == (2, True)


def test_cases_beside_a_policy_are_tried(tmp_path: Path) -> None:
    (tmp_path / "own.cedar").write_text(TRIED.replace('@mode("shadow") @effect', "@effect"))
    (tmp_path / "own.cases.yaml").write_text(CASES.replace("EFFECT", "deny"))
    result = run("test", "./own.cedar")
    assert (result.exit_code, result.stdout.splitlines()[-1].endswith(" hold")) == (0, True)
    (tmp_path / "own.cases.yaml").write_text(CASES.replace("EFFECT", "redact"))
    result = run("test", "own.cases.yaml")
    assert result.exit_code == 1
    assert (
        "a card is refused: {action: prompt, rule: payment_card, category: personal_data}: it is deny" in result.stdout
    )
    (tmp_path / "own.cases.yaml").write_text(CASES.replace("category:", "categori:"))
    result = run("test", "own.cases.yaml")
    assert (result.exit_code, 'did you mean "category"?' in result.stderr) == (2, True)


def test_a_statement_is_proved_or_a_counterexample_printed() -> None:
    result = run("prove", "never forward when { !resource.listed }")
    assert (result.exit_code, result.stdout.splitlines()[0]) == (0, "proved: never forward when { !resource.listed }")
    result = run("prove", "never prompt when { !context.editable }", "--policy", "strict")
    assert result.exit_code == 1
    assert "counterexample: {action: prompt, " in result.stdout
    assert run("prove", "never forwards").exit_code == 2
    for pack in packs():  # what a pack says of itself; what it builds on says is not asked of it
        result = run("prove", "--policy", pack)
        assert (result.exit_code, "refuted" in result.stdout) == (0, False)


def test_ones_own_statements_are_proved_of_the_whole_policy(tmp_path: Path) -> None:
    (tmp_path / "own.cedar").write_text(TRIED)
    (tmp_path / "own.cases.yaml").write_text("prove: ['always forward when { resource.approved }']\n")
    assert run("prove", "--policy", "baseline", "--policy", "./own.cedar").stdout.startswith("proved: always forward")
    result = run("prove", "--policy", "strict", "--policy", "./own.cedar")
    assert (result.exit_code, result.stdout.count("refuted:"), result.stdout.count("proved:")) == (1, 1, 0)


def test_policies_are_compared_on_all_facts() -> None:
    assert run("diff", "baseline", "baseline").exit_code == 0
    result = run("diff", "baseline", "strict")
    assert result.exit_code == 1
    assert "strict-no-workspace: 3 stricter, 0 looser" in result.stdout
    assert "looser" not in result.stdout.splitlines()[0]
    assert run("diff", "strict", "baseline").stdout.startswith("looser")


def test_policies_are_compared_on_the_facts_of_cases() -> None:
    result = run("diff", "baseline", "shadow", "--cases", str(PACKS / "baseline.cases.yaml"))
    assert result.exit_code == 1
    assert "prompt: pseudonymise (credential-in-prompt) -> allow (allow-prompt)" in result.stdout


def test_a_rule_goes_from_shadow_into_force(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy_watch, "POLICY_POLL_S", 0.02)
    own, data = tmp_path / "own.cedar", tmp_path / "data"
    own.write_text(TRIED)
    named = ("--policy", str(own), "--data-dir", str(data))
    with (
        FakeVendor.start() as vendor,
        RunningGate.start(settings_for(vendor.base_url, data, policy=(str(own),))) as gate,
    ):
        for text in ("hello", f"my card is {CARD}", f"and {CARD} again"):
            assert send(gate, MESSAGES, body_for(MESSAGES, text)).status == 200
        gate.outcome(3)
        tried = next(one for one in gate.records("intent") if one.get("shadow"))
        assert (tried["effect"], tried["shadow"], tried["shadow_rules"]) == ("pseudonymise", "deny", ["own-no-cards"])

        result = run("explain", tried["id"], *named)
        assert result.exit_code == 0, result.stderr
        assert "pseudonymise by personal-data-in-prompt; in shadow deny by own-no-cards" in result.stdout
        assert "flag by weak-finding-in-prompt if score were 499" in result.stdout

        compared = run("diff", f"baseline,{own}", "strict", "--recorded", "--since", "1h", "--data-dir", str(data))
        assert "forward: allow (allow-forward) -> deny (strict-no-workspace)" in compared.stdout

        refused = run("promote", "own-no-cards", *named, stdin="n\n")
        assert refused.exit_code == 1
        assert own.read_text() == TRIED
        assert "3 exchanges were judged while it stood with this text" in refused.stdout
        assert "2 times in 2 exchanges; 2 times it would have changed what was done" in refused.stdout
        assert "2  pseudonymise -> deny" in refused.stdout

        assert run("promote", "own-no-cards", *named, "--yes").exit_code == 0
        assert own.read_text() == TRIED.replace('@mode("shadow") @effect', '@mode("enforce") @effect')
        gate.wait_for(lambda: "policy_reloaded" in gate.log)
        assert send(gate, MESSAGES, body_for(MESSAGES, f"my card is {CARD}")).status == 403
        denied = gate.outcome(4)
        assert "own-no-cards" in run("explain", denied["refusal"], *named).stdout
    assert run("promote", "own-no-cards", *named, "--yes").exit_code == 2


def test_nothing_recorded_is_no_evidence_and_no_explanation(tmp_path: Path) -> None:
    (tmp_path / "own.cedar").write_text(TRIED)
    (tmp_path / "data" / "ledger").mkdir(parents=True)
    result = run("promote", "own-no-cards", "--policy", "./own.cedar", "--data-dir", "data", stdin="n\n")
    assert "there is no evidence" in result.stdout
    assert run("explain", "ex_1", "--data-dir", "data").exit_code == 1
