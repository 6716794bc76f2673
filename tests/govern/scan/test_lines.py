"""JSON lines: one answer for each line, in order, whatever the cuts, and nothing of a broken line in its answer."""

import io
import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockade.core.findings import Category
from stockade.core.segments import Channel
from stockade.govern.scan import Scanner, lines
from stockade.govern.scan.lines import answer_lines
from tests.govern.scan.test_scanner import KEY, MAIL, Words

SCANNER = Scanner(detectors=[Words()])


class Cut:
    """A stream that gives its bytes in the pieces that it was made of."""

    def __init__(self, pieces: list[bytes]) -> None:
        self.pieces = [piece for piece in pieces if piece]

    def read1(self, size: int, /) -> bytes:
        return self.pieces.pop(0) if self.pieces else b""


def answers(raw: bytes, scanner: Scanner = SCANNER, channel: Channel = Channel.USER) -> list[dict[str, Any]]:
    return [json.loads(answer.line) for answer in answer_lines(scanner, io.BytesIO(raw), channel)]


def test_offsets_count_code_points_and_ids_come_back() -> None:
    text = f"🔑 é {KEY}"
    raw = json.dumps({"id": "a", "text": text}).encode() + b"\n" + json.dumps({"id": 7, "text": MAIL}).encode()
    first, second = answers(raw, Scanner())
    (finding,) = first["findings"]
    assert text[finding["start"] : finding["end"]] == KEY
    assert (finding["detector"], finding["rule"]) == ("secrets.credentials", "aws_access_key_id")
    assert (finding["category"], finding["severity"]) == ("credential", "critical")
    assert finding["score"] == first["scores"]["credential"]
    assert (first["id"], first["effect"], second["id"]) == ("a", "pseudonymise", 7)
    assert set(second["scores"]) == {category.value for category in Category}
    assert second["scores"]["credential"] == 0.0 < second["scores"]["personal_data"]


def test_the_channel_of_a_line_goes_before_that_of_the_call() -> None:
    raw = json.dumps({"id": 1, "text": MAIL}) + "\n" + json.dumps({"id": 2, "text": MAIL, "channel": "user"})
    assert [each["effect"] for each in answers(raw.encode(), Scanner(), Channel.TOOL_DEFINITION)] == [
        "flag",
        "pseudonymise",
    ]


@pytest.mark.parametrize(
    ("raw", "known"),
    [
        (b"{", None),
        (b'"secret"', None),
        (b"[]", None),
        (b"null", None),
        (b'{"text": "secret"}', None),
        (b'{"id": null, "text": "secret"}', None),
        (b'{"id": true, "text": "secret"}', None),
        (b'{"id": ["secret"], "text": ""}', None),
        (b'{"id": "x"}', "x"),
        (b'{"id": "x", "text": 5}', "x"),
        (b'{"id": "x", "text": "", "channel": "secret"}', "x"),
        (b'{"id": "x", "text": "", "channel": null}', "x"),
        (b'{"id": "x", "text": "\\ud800secret"}', None),
        (b'{"id": "x", "text": "\xff secret"}', None),
        (b'{"id": "x", "text": "broken secret"}', "x"),
    ],
)
def test_a_broken_line_is_told_and_the_others_are_answered(raw: bytes, known: object) -> None:
    good = b'{"id": "good", "text": "a secret"}'
    before, wrong, after = answers(b"\n".join([good, raw, good]))
    assert (wrong["id"], wrong["line"]) == (known, 2)
    assert set(wrong) == {"id", "line", "error"}
    assert "secret" not in wrong["error"]
    assert before == after
    assert len(before["findings"]) == 1


def test_blank_lines_are_counted_and_not_answered() -> None:
    assert answers(b"") == answers(b"\n \n\r\n") == []
    (wrong,) = answers(b"\n\nx\n\n")
    assert wrong["line"] == 3


@pytest.mark.parametrize("batch", [7, 64, 4096])
def test_a_line_past_the_bound_is_an_error_and_is_not_read(batch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "LINE_BYTES_MAX", 100)
    monkeypatch.setattr(lines, "BATCH_BYTES", batch)
    good = b'{"id": 1, "text": "secret"}'
    exact = b'{"id": 1, "text": "%s"}' % (b"s" * 79)
    assert len(exact) == 100
    found = answers(b"\n".join([good, b"x" * 1000, exact, b"y" * 101]))
    assert [("longer" in each.get("error", ""), each.get("line")) for each in found] == [
        (False, None),
        (True, 2),
        (False, None),
        (True, 4),
    ]


def test_a_line_is_answered_before_the_next_is_there() -> None:
    stream = Cut([b'{"id": 1, "text": "a"}\n{"id": 2, ', b'"text": "b"}\n'])
    answered = answer_lines(SCANNER, stream, Channel.USER)
    assert json.loads(next(answered).line)["id"] == 1
    assert len(stream.pieces) == 1


GIVEN = '{"id": 1, "text": "a secret"}\n\nnonsense\r\n{"id": "é", "text": "🔑"}\n{"id": 3, "text": "z"}'.encode()
EXPECTED = answers(GIVEN)


@given(cuts=st.sets(st.integers(0, len(GIVEN))), batch=st.integers(1, 3))
def test_any_cut_gives_the_same_answers(cuts: set[int], batch: int) -> None:
    ends = [0, *sorted(cuts), len(GIVEN)]
    pieces = [GIVEN[low:high] for low, high in pairwise(ends)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines, "BATCH_LINES", batch)
        got = [json.loads(answer.line) for answer in answer_lines(SCANNER, Cut(pieces), Channel.USER)]
    assert got == EXPECTED
    assert len(got) == 4
