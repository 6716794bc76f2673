"""The documentation is true: links lead somewhere, what is named exists, blocks of code do what they say."""

import ast
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import NamedTuple

import click
import pytest

from stockade.cli.main import main
from stockade.config.reader import read_settings
from stockade.guard.ledger.record import EventName
from stockade.guard.pipeline.stages import ENDING, STAGES
from stockade.guard.policy.engine import PolicyEngine
from stockade.guard.policy.rules import PolicySource
from stockade.stores.policy_files import PACKS
from stockade.testing.vendor.script_reader import parse
from tests.house.tree import PACKAGE, ROOT, files

PAGES = tuple(path for path in files() if path.suffix == ".md" and path.parts[0] not in {"src", "tests", "bench"})
# A decision is never edited, so a file that it names may be gone; its links are followed all the same.
LIVING = tuple(path for path in PAGES if path.parts[:2] != ("docs", "decisions"))
BASES = (ROOT, PACKAGE)
ARCHITECTURE = ROOT / "docs" / "architecture.md"
THREATS = ROOT / "docs" / "security" / "threat-model.md"

LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)\s]+)\)")
SPAN = re.compile(r"`([^`\n]+)`")
FILE = re.compile(r"[\w.-]+(?:/[\w.-]+)*\.(?:py|md|cedar|cedarschema|sql)(?:::\w+)?")
COMMAND = re.compile(r"(?:^|[\s;|(`])(?:\.venv/bin/)?stockade((?: [a-z][a-z-]*)+(?:(?! {2})[^#|;)`\n])*)", re.MULTILINE)

SAYS = r"(?:\w+\.)*(?:events\.write|events\.failure|self\.write)\('(\w+)'.*\)"


class Block(NamedTuple):
    """A fenced block of code: its language, its text, the line before it and the block that follows."""

    language: str
    text: str
    before: str


def text_of(page: Path) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def blocks(page: Path) -> list[Block]:
    found = re.finditer(
        r"(?:^(?P<before>\S[^\n]*)\n+)?^```(?P<language>\w*)\n(?P<text>.*?)^```$", text_of(page), re.M | re.S
    )
    return [Block(each["language"], each["text"], each["before"] or "") for each in found]


def prose(page: Path) -> str:
    return re.sub(r"^```.*?^```$", "", text_of(page), flags=re.M | re.S)


def anchors(page: Path) -> set[str]:
    """Name the headings of a page as GitHub does."""
    headings = re.findall(r"^#+ (.+)$", prose(page), flags=re.M)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_links_lead_somewhere(page: Path) -> None:
    for link in LINK.findall(prose(page)):
        if link.startswith(("https://", "http://")):
            continue
        name, _, anchor = link.partition("#")
        target = (ROOT / page.parent / name).resolve() if name else ROOT / page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target.relative_to(ROOT)), link


def named_files(page: Path) -> Iterator[str]:
    for span in SPAN.findall(prose(page)):
        if "/" in span and FILE.fullmatch(span):
            yield span


def missing(name: str) -> str:
    """Say what is wrong with a named file or test, "" when it is there."""
    place, _, test = name.partition("::")
    path = next((base / place for base in BASES if (base / place).is_file()), None)
    if path is None:
        return f"{place} does not exist"
    if test and not re.search(rf"^(?:async )?def {test}\(", path.read_text(encoding="utf-8"), re.M):
        return f"{place} has no {test}"
    return ""


@pytest.mark.parametrize("page", LIVING, ids=str)
def test_named_files_and_tests_exist(page: Path) -> None:
    assert [fault for name in named_files(page) if (fault := missing(name))] == []


def test_what_is_missing_is_seen() -> None:
    assert missing("guard/pipeline/stages.py") == ""
    assert missing("tests/house/test_docs.py::test_what_is_missing_is_seen") == ""
    assert missing("guard/pipeline/gone.py") != ""
    assert missing("tests/house/test_docs.py::test_gone") != ""


def test_the_architecture_tells_the_stages_in_order_with_their_files() -> None:
    rows = re.findall(r"^\| `(\w+)` \| `([\w/.]+)` \|", ARCHITECTURE.read_text(encoding="utf-8"), flags=re.M)
    stages = [(stage.name, stage.run.__module__) for stage in (*STAGES, *ENDING)]
    assert [(name, "stockade." + file.removesuffix(".py").replace("/", ".")) for name, file in rows] == stages


def test_the_architecture_tells_every_room() -> None:
    section = ARCHITECTURE.read_text(encoding="utf-8").partition("## Rooms")[2].partition("\n## ")[0]
    rooms = set(re.findall(r"^\| `([\w/.]+)` \|", section, flags=re.M))
    tops = {f"{path.name}/" for path in PACKAGE.iterdir() if path.is_dir() and path.name != "__pycache__"}
    guard = {f"guard/{path.name}/" for path in (PACKAGE / "guard").iterdir() if (path / "__init__.py").is_file()}
    assert rooms == tops | guard | {"app.py"}


