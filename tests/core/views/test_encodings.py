"""Encoded tokens: what is text, and that a block of lines is tried a bounded number of times."""

import base64
import re

import pytest

from stockade.core.views import MARKS, encodings
from stockade.core.views.encodings import as_text, base64_edits


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", None),
        (b"plain words", "plain words"),
        ("漢字かな".encode(), "漢字かな"),
        (bytes(range(128, 160)), None),
        (b"\x00\x01\x02\x03\x04abcd", None),
        (b"mostly text with one byte\xff", "mostly text with one byte\ufffd"),
    ],
)
def test_mostly_printable_bytes_are_text(data: bytes, text: str | None) -> None:
    assert as_text(data) == text


def test_lines_that_do_not_decode_are_joined_once(monkeypatch: pytest.MonkeyPatch) -> None:
    joined = []
    real = encodings._joined
    monkeypatch.setattr(encodings, "_joined", lambda text, lines: (joined.append(len(lines)), real(text, lines))[1])
    binary = bytes((i * i * 89 + 7 * i) % 251 + 5 for i in range(57 * 200))
    assert list(base64_edits(base64.encodebytes(binary).decode())) == []
    assert sum(joined) <= 2 * 200


def test_a_wrapped_block_is_one_token() -> None:
    text = "words in a row " * 20
    block = base64.encodebytes(text.encode()).decode().strip()
    (edit,) = base64_edits(f"head\n{block}\ntail")
    assert (edit.start, edit.end, edit.text) == (5, 5 + len(block), text)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("text", ["short words here", "a command of more than sixty-four characters in base64 -name 1"])
def test_ascii_in_utf_16_is_text(encoding: str, text: str) -> None:
    encoded = text.encode(encoding)
    assert as_text(encoded) == text
    token = base64.b64encode(encoded).decode()
    assert [edit.text for edit in base64_edits(f"run {token} now")] == [text]
    assert any(re.search(mark, token) for mark in MARKS)
    assert any(re.search(mark, encoded.hex()) for mark in MARKS)


def test_a_byte_order_mark_is_no_text() -> None:
    assert as_text("\ufeffplain words".encode("utf-16-le")) == "plain words"


@pytest.mark.parametrize("data", [b"\0" * 64, b"\1\0" * 32, bytes(range(64)), b"a\0\0\0" * 16])
def test_zeros_alone_are_no_utf_16(data: bytes) -> None:
    assert as_text(data) is None
