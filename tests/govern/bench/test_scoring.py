"""Scoring: channels, trouble that is kept apart, and buckets that hold every text once."""

from stockade.core.segments import Channel
from stockade.govern.bench.rows import Row
from stockade.govern.bench.scoring import Scored, buckets, score_rows
from tests.govern.bench.scorers import WordScorer


def test_a_row_is_scored_in_its_channel_or_the_given_one() -> None:
    scorer = WordScorer()
    heard: list[int] = []
    rows = [Row("an attack", True), Row("none", False, channel=Channel.DOCUMENT)]
    scored = score_rows(scorer, rows, Channel.USER, heard.append)
    assert scorer.channels == [Channel.USER, Channel.DOCUMENT]
    assert [each.scores["injection"] for each in scored if each.scores] == [0.9, 0.1]
    assert all(each.cpu_ms >= 0 for each in scored)
    assert heard == [1, 1]


def test_a_text_that_fails_is_trouble_and_no_score() -> None:
    (scored,) = score_rows(WordScorer(), [Row("broken", True)], Channel.USER)
    assert scored.scores is None
    assert scored.trouble == "It broke."


def test_buckets_hold_every_text_once() -> None:
    scored = [Scored(Row("x" * length, False), {}, float(length)) for length in (0, 256, 257, 1024, 100_000)]
    found = buckets(scored)
    assert [(each.chars_min, each.chars_max, each.texts) for each in found] == [
        (0, 256, 2),
        (257, 1024, 2),
        (32_769, 100_000, 1),
    ]
    assert found[0].median_ms == 128.0
    assert found[1].ms_per_thousand_chars == 1000.0
