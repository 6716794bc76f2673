"""Decisions are numbered without a gap and all have the same five parts."""

import re
from pathlib import Path

import pytest

from tests.house.tree import ROOT

DECISIONS = sorted((ROOT / "docs" / "decisions").glob("*.md"))
PARTS = ["Context", "Options", "Decision", "Consequences", "How it is checked"]


def test_numbers_have_no_gap_and_no_double() -> None:
    numbers = [int(path.name[:4]) for path in DECISIONS]
    assert numbers
    assert len(set(numbers)) == len(numbers)
    assert set(range(1, max(numbers) + 1)) - set(numbers) == set()


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.name)
def test_a_decision_has_its_title_and_its_parts(path: Path) -> None:
    assert re.fullmatch(r"\d{4}(?:-[a-z0-9]+)+\.md", path.name)
    text = path.read_text(encoding="utf-8")
    assert re.match(r"# \d{4}\. \S", text)
    assert text[2:6] == path.name[:4]
    assert re.findall(r"^## (.+)$", text, flags=re.MULTILINE) == PARTS