def commands(page: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield each `stockade ...` of a page: its words up to the first argument, and its long options."""
    code = [block.text for block in blocks(page)] + SPAN.findall(prose(page))
    for call in COMMAND.findall("\n".join(code)):
        words = call.split()
        yield " ".join(words), re.findall(r"(?<![\w-])--[a-z][a-z-]*", call)


def fault_of(call: str, options: list[str]) -> str:
    """Say what is wrong with a call of the command, "" when it could be made."""
    group: click.Command = main
    context = click.Context(main)
    for word in call.split():
        if not isinstance(group, click.Group) or not word.islower():  # [OPTIONS] of a help text
            break
        inner = group.get_command(context, word)
        if inner is None:
            return f"there is no `stockade {call}`"
        group = inner
    known = {name for parameter in group.params for name in parameter.opts} | {"--help", "--version"}
    return "".join(f"`stockade {call}` has no {option}" for option in options if option not in known)


@pytest.mark.parametrize("page", LIVING, ids=str)
def test_named_commands_exist(page: Path) -> None:
    assert [fault for call, options in commands(page) if (fault := fault_of(call, options))] == []


def test_a_wrong_command_is_seen() -> None:
    assert fault_of("ledger tail -n 3", ["--json"]) == ""
    assert fault_of("ledger bend", []) != ""
    assert fault_of("keys list", ["--loud"]) != ""


def marked(language: str) -> list[pytest.param]:  # type: ignore[valid-type]
    """Return the blocks of one language over all pages."""
    return [
        pytest.param(block, id=f"{page}-{number}")
        for page in LIVING
        for number, block in enumerate(blocks(page))
        if block.language == language
    ]


@pytest.mark.parametrize("block", marked("yaml"))
def test_configurations_are_good(block: Block, tmp_path: Path) -> None:
    path = tmp_path / "stockade.yaml"
    path.write_text(block.text, encoding="utf-8")
    assert read_settings(path).models


@pytest.mark.parametrize("block", marked("script"))
def test_scripts_of_the_fake_vendor_are_read(block: Block) -> None:
    assert parse(block.text).rules


@pytest.mark.parametrize("block", marked("cedar"))
def test_rules_load_beside_the_built_in_ones(block: Block) -> None:
    baseline = PolicySource("baseline.cedar", (PACKS / "baseline.cedar").read_text(encoding="utf-8"))
    schema = (PACKS / "schema.cedarschema").read_text(encoding="utf-8")
    engine = PolicyEngine.load([baseline, PolicySource("own.cedar", block.text)], schema)
    assert set(re.findall(r'@id\("([a-z0-9-]+)"\)', block.text)) <= set(engine.rule_ids)


@pytest.mark.parametrize("page", LIVING, ids=str)
def test_python_prints_what_the_page_says(page: Path) -> None:
    found = blocks(page)
    for number, block in enumerate(found):
        if block.language == "python":
            code = compile(block.text, str(page), "exec")
            following = found[number + 1] if number + 1 < len(found) else None
            if following is not None and following.before == "prints":
                with redirect_stdout(StringIO()) as printed:
                    exec(code, {})
                assert printed.getvalue() == following.text


def test_every_invariant_names_its_tests() -> None:
    rows = re.findall(r"^\| (\d+) \| (.+?) \| (.+?) \|", THREATS.read_text(encoding="utf-8"), flags=re.M)
    assert [int(number) for number, _, _ in rows] == list(range(1, 15))
    for _, _, tests in rows:
        assert re.findall(r"`(tests/[\w/]+\.py::\w+)`", tests)


def test_every_event_of_the_log_is_told() -> None:
    page = text_of(Path("docs/operate/running.md"))
    told = set(re.findall(r"^\| `(\w+)` \| ", page.partition("## The log")[2].partition("\n## ")[0], flags=re.M))
    written = set()
    for path in (PACKAGE / "app.py", *(PACKAGE / "gateway").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and (said := re.fullmatch(SAYS, ast.unparse(node), re.S)):
                written.add(said[1])
    assert told == written
    assert all(f"`{event}`" in page for event in EventName)


def shell_of(page: Path) -> list[str]:
    """Return the shell blocks of a page that say they are tested."""
    return re.findall(r"^<!-- tested -->\n```bash\n(.*?)^```$", text_of(page), flags=re.M | re.S)


class Demo(NamedTuple):
    """A gate that was started as a page says: its lines for another terminal, and where the fake vendor tells."""

    exports: str
    received: str
    folder: Path
    environment: dict[str, str]

    def run(self, script: str) -> str:
        """Run a script as that other terminal does; return what it prints."""
        command = ["bash", "-euc", self.exports + script]
        ran = subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout


@contextmanager
def demo(folder: Path) -> Iterator[Demo]:
    """Run `stockade up --demo` in a folder that looks like a checkout which was set up."""
    (folder / ".venv").symlink_to(sys.prefix)
    command = [sys.executable, "-m", "stockade", "up", "--demo", "--listen", "127.0.0.1:0"]
    environment = {name: value for name, value in os.environ.items() if not name.endswith(("_API_KEY", "_TOKEN"))}
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as gate:
        try:
            assert gate.stdout is not None
            told = ""
            while "export OPENAI_BASE_URL" not in told:
                line = gate.stdout.readline()
                assert line, f"the gate ended: {told}"
                told += line
            exports = "".join(line + "\n" for line in told.splitlines() if line.startswith("export "))
            seen = re.search(r"http://\S+/__received", told)
            assert seen is not None
            yield Demo(exports, seen[0], folder, environment)
        finally:
            gate.send_signal(signal.SIGINT)


@pytest.mark.slow
def test_the_first_page_can_be_followed(tmp_path: Path) -> None:
    with demo(tmp_path) as gate:
        printed = gate.run("\n".join([*shell_of(Path("README.md")), f"curl -s {gate.received}"]))
    answer, _, rest = printed.partition("\n2")
    assert "N0t-a-real-0ne@db.example.net" in answer
    assert "intent" in rest
    assert "DATABASE_URL_PASSWORD_" in rest
    assert "N0t-a-real" not in rest
