"""Promoting: one word changes and nothing else, or the line that takes a pack in shadow; a shipped file never."""

from pathlib import Path

import pytest

from stockade.core.decisions import Effect
from stockade.core.errors import ConfigError
from stockade.govern.policy.promoting import edit_for, evidence, write
from stockade.stores.ledger_reader import Entry
from stockade.stores.policy_files import load_policy

RULE = (
    '@id("{0}")\n@mode( "shadow" )\n@reason("It says @mode(\\"shadow\\").") // @mode("shadow")\n'
    'forbid (principal, action == Stockade::Action::"forward", resource)\n'
    'when {{ resource.name == "@mode" }};\r\n'
)


def promoted(path: Path, rule: str) -> str:
    write(edit_for([str(path)], rule))
    return path.read_bytes().decode()


def test_the_annotation_changes_and_every_other_byte_stays(tmp_path: Path) -> None:
    own = tmp_path / "own.cedar"
    before = "// é builds nothing\n" + RULE.format("one") + RULE.format("two")
    own.write_bytes(("// builds on: baseline\n" + before).encode())
    own.chmod(0o640)
    after = promoted(own, "two")
    one, two = after.split('@id("two")')
    assert one == "// builds on: baseline\n" + before.split('@id("two")')[0]
    assert two == before.split('@id("two")')[1].replace('@mode( "shadow" )', '@mode( "enforce" )', 1)
    assert own.stat().st_mode & 0o777 == 0o640
    assert {name: rule.shadow for name, rule in load_policy([str(own)]).rules.items() if name in ("one", "two")} == {
        "one": True,
        "two": False,
    }
    assert [path.name for path in tmp_path.iterdir()] == ["own.cedar"]


@pytest.mark.parametrize(
    ("line", "rule", "expected"),
    [
        (
            "// builds on: baseline in shadow",
            "credential-in-prompt",
            "// builds on: baseline in shadow except credential-in-prompt\n",
        ),
        (
            "// builds on: baseline in shadow except credential-in-prompt",
            "hidden-text-in-prompt",
            "// builds on: baseline in shadow except credential-in-prompt, hidden-text-in-prompt\n",
        ),
        (
            "// builds on: strict in shadow",
            "credential-in-prompt",
            "// builds on: strict in shadow\n// builds on: baseline in shadow except credential-in-prompt\n",
        ),
    ],
)
def test_a_rule_of_a_pack_is_taken_out_of_shadow_by_the_line(
    tmp_path: Path, line: str, rule: str, expected: str
) -> None:
    own = tmp_path / "own.cedar"
    own.write_text(line + "\n")
    assert promoted(own, rule) == expected
    assert not load_policy([str(own)]).rules[rule].shadow


@pytest.mark.parametrize(
    ("names", "rule", "what"),
    [
        (["shadow"], "credential-in-prompt", "not yours to edit"),
        (["baseline"], "credential-in-prompt", "in force already"),
        (["baseline"], "gone", 'no rule "gone"'),
    ],
)
def test_what_cannot_be_promoted_says_why(names: list[str], rule: str, what: str) -> None:
    with pytest.raises(ConfigError, match=what):
        edit_for(names, rule)


def test_a_file_that_changed_meanwhile_is_not_written_over(tmp_path: Path) -> None:
    own = tmp_path / "own.cedar"
    own.write_text("// builds on: baseline in shadow\n")
    edit = edit_for([str(own)], "credential-in-prompt")
    own.write_text("// builds on: strict\n")
    with pytest.raises(ConfigError, match="changed meanwhile"):
        write(edit)
    assert own.read_text() == "// builds on: strict\n"


def test_evidence_counts_for_the_text_it_was_gathered_with(tmp_path: Path) -> None:
    own = tmp_path / "own.cedar"
    own.write_text("// builds on: baseline\n" + RULE.format("one"))
    rule = load_policy([str(own)]).rules["one"]
    place = {"id": "none", "environment": "unknown", "sensitivity": 0, "data_class": "unknown"}
    call = {"tenant": "t", "principal_kind": "key", "teams": [], "roles": [], "model": "m", "model_listed": True}
    call |= {"model_approved": True, "dialect": "d", "asserted_by": "none", "workspace": place, "kind": "intent"}
    fired = {"effect": "flag", "rules": ["x"], "shadow": "deny", "shadow_rules": ["one"]}

    def event(policy: str, *rules: str) -> dict[str, object]:
        return {"kind": "event", "event": "started", "subject": policy, "rules": list(rules)}

    def intent(number: int, policy: str, forward: dict[str, object]) -> dict[str, object]:
        told = {"id": f"ex-{number}", "at": f"2026-01-0{number}", "principal": f"k-{number}", "policy": policy}
        return {**call, **told, "forward": forward}

    records = [
        event("old", "one@000000000000"),
        intent(1, "old", fired),
        event("new", f"one@{rule.version}", "other@1"),
        intent(2, "new", fired),
        intent(3, "new", {"effect": "allow", "rules": []}),
        intent(4, "new", {**fired, "effect": "deny"}),
        intent(5, "unknown", fired),
    ]
    entries = [Entry(Path("log"), number, fields) for number, fields in enumerate(records)]
    found = evidence(rule, lambda: iter(entries))
    assert (found.exchanges, found.fired, found.changed) == (3, 2, 1)
    assert (found.first, found.last) == ("2026-01-02", "2026-01-04")
    assert found.effects == {(Effect.FLAG, Effect.DENY): 1, (Effect.DENY, Effect.DENY): 1}
    assert dict(found.principals) == {"k-2": 1, "k-4": 1}
