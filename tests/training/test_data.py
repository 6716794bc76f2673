"""The rows of training/data: the same each time, whole, with true spans, and never in both splits."""

import gzip
import json
import re
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from tests.house.tree import ROOT
from training.data import debian, generated, installed, mixture
from training.data.excerpts import excerpts
from training.data.planting import ESCAPES, MARK, insert, plant
from training.data.rows import CHANNELS, HEADS, SPLITS, Row, Split, fault

ROWS = 900
KINDS = {rule for rule, _, _ in generated.ORDINARY}


@pytest.fixture(scope="module")
def made() -> dict[Split, list[Row]]:
    return {split: mixture.rows(split, ROWS, 7) for split in SPLITS}


def of_generators(rows: list[Row]) -> list[Row]:
    return [row for row in rows if row.source.startswith("own-")]


@pytest.mark.parametrize("split", SPLITS)
def test_every_row_is_complete(made: dict[Split, list[Row]], split: Split) -> None:
    assert len(made[split]) > 0.85 * ROWS
    assert [fault(row) for row in made[split] if fault(row)] == []
    assert {row.head for row in made[split]} == set(HEADS)
    assert {row.channel for row in made[split]} <= set(CHANNELS)


@pytest.mark.parametrize("split", SPLITS)
def test_no_mark_and_no_unfilled_place_is_left(made: dict[Split, list[Row]], split: Split) -> None:
    left = [
        row.text
        for row in of_generators(made[split])
        if MARK in row.text or re.search(r"\{[a-z_]+(:\d-\d)?\}", row.text)
    ]
    assert [text for text in left if "id}" not in text] == []


@pytest.mark.parametrize("split", SPLITS)
def test_the_same_seed_gives_the_same_rows(made: dict[Split, list[Row]], split: Split) -> None:
    again = mixture.rows(split, ROWS, 7)
    assert again == made[split]
    drawn = {source.name: source.rows(Random(8)) for source in generated.sources(split)}
    other = {next(rows).text for rows in drawn.values() for _ in range(5)}
    assert len(other & {row.text for row in of_generators(again)}) < 0.1 * len(other)


def test_no_text_stands_twice_or_in_both_splits(made: dict[Split, list[Row]]) -> None:
    train, held_out = ([" ".join(row.text.split()).lower() for row in made[split]] for split in SPLITS)
    assert len(set(train)) == len(train)
    assert len(set(held_out)) == len(held_out)
    assert not set(train) & set(held_out)


def test_no_source_stands_in_both_splits() -> None:
    train, held_out = ({source.name for source in mixture.sources(split)} for split in SPLITS)
    assert len(train) > 40
    assert not train & held_out


def test_the_families_share_no_alternative() -> None:
    """Rules may have one name in both; what a rule says must differ, but for punctuation and values."""
    said = []
    for split in SPLITS:
        paths = sorted((generated.FOLDER / split).glob("*.txt"))
        lines = {line for path in paths for line in path.read_text(encoding="utf-8").split("\n")}
        said.append({line for line in lines if line[:1] != "@" and len(re.sub(r"\{[^{}|]*\}|\W", "", line)) > 12})
    assert not said[0] & said[1]
    assert min(map(len, said)) > 400


@pytest.mark.parametrize("split", SPLITS)
def test_every_kind_is_made_for_every_head(made: dict[Split, list[Row]], split: Split) -> None:
    counts = Counter((row.head, row.label) for row in made[split])
    assert all(counts[head, label] > 0.02 * ROWS for head in HEADS for label in (0, 1))
    assert {row.category for row in made[split]} >= KINDS


@pytest.mark.parametrize("split", SPLITS)
def test_generators_seldom_repeat_themselves(split: Split) -> None:
    """Among 250 texts of a generator few are made twice; requests of one short sentence are let off."""
    for source in generated.sources(split):
        rows = source.rows(Random(3))
        texts = [next(rows).text for _ in range(250)]
        bound = 0.4 if source.name.endswith(("/abuse", "/harm", "/harm_safe", "/jailbreak")) else 0.1
        assert 1 - len(set(texts)) / 250 <= bound, source.name


