"""No committed text names a package registry or a place on somebody's machine."""

import re
from pathlib import Path

import pytest

from tests.house.tree import ROOT, files

# Built from parts, so that this file is not its own finding.
REGISTRIES = [
    "pypi" + r"\.org",
    "python" + "hosted",
    "npm" + r"js\.org",
    r"deb\." + "debian",
    "--(?:extra-)?index" + r"-url[= ]\S",
    "proxy" + r"\.golang",
]
MACHINE_PATHS = [rf"(?<![\w.$}}-])/{place}/[\w.]" for place in ("work", "tmp", "root", "opt/" + "pypi")]
FORBIDDEN = re.compile("|".join(REGISTRIES + MACHINE_PATHS))


def findings(text: str) -> list[str]:
    return [match[0] for match in FORBIDDEN.finditer(text)]


@pytest.mark.parametrize("path", files(), ids=str)
def test_no_registry_address_and_no_machine_path(path: Path) -> None:
    assert findings((ROOT / path).read_bytes().decode("utf-8", errors="replace")) == []


@pytest.mark.parametrize(
    "text",
    [
        "see https://pypi" + ".org/project/x",
        "pip install --index" + "-url https://example.test/simple",
        "cd /work" + "/main",
        '"/tmp' + '/probe"',
    ],
)
def test_what_must_not_be_committed_is_seen(text: str) -> None:
    assert findings(text)


@pytest.mark.parametrize(
    "text", ["src/work/main.py", "https://example.test/work/1", "$HOME/tmp/x", "pip install click"]
)
def test_ordinary_text_passes(text: str) -> None:
    assert findings(text) == []
