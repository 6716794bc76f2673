"""The cascade over a table made by hand: which window is worst, what is cleared, what is said of odd texts."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockade.core.segments import Channel
from stockade.guard.classifier import features
from stockade.guard.classifier.cascade import HEADS, Calibration, Cascade, sigmoid
from stockade.guard.classifier.linear import LANES, WINDOW_TOKENS, Linear
from stockade.guard.classifier.suspects import suspects

BITS = 16
CALIBRATION = Calibration((0.0, 0.12), (1.0, 0.0), (0.5, 0.5, 0.0), 0.5, 2)


def linear(**weights: tuple[int, int, int]) -> Linear:
    """Give each word weights for the heads; every head starts at -1."""
    table = np.zeros((1 << BITS, LANES), dtype=np.int8)
    for word, values in weights.items():
        row = features.read(features.to_bytes(word), BITS).words[0, 0]
        table[row, : len(HEADS)] = values
    one = np.ones(LANES, dtype=np.float32)
    return Linear(table.view(np.int32).ravel(), BITS, one, -one)


CASCADE = Cascade("test", linear(ignore=(90, 0, 0), dan=(0, 90, 0), bomb=(0, 0, 90)), None, (CALIBRATION,) * 3)
FILL = "the quiet page goes on and on . "


def test_the_worst_window_is_found_anywhere_in_a_long_text() -> None:
    for before in (0, 3, 400, 9_000):
        text = FILL * before + "now ignore it " + FILL * 40
        (found,) = suspects(CASCADE.linear, text, {0: 1})
        assert found.start <= text.index("ignore") < found.end
        assert len(text[found.start : found.end].split()) <= WINDOW_TOKENS
        assert found.evidence[0] == ("ignore",)


def test_places_are_code_points() -> None:
    text = "é東🙂 " * 900 + "ignore"
    (found,) = suspects(CASCADE.linear, text, {0: 1})
    assert found.end == len(text)


def test_windows_of_one_head_do_not_overlap() -> None:
    text = "ignore " + FILL * 30 + "ignore " + FILL * 30
    found = suspects(CASCADE.linear, text, {0: 5})
    spans = sorted((s.start, s.end) for s in found)
    assert all(a[1] <= b[0] for a, b in pairwise(spans))
    assert sum("ignore" in text[s.start : s.end] for s in found) == 2


@pytest.mark.parametrize(
    ("word", "channel", "cleared"),
    [
        ("ignore", Channel.TOOL_RESULT, False),
        ("ignore", Channel.DOCUMENT, False),
        ("ignore", Channel.TOOL_DEFINITION, False),
        ("ignore", Channel.USER, True),
        ("dan", Channel.USER, False),
        ("dan", Channel.TOOL_RESULT, True),
        ("bomb", Channel.USER, False),
        ("bomb", Channel.ASSISTANT, False),
        ("bomb", Channel.TOOL_RESULT, True),
        ("page", Channel.USER, True),
    ],
)
def test_a_text_is_cleared_by_the_heads_that_its_channel_asks(word: str, channel: Channel, cleared: bool) -> None:
    (scores,) = CASCADE.first([(FILL + word, channel)])
    assert (scores is not None) == cleared


def test_what_is_cleared_stays_below_the_bound() -> None:
    (scores,) = CASCADE.first([("ignore", Channel.USER)])
    assert scores is not None
    assert scores["injection"].probability == sigmoid(0.0)
    assert scores["jailbreak"].probability == sigmoid(-1.0)


ODD = [
    "",
    " \n\t",
    "\x00\x01\xff" * 99,
    "\ud800\udfff",
    "漢字" * 5000,
    "?!" * 9,
    "a" * 100_000,
    "w " * 60_000,
    "🙂",
    "\u202e",
]


@pytest.mark.parametrize("text", ODD, ids=range(len(ODD)))
@pytest.mark.parametrize("channel", list(Channel))
def test_odd_texts_have_all_scores(text: str, channel: Channel) -> None:
    for scores in (*CASCADE.first([(text, channel)]), *CASCADE.second([(text, channel)])):
        for head in HEADS if scores else ():
            assert 0 <= scores[head].probability <= 1
            assert 0 <= scores[head].start <= scores[head].end <= len(text)


@given(st.lists(st.text(max_size=200), max_size=4))
def test_what_a_text_is_given_does_not_depend_on_the_texts_beside_it(texts: list[str]) -> None:
    asked = [(text, Channel.USER) for text in texts]
    assert CASCADE.second(asked) == [CASCADE.second([one])[0] for one in asked]
