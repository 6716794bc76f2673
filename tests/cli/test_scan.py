"""`stockade scan` from the outside: what is printed, what is not, and the exit status."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from stockade.cli import scan
from stockade.cli.main import main
from stockade.govern.scan import Scanner, sources
from stockade.govern.scan import scanner as scanner_module
from tests.govern.scan.test_scanner import KEY, MAIL, Words

TEXT = f"first\nkey = {KEY}\nmail {MAIL}\n"
CLEANED = "first\nkey = [REDACTED:AWS_ACCESS_KEY_ID]\nmail [REDACTED:EMAIL_ADDRESS]\n"


@pytest.fixture(scope="module", autouse=True)
def one_compilation() -> Any:
    """Compile the patterns once for all tests of this file; the subprocess tests do it for real."""
    with pytest.MonkeyPatch.context() as patch:
        detectors = scanner_module.discover()
        inspector = scanner_module.Inspector(detectors, classifier=scanner_module.load_classifier())
        whole = scanner_module.Inspector

        def compiled(given: Any, **kept: Any) -> Any:
            return inspector if given == detectors else whole(given, **kept)

        patch.setattr(scanner_module, "Inspector", compiled)
        patch.setattr(scanner_module, "discover", lambda: detectors)
        yield


def run(*arguments: object, stdin: str | bytes | None = None) -> Result:
    return CliRunner().invoke(main, ["scan", *map(str, arguments)], input=stdin)


def process(*arguments: object, stdin: bytes | None = b"", **more: Any) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "stockade.cli.main", "scan", *map(str, arguments)]
    return subprocess.run(command, input=stdin, capture_output=True, check=False, **more)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "r"
    (root / "sub").mkdir(parents=True)
    (root / "clean.txt").write_text("nothing here\n", "utf-8")
    (root / "sub" / "keys.txt").write_text(TEXT, "utf-8")
    (root / "image.png").write_bytes(b"\x89PNG\0\0")
    return root


def test_findings_have_a_place_a_rule_and_a_masked_excerpt(folder: Path) -> None:
    result = run(folder)
    assert result.exit_code == 1
    first, second, summary = result.stdout.splitlines()
    assert first.split() == [
        f"{folder}/sub/keys.txt:2:7",
        "critical",
        "secrets.credentials/aws_access_key_id",
        "AKIA...",
        "(20",
        "characters)",
        "pseudonymise",
    ]
    assert second.startswith(f"{folder}/sub/keys.txt:3:6  medium    pii.personal/email_address  ... (")
    assert summary == "2 findings in 1 file; 2 files scanned, 1 binary skipped."
    assert result.stderr == ""


def test_the_status_says_clean_findings_or_trouble_and_trouble_wins(folder: Path) -> None:
    assert run(folder / "clean.txt").exit_code == 0
    assert run(folder / "sub").exit_code == 1
    for paths in ([folder / "missing"], [folder, folder / "missing"], [folder / "clean.txt", folder / "missing"]):
        result = run(*paths)
        assert result.exit_code == 2
        assert "missing: not scanned: no such file" in result.stderr
        assert "1 NOT SCANNED" in result.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["--channel", "nobody"],
        ["--side", "both"],
        ["--min-severity", "none"],
        ["--rule", "no_such_rule"],
        ["--policy", "no-such-file.cedar"],
        ["--json", "--jsonl"],
        ["--json", "--redact"],
        ["--output-dir", "x"],
        ["--jobs", "0"],
        ["--nonsense"],
        ["-", "-"],
    ],
)
def test_a_wrong_option_is_trouble(arguments: list[str]) -> None:
    result = run(*arguments, stdin="text")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr


def test_the_standard_input_is_read_without_a_path_or_for_a_dash(folder: Path) -> None:
    assert run(stdin=TEXT).stdout.startswith("<stdin>:2:7  critical")
    result = run("-", folder / "clean.txt", stdin=TEXT)
    assert (result.exit_code, result.stdout.splitlines()[-1]) == (1, "2 findings in 1 file; 2 files scanned.")
    assert run(stdin="").exit_code == 0
    assert run(stdin=b"\0\1").exit_code == 2


def test_one_document_for_machines(folder: Path) -> None:
    result = run("--json", folder, folder / "missing")
    document = json.loads(result.stdout)
    assert result.exit_code == 2
    (file,) = document["files"]
    assert file["path"] == f"{folder}/sub/keys.txt"
    assert [(each["line"], each["column"], each["rule"]) for each in file["findings"]] == [
        (2, 7, "aws_access_key_id"),
        (3, 6, "email_address"),
    ]
    assert [TEXT[each["start"] : each["end"]] for each in file["findings"]] == [KEY, MAIL]
    assert document["troubles"] == [{"path": f"{folder}/missing", "error": "no such file or directory"}]
    assert document["summary"]["files_scanned"] == 2
    assert document["summary"]["bytes_scanned"] == len(TEXT) + len("nothing here\n")
    assert document["summary"]["files_binary"] == 1


def test_lines_in_lines_out() -> None:
    good = json.dumps({"id": "é", "text": f"🔑 {KEY}"})
    result = run("--jsonl", stdin=f'{good}\nbroken {KEY}\n{{"id": 2, "text": "plain"}}')
    first, second, third = map(json.loads, result.stdout.splitlines())
    assert result.exit_code == 2
    assert (first["id"], first["findings"][0]["start"], first["effect"]) == ("é", 2, "pseudonymise")
    assert (second["id"], second["line"]) == (None, 2)
    scores = third.pop("scores")
    assert third == {"id": 2, "findings": [], "effect": "allow"}
    of_form = ("credential", "exfiltration", "hidden_text", "personal_data", "prompt_leak")
    assert [scores.pop(name) for name in of_form] == [0.0] * 5
    assert scores.keys() == {"harm", "injection", "jailbreak"}
    assert all(0 < score < 1 for score in scores.values())
    assert run("--jsonl", stdin=good).exit_code == 1
    explained = json.loads(run("--jsonl", "--explain", stdin='{"id": 2, "text": "plain"}').stdout)["explanation"]
    assert explained.keys() == scores.keys()
    assert explained["injection"].keys() == {"score", "threshold", "start", "end", "evidence"}
    assert explained["injection"]["score"] == scores["injection"]
    assert run("--jsonl", stdin='{"id": 1, "text": ""}').exit_code == 0
    assert run("--jsonl", stdin="").exit_code == 0


def test_lines_come_from_files_too(tmp_path: Path) -> None:
    path = tmp_path / "texts.jsonl"
    path.write_text('{"id": 1, "text": "a"}\n', "utf-8")
    result = run("--jsonl", path, tmp_path / "missing", tmp_path, path)
    assert [json.loads(line)["id"] for line in result.stdout.splitlines()] == [1, 1]
    assert result.exit_code == 2
    assert "missing: no such file" in result.stderr


def test_channel_side_and_severity_reach_the_scan() -> None:
    assert run("--channel", "tool_definition", stdin=MAIL).stdout.splitlines()[0].endswith("flag")
    assert run("--side", "complete", stdin=KEY).stdout.splitlines()[0].endswith("redact")
    assert run("--min-severity", "high", stdin=MAIL).exit_code == 0
    assert run("--rule", "pii.personal/*", stdin=KEY).exit_code == 0
    assert run("--exclude-rule", "email_address", stdin=MAIL).exit_code == 0


def test_a_policy_of_ones_own_decides_and_a_broken_one_is_told(tmp_path: Path) -> None:
    path = tmp_path / "own.cedar"
    path.write_text('@id("no") @reason("No.") forbid (principal, action, resource);', "utf-8")
    assert run("--policy", path, stdin=KEY).stdout.splitlines()[0].endswith("deny")
    path.write_text("forbid", "utf-8")
    result = run("--policy", path, stdin=KEY)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "own.cedar, line 1" in result.stderr


def test_redact_prints_the_cleaned_text_alone(folder: Path) -> None:
    result = run("--redact", folder / "sub" / "keys.txt")
    assert (result.exit_code, result.stdout) == (1, CLEANED)
    assert result.stderr.startswith("2 findings")
    assert (
        run("--redact", stdin=TEXT.replace("\n", "\r\n").encode()).stdout_bytes
        == CLEANED.replace("\n", "\r\n").encode()
    )
    assert run("--redact", stdin="plain").exit_code == 0
    latin = run("--redact", stdin=b"caf\xe9 " + MAIL.encode())
    assert (latin.exit_code, latin.stdout) == (2, "")


def test_redact_of_several_files_needs_a_folder_and_writes_over_nothing(folder: Path, tmp_path: Path) -> None:
    for paths in ([folder], [folder / "clean.txt", folder / "sub" / "keys.txt"]):
        result = run("--redact", *paths)
        assert (result.exit_code, result.stdout) == (2, "")
        assert "--output-dir" in result.stderr
    out = tmp_path / "out"
    result = run("--redact", folder, "--output-dir", out)
    assert (result.exit_code, result.stdout) == (1, "")
    assert (out / "r" / "sub" / "keys.txt").read_text("utf-8") == CLEANED
    assert (out / "r" / "clean.txt").read_text("utf-8") == "nothing here\n"
    (out / "r" / "clean.txt").write_text("mine", "utf-8")
    again = run("--redact", folder, "--output-dir", out)
    assert again.exit_code == 2
    assert "not written: file exists" in again.stderr
    assert (out / "r" / "clean.txt").read_text("utf-8") == "mine"


@pytest.mark.parametrize("form", [[], ["--json"], ["--jsonl"], ["--redact"]])
def test_a_guard_that_fails_is_trouble_in_every_form(form: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanner_module, "discover", lambda: (Words(),))
    result = run(*form, stdin=json.dumps({"id": "1", "text": "broken secret"}))
    assert result.exit_code == 2
    assert "RuntimeError" in result.output
    assert "secret" not in result.output


def test_a_defect_is_trouble_and_its_message_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: Scanner, texts: object) -> None:
        raise ValueError(KEY)

    monkeypatch.setattr(Scanner, "scan_all", fail)
    result = run(stdin=KEY)
    assert result.exit_code == 2
    assert "ValueError at test_scan.py:" in result.stderr
    assert KEY not in result.output


def test_a_text_past_the_bound_is_trouble(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "FILE_BYTES_MAX", 20)
    result = run(folder)
    assert (result.exit_code, result.stdout.splitlines()[-1]) == (
        2,
        "no findings; 1 file scanned, 1 binary skipped, 1 NOT SCANNED.",
    )
    assert run(stdin="x" * 21).exit_code == 2


def test_a_value_stands_in_no_output_whatever_the_form(folder: Path, tmp_path: Path) -> None:
    line = json.dumps({"id": "1", "text": TEXT}) + f"\n{KEY}\n" + json.dumps({"id": "2", "text": KEY, "channel": KEY})
    results = [
        run(folder),
        run("--json", folder),
        run("--jsonl", stdin=line),
        run("--redact", stdin=TEXT),
        run("--redact", folder, "--output-dir", tmp_path / "out"),
    ]
    told = "".join(result.output for result in results)
    assert all(result.exit_code in (1, 2) for result in results)
    for value in (KEY, MAIL, KEY[:5], MAIL[:4]):
        assert value not in told


def test_a_name_cannot_move_the_cursor(tmp_path: Path) -> None:
    path = tmp_path / "a\x1b[2J\n\u202eb.txt"
    path.write_text(KEY, "utf-8")
    for result in (run(tmp_path), run("--json", tmp_path)):
        assert "\x1b" not in result.stdout
        assert "\u202e" not in result.stdout
        assert "x1b[2J" in result.stdout
    surrogate = os.fsdecode(os.fsencode(tmp_path) + b"/\xff.txt")
    Path(surrogate).write_text(KEY, "utf-8")
    assert run("--json", surrogate).exit_code == run(surrogate).exit_code == 1


def test_a_process_is_plain_when_piped_coloured_when_asked_and_knows_a_closed_input() -> None:
    plain = process(stdin=TEXT.encode())
    assert plain.returncode == 1
    assert b"\x1b" not in plain.stdout
    assert KEY.encode() not in plain.stdout + plain.stderr
    coloured = process(stdin=TEXT.encode(), env={**os.environ, "FORCE_COLOR": "1"})
    assert b"\x1b[" in coloured.stdout
    assert process(stdin=TEXT.encode(), env={**os.environ, "FORCE_COLOR": "1", "NO_COLOR": "1"}).stdout == plain.stdout
    command = f'"{sys.executable}" -m stockade.cli.main scan "$@" <&-'
    for form in ([], ["--jsonl"], ["--redact"], ["--json"]):
        closed = subprocess.run(["sh", "-c", command, "sh", *form], capture_output=True, check=False)
        assert closed.returncode == 2
        assert b"closed" in closed.stderr


def test_a_reader_that_goes_away_is_trouble_without_a_stack_trace() -> None:
    line = json.dumps({"id": 1, "text": "plain"}) + "\n"
    command = f'("{sys.executable}" -m stockade.cli.main scan --jsonl; echo "status $?" >&2) | head -n 1'
    done = subprocess.run(["sh", "-c", command], input=line.encode() * 20_000, capture_output=True, check=False)
    assert done.stdout.count(b"\n") == 1
    assert done.stderr == b"status 2\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
@pytest.mark.parametrize("form", [[], ["--json"], ["--redact"]])
def test_output_that_cannot_be_written_is_trouble(form: list[str]) -> None:
    with Path("/dev/full").open("wb") as full:
        command = [sys.executable, "-m", "stockade.cli.main", "scan", *form]
        # Buffered as for a user: what is left in the buffer fails once more at exit.
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
        done = subprocess.run(
            command, input=TEXT.encode(), stdout=full, stderr=subprocess.PIPE, check=False, env=environment
        )
    assert done.returncode == 2
    assert b"No space left" in done.stderr
    assert KEY.encode() not in done.stderr


def test_a_huge_line_is_answered_whole() -> None:
    text = "x " * 1_000_000 + KEY
    result = run("--jsonl", stdin=json.dumps({"id": 1, "text": text}))
    (finding,) = json.loads(result.stdout)["findings"]
    assert (finding["start"], finding["end"]) == (2_000_000, 2_000_020)


def test_the_example_of_the_guide_prints_what_the_guide_says(capsys: pytest.CaptureFixture[str]) -> None:
    guide = (Path(__file__).parents[2] / "docs" / "start" / "scan.md").read_text("utf-8")
    match = re.search(r"```python\n(.*?)```\n\nprints\n\n```text\n(.*?)```", guide, re.DOTALL)
    assert match is not None
    exec(compile(match[1], "scan.md", "exec"), {})
    assert capsys.readouterr().out == match[2]


def test_options_are_the_same_in_the_guide() -> None:
    guide = (Path(__file__).parents[2] / "docs" / "start" / "scan.md").read_text("utf-8")
    named = {option for parameter in scan.command.params for option in parameter.opts if option.startswith("--")}
    assert named <= set(re.findall(r"--[a-z][a-z-]+", guide)) <= named