@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize("carrier", sorted(ESCAPES))
def test_a_planted_text_stands_where_its_span_says(split: Split, carrier: str) -> None:
    rng = Random(5)
    for number in range(60):
        what = f'Send "it"\nto <host{number}> --now.'
        planted = plant(carrier, what, generated.grammar(split), rng)
        assert planted.text[planted.start : planted.end] == ESCAPES[carrier](what)
        assert MARK not in planted.text


def test_what_is_planted_keeps_its_carrier_well_formed() -> None:
    rng = Random(6)
    parsed = 0
    for _ in range(200):
        text = plant("tool", 'a "quote", a \\ and\na line', generated.grammar("train"), rng).text
        assert json.loads(text)["name"]
        parsed += 1
    assert parsed == 200
    assert "\n" not in ESCAPES["line"]("two\nlines")


def test_an_insertion_keeps_its_host() -> None:
    rng = Random(9)
    host = "One line.\nTwo sentences here. Second one.\n\nA paragraph."
    places = set()
    for _ in range(80):
        planted = insert(host, "PLANTED", rng)
        assert planted.text[planted.start : planted.end] == "PLANTED"
        without = re.sub(r"\s*PLANTED\s*", " ", planted.text)
        assert without.split() == host.split()
        places.add(planted.start)
    assert len(places) >= 5


@pytest.mark.parametrize("split", SPLITS)
def test_positives_of_the_data_channels_have_a_span_and_benign_rows_none(
    made: dict[Split, list[Row]], split: Split
) -> None:
    for row in made[split]:
        planted = row.head == "injection" and row.label == 1
        assert (row.start is not None) == planted


def test_a_broken_row_is_named() -> None:
    row = Row("text", 0, "harm", "user", "kind", "source", "MIT")
    assert fault(row) is None
    broken = [{"text": " "}, {"label": 2}, {"channel": "x"}, {"licence": ""}, {"start": 1}, {"start": 2, "end": 9}]
    assert all(fault(replace(row, **each)) for each in broken)  # type: ignore[arg-type]


def test_only_permissive_copyright_files_are_read(tmp_path: Path) -> None:
    path = tmp_path / "copyright"
    path.write_text("Format: x\n\nFiles: *\nLicense: Expat\n")
    assert debian.permissive(path) == "Expat"
    path.write_text("Format: x\n\nFiles: *\nLicense: Expat\n\nFiles: b\nLicense: GPL-2+\n")
    assert debian.permissive(path) is None
    path.write_text("Public domain, more or less.")
    assert debian.permissive(path) is None


def test_restricted_packages_are_left_out() -> None:
    sources = {source.name: source for split in SPLITS for source in installed.sources(split)}
    assert "python:pytest" in sources
    assert "python:hypothesis" not in sources
    assert "python:psycopg" not in sources
    assert not [name for name, source in sources.items() if re.search(r"GPL|MPL|Mozilla", source.licence)]


def test_an_unreadable_file_gives_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.txt.gz"
    path.write_bytes(b"\x1f\x8bnonsense")
    assert list(excerpts(path, Random(1))) == []
    path = tmp_path / "b.py"
    path.write_bytes(b"\xff\xfe\x00")
    assert list(excerpts(path, Random(1))) == []


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "training.data", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_command_writes_the_rows(tmp_path: Path) -> None:
    out = tmp_path / "rows.jsonl.gz"
    ended = run("--out", str(out), "--split", "heldout", "--limit", "200", "--seed", "3")
    assert ended.returncode == 0, ended.stderr
    rows = [json.loads(line) for line in gzip.decompress(out.read_bytes()).decode().splitlines()]
    assert len(rows) > 150
    assert all({"text", "label", "head", "channel", "category", "source", "licence"} <= row.keys() for row in rows)
    assert "| own-b/injection | injection |" in ended.stdout


def test_the_command_writes_nothing_into_the_repository() -> None:
    ended = run("--out", str(ROOT / "rows.jsonl"), "--split", "train")
    assert ended.returncode == 2
    assert "lies in the repository" in ended.stderr
    assert not (ROOT / "rows.jsonl").exists()
