"""Pieces: they own the text without gap or overlap, and looking at them is looking at the whole."""

import base64
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockade.core.errors import GuardFailedError
from stockade.core.limits import HOLD_CHARS_MAX
from stockade.govern.scan import Scanner, ScanResult, Text, scanner
from stockade.govern.scan import pieces as module
from stockade.govern.scan.pieces import pieces
from stockade.guard.detectors import work
from tests.govern.scan.test_scanner import KEY, MAIL, Words

PEM = "-----BEGIN PRIVATE KEY-----\n" + "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n" * 40 + "-----END PRIVATE KEY-----\n"


@given(lines=st.lists(st.integers(0, 50), max_size=40), chars=st.integers(1, 200), hold=st.integers(0, 80))
def test_every_position_is_owned_once_and_seen_with_what_stands_around_it(
    lines: list[int], chars: int, hold: int
) -> None:
    text = "\n".join("x" * length for length in lines)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "HOLD_CHARS_MAX", hold)
        found = list(pieces(text, chars))
    assert found[0].owned_from == 0
    assert found[-1].owned_to == len(text)
    assert all(one.owned_to == other.owned_from for one, other in pairwise(found))
    for piece in found:
        assert piece.start <= max(0, piece.owned_from - hold)
        assert piece.end >= min(len(text), piece.owned_to + hold)
        assert piece.start == 0 or text[piece.start - 1] == "\n"
        assert piece.end == len(text) or text[piece.end - 1] == "\n"


def test_the_findings_of_the_pieces_are_those_of_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Scanner()
    hidden = base64.b64encode(f"password for the bot: {KEY} and more".encode()).decode()
    values = [f"key = {KEY}\n", f"to {MAIL}\n", PEM, f"data: {hidden}\n", "vis\u200bi\u200bble\n", '{"a": "b\\nc"}\n']
    text = "".join("a line of text\n" * (37 * number % 90) + values[number % len(values)] for number in range(120))
    assert len(text) > 4 * HOLD_CHARS_MAX
    monkeypatch.setattr(scanner, "PIECE_CHARS", (3000,))
    assert whole.scan_in_pieces(Text(text)) == whole.scan(text)
    assert len(whole.scan(text).findings) >= 100


def test_a_text_that_is_too_dense_for_one_look_is_scanned_and_a_broken_guard_is_not_helped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    words = Scanner(detectors=[Words()])
    text = "".join(f"{'x' * HOLD_CHARS_MAX}\n{'y' * HOLD_CHARS_MAX}\nsecret\n" for _ in range(3))
    monkeypatch.setattr(scanner, "PIECE_CHARS", (100_000, 10))
    monkeypatch.setattr(work, "FINDINGS_MAX", 0)
    (fault,) = words.scan_all([Text("secret")])
    assert isinstance(fault, scanner.TooMuchError)
    assert isinstance(words.scan_in_pieces(Text(text)), scanner.TooMuchError)
    monkeypatch.setattr(work, "FINDINGS_MAX", 1)
    result = words.scan_in_pieces(Text(text))
    assert isinstance(result, ScanResult)
    assert [text[each.start : each.end] for each in result.findings] == ["secret"] * 3
    broken = words.scan_in_pieces(Text(text + "broken"))
    assert isinstance(broken, GuardFailedError)
    assert not isinstance(broken, scanner.TooMuchError)
