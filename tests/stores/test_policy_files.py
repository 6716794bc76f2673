"""Policy files: packs, paths, folders, what builds on what, and what is never read half."""

from pathlib import Path

import pytest

from stockade.core.errors import ConfigError
from stockade.stores import policy_files as module
from stockade.stores.policy_files import PACKS, bases, load_policy, packs, policy_files, stamp

RULE = '@id("{0}") @reason("R.") @effect("deny") forbid (principal, action == Stockade::Action::"forward", resource);\n'


def write(path: Path, *lines: str) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(lines), encoding="utf-8")
    return str(path)


def modes(*names: str) -> dict[str, tuple[bool, tuple[str, ...]]]:
    return {file.source.name: (file.source.in_shadow, file.source.enforced) for file in policy_files(names)}


def test_nothing_named_is_the_baseline() -> None:
    assert modes() == {"baseline.cedar": (False, ())}
    assert load_policy(()).digest == load_policy(["baseline"]).digest


def test_a_word_is_a_pack_and_anything_else_a_path(tmp_path: Path) -> None:
    own = write(tmp_path / "own.cedar", RULE.format("mine"))
    assert modes("baseline", own) == {"baseline.cedar": (False, ()), "own.cedar": (False, ())}
    with pytest.raises(ConfigError, match='no policy pack "basline"; there are baseline, coding-agent'):
        policy_files(["basline"])


def test_a_folder_is_its_files_named_by_where_they_stand(tmp_path: Path) -> None:
    write(tmp_path / "policy" / "a.cedar", RULE.format("a"))
    write(tmp_path / "policy" / "team" / "a.cedar", RULE.format("b"))
    write(tmp_path / "policy" / "notes.txt", "no rule")
    assert sorted(modes("baseline", str(tmp_path / "policy"))) == ["a.cedar", "baseline.cedar", "team/a.cedar"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigError, match=r"holds no \.cedar file"):
        policy_files([str(tmp_path / "empty")])


def test_a_file_brings_along_what_it_builds_on(tmp_path: Path) -> None:
    own = write(tmp_path / "own.cedar", "// builds on: strict in shadow\n", RULE.format("mine"))
    assert modes(own) == {"own.cedar": (False, ()), "strict.cedar": (True, ()), "baseline.cedar": (True, ())}
    tried = load_policy([own])
    assert not tried.rules["mine"].shadow
    assert tried.rules["strict-no-workspace"].shadow
    assert not tried.rules["jailbreak-suspected"].shadow  # a flag changes nothing, so it flags
    assert not tried.rules["allow-forward"].shadow


def test_what_is_asked_for_in_force_is_in_force(tmp_path: Path) -> None:
    lines = ("// builds on: strict in shadow\n", "// builds on: baseline\n", RULE.format("mine"))
    for n, order in enumerate((lines, (lines[1], lines[0], lines[2]))):
        own = write(tmp_path / f"own{n}.cedar", *order)
        assert modes(own) == {f"own{n}.cedar": (False, ()), "strict.cedar": (True, ()), "baseline.cedar": (False, ())}
    assert load_policy(["shadow"]).digest != load_policy(["shadow", "baseline"]).digest


def test_single_rules_are_taken_out_of_shadow(tmp_path: Path) -> None:
    line = "// builds on: baseline in shadow except credential-in-prompt, hidden-text-in-prompt\n"
    policy = load_policy([write(tmp_path / "own.cedar", line)])
    assert not policy.rules["credential-in-prompt"].shadow
    assert not policy.rules["hidden-text-in-prompt"].shadow
    assert policy.rules["jailbreak-in-prompt"].shadow
    with pytest.raises(ConfigError, match=r'baseline.cedar has no rule "gone"'):
        load_policy([write(tmp_path / "two.cedar", "// builds on: baseline in shadow except gone\n")])


@pytest.mark.parametrize(
    "line",
    [
        "// builds on baseline",
        "// Builds on: baseline",
        "//builds on: baseline",
        "// builds on: baseline, strict",
        "// builds on: baseline in the shadow",
        "// builds on: baseline except credential-in-prompt",
    ],
)
def test_a_line_that_nearly_says_what_it_builds_on_is_an_error(line: str) -> None:
    with pytest.raises(ConfigError, match=r"own.cedar, line 2: this line must read"):
        list(bases("own.cedar", f"// mine\n{line}\n"))


def test_a_file_that_changes_while_it_is_read_is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = Path(write(tmp_path / "own.cedar", "// builds on: baseline\n", RULE.format("one"), RULE.format("two")))
    real = Path.open

    def opened(path: Path, *arguments: object, **named: object) -> object:
        file = real(path, *arguments, **named)
        if path == own:
            with real(path, "a") as writer:
                writer.write(RULE.format("three"))
        return file

    monkeypatch.setattr(Path, "open", opened)
    with pytest.raises(ConfigError, match="changed while it was read"):
        load_policy([str(own)])


@pytest.mark.parametrize(("raw", "what"), [(b"\xff", "not UTF-8"), (b"/" * 1_048_577, "larger than 1048576 bytes")])
def test_what_cannot_be_read_is_named(tmp_path: Path, raw: bytes, what: str) -> None:
    (tmp_path / "own.cedar").write_bytes(raw)
    with pytest.raises(ConfigError, match=what):
        load_policy([str(tmp_path / "own.cedar")])
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        load_policy([str(tmp_path / "gone.cedar")])


def test_the_stamp_notices_every_change(tmp_path: Path) -> None:
    write(tmp_path / "p" / "a.cedar", RULE.format("a"))
    names = [str(tmp_path / "p"), "baseline"]
    seen = [stamp(names)]
    write(tmp_path / "p" / "a.cedar", RULE.format("a"), "//\n")
    seen.append(stamp(names))
    write(tmp_path / "p" / "b.cedar", RULE.format("b"))
    seen.append(stamp(names))
    (tmp_path / "p" / "a.cedar").unlink()
    seen.append(stamp(names))
    (tmp_path / "p" / "b.cedar").unlink()
    seen.append(stamp(names))
    assert len(set(seen)) == 5


def test_every_pack_loads_alone() -> None:
    for name in packs():
        assert load_policy([name]).rules
    assert module.PACKS == PACKS
