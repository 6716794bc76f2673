"""A YAML file is read strictly, and each complaint names the line."""

from enum import StrEnum
from pathlib import Path

import pytest

from stockade.core.errors import ConfigError
from stockade.testing.breach.document import Document

FILE = Path("some.yaml")


class Colour(StrEnum):
    GREEN = "green"
    RED = "red"


def read(text: str) -> Document:
    return Document.parse(text, FILE)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("2026-11-22", "2026-11-22"),
        ("10:30", "10:30"),
        ("0012", "0012"),
        ("1e5", "1e5"),
        ("0x10", "0x10"),
        ("+44", "+44"),
        ("12", 12),
        ("-0.50", -0.5),
        ("true", True),
        ("null", None),
        ('"12"', "12"),
        ("'true'", "true"),
        ("|\n  12\n", "12\n"),
    ],
)
def test_a_scalar_is_what_json_would_make_of_it_and_text_else(text: str, value: object) -> None:
    found = read(text).plain()
    assert (found, type(found)) == (value, type(value))


def test_a_nested_value_is_read_whole() -> None:
    assert read("a: [1, {b: no}]\nc: {}").plain() == {"a": [1, {"b": "no"}], "c": {}}


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("a: 1\nb: ]", 2, "not YAML"),
        ("a: &x 1\nb: 2\nc: *x", 1, "aliases"),
        ("a: &x [*x]", 1, "aliases"),
        ("a: 1\nb: !!python/object:os.system {}", 2, "tags"),
        ("a: 1\nb: !secret x", 2, "tags"),
        ("", None, "is empty"),
        ("a: \x01", None, "not YAML"),
    ],
)
def test_what_is_no_plain_document_is_refused(text: str, line: int | None, says: str) -> None:
    with pytest.raises(ConfigError, match=says) as caught:
        read(text)
    assert str(caught.value).startswith(f"some.yaml:{line}: " if line else "some.yaml: ")


def test_a_key_that_is_unknown_names_its_line_and_the_nearest_key() -> None:
    with pytest.raises(ConfigError, match=r"some.yaml:2: stpes: unknown key") as caught:
        read("note: x\nstpes: y").keys(("note", "steps"))
    assert "steps" in caught.value.hint


def test_a_key_that_is_missing_is_named() -> None:
    with pytest.raises(ConfigError, match=r"some.yaml:1: steps is missing"):
        read("note: x").keys(("note", "steps"))


def test_a_key_that_is_written_twice_names_the_second_line() -> None:
    with pytest.raises(ConfigError, match=r"some.yaml:2: note is written twice"):
        read("note: x\nnote: y").entries()


@pytest.mark.parametrize(
    ("text", "method", "says"),
    [
        ("[1]", "text", "a text is wanted"),
        ("12", "text", "a text is wanted"),
        ('" "', "text", "a text is wanted"),
        ("yes", "flag", "true or false is wanted"),
        ("a", "entries", "keys and values are wanted"),
        ("a: 1", "items", "a list is wanted"),
        ("[]", "items", "a list is wanted"),
        ("? [1]\n: 2", "entries", "a key is a word"),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused(text: str, method: str, says: str) -> None:
    with pytest.raises(ConfigError, match=f"some.yaml:1: {says}"):
        getattr(read(text), method)()


def test_a_word_is_one_of_the_known_ones() -> None:
    assert read("red").word(Colour) is Colour.RED
    with pytest.raises(ConfigError, match="not one of the words") as caught:
        read("rad").word(Colour)
    assert "red" in caught.value.hint


def test_a_complaint_never_quotes_a_value() -> None:
    with pytest.raises(ConfigError) as caught:
        read("a: 1\nb: hunter2").keys(("a", "c"))
    assert "hunter2" not in f"{caught.value} {caught.value.hint}"


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        Document.read(tmp_path / "none.yaml")
    (tmp_path / "bytes.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="cannot be read"):
        Document.read(tmp_path / "bytes.yaml")
