"""Rows: what is read, and that a broken line is named."""

import gzip
from pathlib import Path

import pytest

from stockade.core.segments import Channel
from stockade.govern.bench.rows import DataError, Row, read_rows, sample

GOOD = '{"text": "hello", "label": 0, "source": "s"}\n'


@pytest.fixture
def write(tmp_path: Path):
    def written(data: str | bytes) -> Path:
        path = tmp_path / "rows.jsonl"
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return path

    return written


def test_fields_are_read_and_blank_lines_left(write) -> None:
    full = '{"text": "t", "label": 1, "source": "s", "category": "c", "channel": "document", "head": "harm", "x": 3}'
    rows = read_rows(write(f'{full}\n\n{{"text": "", "label": false}}'))
    assert rows == [Row("t", True, "s", "c", Channel.DOCUMENT, "harm"), Row("", False)]


def test_gzip_is_known_by_its_bytes(write) -> None:
    assert read_rows(write(gzip.compress((GOOD * 3).encode()))) == [Row("hello", False, "s")] * 3


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "is not JSON"),
        ("\udcff", "is not JSON"),
        ("[1]", "is not an object"),
        ('{"label": 1}', '"text" must be a string'),
        ('{"text": 3, "label": 1}', '"text" must be a string'),
        ('{"text": "t"}', '"label" must be 0 or 1'),
        ('{"text": "t", "label": 2}', '"label" must be 0 or 1'),
        ('{"text": "t", "label": 1.0}', '"label" must be 0 or 1'),
        ('{"text": "t", "label": "1"}', '"label" must be 0 or 1'),
        ('{"text": "t", "label": 1, "source": 5}', '"source" must be a string'),
        ('{"text": "t", "label": 1, "channel": "nobody"}', '"channel" must be one of assistant'),
    ],
)
def test_a_broken_line_is_named_with_its_number(write, line: str, said: str) -> None:
    path = write((GOOD + "\n" + line + "\n" + GOOD).encode("utf-8", "surrogateescape"))
    with pytest.raises(DataError) as failed:
        read_rows(path)
    assert f"{path}, line 3" in failed.value.public
    assert said in failed.value.public


@pytest.mark.parametrize("data", [b"", b"\n \n", gzip.compress(GOOD.encode())[:-9], b"\x1f\x8b broken"])
def test_a_file_that_is_nothing_is_an_error(write, data: bytes) -> None:
    with pytest.raises(DataError):
        read_rows(write(data))


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        read_rows(tmp_path / "none")


def test_a_sample_is_the_same_whatever_the_order() -> None:
    rows = [Row(f"text {number}", False) for number in range(50)]
    chosen = sample(rows, 10)
    assert len(chosen) == 10
    assert chosen == [row for row in rows if row in chosen]
    assert set(chosen) == set(sample(rows[::-1], 10))
    assert sample(rows, 50) == rows
