"""The walk from an idea to a rule in force can be followed as it is written."""

import re
from pathlib import Path

import pytest

from tests.house.test_docs import blocks, demo, shell_of

PAGE = Path("docs/operate/shadow-to-enforce.md")


@pytest.mark.slow
def test_the_walk_can_be_followed(tmp_path: Path) -> None:
    told = blocks(PAGE)
    [configuration] = (block.text for block in told if block.language == "yaml")
    [rules] = (block.text for block in told if block.before == "<!-- before -->")
    (tmp_path / "stockade.yaml").write_text(configuration, encoding="utf-8")
    (tmp_path / "rules.cedar").write_text(re.findall(r'"(.*)"', rules)[0] + "\n", encoding="utf-8")
    with demo(tmp_path) as gate:
        printed = gate.run("\n".join(shell_of(PAGE)))
    for expected in (
        r"^default\t\d{4}-\d\d-\d\d\t21\t",
        r"^ +3 +newly stopped",
        r"^ +18 +as before",
        r"^ +no-cards +pseudonymise +deny +3 +3",
        r"^Faith: 21 of 21 ",
        r"^no-cards: 3 stricter, 0 looser",
        r"^no-cards \(in shadow, deny\)",
        r"^\{.*Stopped by Stockade.*Card numbers may not be sent to a model",
    ):
        assert re.search(expected, printed, re.M), printed
    assert '@mode("shadow")' not in (tmp_path / "rules.cedar").read_text(encoding="utf-8")
    assert "4111" not in printed
