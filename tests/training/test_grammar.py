"""Grammars: what is written is what is made, and a mistake is named with its file and line."""

from pathlib import Path
from random import Random

import pytest

from training.data.grammar import GrammarError, load
from training.data.values import VALUES


def texts(folder: Path, source: str, rule: str = "a", count: int = 60, **given: str) -> set[str]:
    path = folder / "g.txt"
    path.write_text(source, encoding="utf-8")
    grammar = load([path], VALUES)
    rng = Random(1)
    return {grammar.text(rule, rng, **given) for _ in range(count)}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("@a\nx\ny", {"x", "y"}),
        ("@a\n{b}\n@b\nx", {"x"}),
        ("@a\nan {apple|egg|} a day", {"an apple a day", "an egg a day", "an  a day"}),
        ("@a\n{x|{b}|y {b}}\n@b\nz", {"x", "z", "y z"}),
        ("@a\n{^b}\n@b\nword", {"Word"}),
        ("@a\n{b@k}{b@k}\n@b\nx\ny", {"xx", "yy"}),
        ("@a\n{b:2-2:, }\n@b\nx\ny", {"x, y", "y, x"}),
        ("@a\n{{b}}\\n\\t", {"{b}\n\t"}),
        ("% remark\n@a\n<<<\none\n\ntwo\n>>>", {"one\n\ntwo"}),
        ("@a\nsay {what}", {"say hello"}),
    ],
)
def test_what_is_made(tmp_path: Path, source: str, expected: set[str]) -> None:
    assert texts(tmp_path, source, what="hello") == expected


def test_repetitions_stay_in_their_bounds(tmp_path: Path) -> None:
    assert {len(text) for text in texts(tmp_path, "@a\n{b:2-5:}\n@b\nx")} == {2, 3, 4, 5}
    assert {len(text) for text in texts(tmp_path, "@a\n{b:0-1:}\n@b\nx")} <= {0, 1}


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("@a\n{nothing_of_that_name}", "g.txt:2: no rule and no value is called 'nothing_of_that_name'"),
        ("@a\nx {b", "g.txt:2: a brace is not closed"),
        ("@a\nx }", "g.txt:2: a brace is closed that was not opened"),
        ("@a\nx\n@a\ny", "g.txt:3: 'a' is written twice"),
        ("@a\n@b\nx", "the rule 'a' has no alternative"),
        ("x", "g.txt:1: an alternative before any rule"),
        ("@a\n<<<\nx", "g.txt: a block is not closed"),
        ("@a\n{Not A Name}", "g.txt:2: 'Not A Name' is neither a reference nor a choice"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, source: str, message: str) -> None:
    with pytest.raises(GrammarError, match="^" + message):
        texts(tmp_path, source)


def test_a_rule_without_end_is_stopped(tmp_path: Path) -> None:
    with pytest.raises(GrammarError, match="nested deeper"):
        texts(tmp_path, "@a\n{a}")


def test_a_text_from_outside_must_be_given(tmp_path: Path) -> None:
    with pytest.raises(GrammarError, match="not given"):
        texts(tmp_path, "@a\n{what}")


@pytest.mark.parametrize("name", sorted(VALUES.keys() - {"plant", "what"}))
def test_values_are_made(tmp_path: Path, name: str) -> None:
    made = texts(tmp_path, f"@a\n{{{name}}}\n@ident_noun\nnoun\nthing\n@ident_verb\nget\nput")
    assert all(made)
    assert len(made) > 1
