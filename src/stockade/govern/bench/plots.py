"""Plots: a ROC curve and a distribution of scores as SVG, some kilobytes each, the same bytes for the same figures.

Owns the drawing. Both are two axes and a few lines, so no plotting library is asked for; colours are those that people
with colour blindness tell apart (Okabe and Ito 2008). The false positive axis is logarithmic: a gate lives below 1 %.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from math import log10
from typing import NamedTuple
from xml.sax.saxutils import escape

from stockade.govern.bench.measuring import Measured

WIDTH, HEIGHT = 480, 320
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 12, 28, 44
_BLUE, _ORANGE, _GREY = "#0072b2", "#d55e00", "#999999"

_FONT = 'font-family="sans-serif" font-size="11"'

RATE_MIN = 0.0005
"""Left end of the false positive axis; what lies below is drawn there."""

SCORE_BINS = 40
SHARE_MIN = 0.0005
"""Lower end of the share axis of a distribution, which is logarithmic as well."""

_DECADES = (0.001, 0.01, 0.1, 1.0)
_TENTHS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
_POINTS_MAX = 400
_CHANCE = [(RATE_MIN * 10 ** (step / 20), RATE_MIN * 10 ** (step / 20)) for step in range(67)]


class _Axis(NamedTuple):
    """One axis: its ends, whether it is logarithmic, its ticks and what it says."""

    low: float
    high: float
    logarithmic: bool
    ticks: Sequence[float]
    label: str

    def place(self, value: float) -> float:
        """Return where a value lies between the ends, 0.0 to 1.0."""
        held = min(max(value, self.low), self.high)
        if self.logarithmic:
            return (log10(held) - log10(self.low)) / (log10(self.high) - log10(self.low))
        return (held - self.low) / (self.high - self.low)


def roc_svg(measured: Measured) -> str:
    """Return the ROC curve with the shipped threshold marked and chance as the dotted line."""
    x = _Axis(RATE_MIN, 1.0, logarithmic=True, ticks=_DECADES, label="false positive rate (log)")
    y = _Axis(0.0, 1.0, logarithmic=False, ticks=_TENTHS, label="recall")
    drawn = [
        _line(
            _thinned([(RATE_MIN * 10 ** (k / 20), RATE_MIN * 10 ** (k / 20)) for k in range(67)]), x, y, _GREY, "2 3"
        ),
        _line(_steps(_thinned(measured.curve)), x, y, _BLUE),
    ]
    if measured.recall is not None and measured.false_positives is not None:
        at = _point(measured.false_positives.value, measured.recall.value, x, y)
        drawn.append(f'<circle cx="{at[0]}" cy="{at[1]}" r="4" fill="{_ORANGE}"/>')
    said = "" if measured.area is None else f", AUC {measured.area:.3f}"
    key = [(_BLUE, "curve"), (_ORANGE, "shipped threshold"), (_GREY, "chance")]
    return _page(f"{measured.detector}: ROC{said}", x, y, drawn, key)


def scores_svg(measured: Measured) -> str:
    """Return the shares of positives and of negatives by score, with the shipped threshold as the dotted line."""
    x = _Axis(0.0, 1.0, logarithmic=False, ticks=_TENTHS, label="score")
    y = _Axis(SHARE_MIN, 1.0, logarithmic=True, ticks=_DECADES, label="share of texts (log)")
    drawn = [
        _line(_outline(measured.negatives), x, y, _BLUE),
        _line(_outline(measured.positives), x, y, _ORANGE),
        _line([(measured.threshold, SHARE_MIN), (measured.threshold, 1.0)], x, y, _GREY, "2 3"),
    ]
    key = [(_BLUE, "benign"), (_ORANGE, "attacks"), (_GREY, "shipped threshold")]
    return _page(f"{measured.detector}: scores", x, y, drawn, key)


def _outline(scores: Sequence[float]) -> list[tuple[float, float]]:
    """Return the upper edge of a histogram with SCORE_BINS bins over [0, 1]."""
    counts = [0] * SCORE_BINS
    for score in scores:
        counts[min(SCORE_BINS - 1, max(0, int(score * SCORE_BINS)))] += 1
    edge = []
    for number, count in enumerate(counts):
        height = count / max(len(scores), 1)
        edge += [(number / SCORE_BINS, height), ((number + 1) / SCORE_BINS, height)]
    return edge


def _steps(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return a curve as steps: recall does not rise before the next false positive is paid for."""
    stepped = list(points[:1])
    for (_, before), (rate, recall) in pairwise(points):
        stepped += [(rate, before), (rate, recall)]
    return stepped


def _thinned(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return at most some hundred points: of those that would be drawn in one place, the last."""
    kept: dict[tuple[int, int], tuple[float, float]] = {}
    for rate, recall in points:
        kept[int(log10(max(rate, RATE_MIN)) * 60), int(recall * _POINTS_MAX)] = (rate, recall)
    return list(kept.values())


def _point(x_value: float, y_value: float, x: _Axis, y: _Axis) -> tuple[float, float]:
    across, down = WIDTH - _LEFT - _RIGHT, HEIGHT - _TOP - _BOTTOM
    return round(_LEFT + x.place(x_value) * across, 1), round(_TOP + (1 - y.place(y_value)) * down, 1)


def _line(points: Iterable[tuple[float, float]], x: _Axis, y: _Axis, colour: str, dashes: str = "") -> str:
    placed = " ".join("{},{}".format(*_point(each[0], each[1], x, y)) for each in points)
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return f'<polyline points="{placed}" fill="none" stroke="{colour}" stroke-width="1.5"{dashed}/>'


def _ticks(x: _Axis, y: _Axis) -> Iterator[str]:
    for tick in x.ticks:
        across, _ = _point(tick, y.low, x, y)
        yield f'<path d="M{across} {_TOP}V{HEIGHT - _BOTTOM}" stroke="#e5e5e5"/>'
        yield f'<text x="{across}" y="{HEIGHT - _BOTTOM + 14}" text-anchor="middle">{tick:g}</text>'
    for tick in y.ticks:
        _, down = _point(x.low, tick, x, y)
        yield f'<path d="M{_LEFT} {down}H{WIDTH - _RIGHT}" stroke="#e5e5e5"/>'
        yield f'<text x="{_LEFT - 6}" y="{down + 4}" text-anchor="end">{tick:g}</text>'


def _page(title: str, x: _Axis, y: _Axis, drawn: Sequence[str], key: Sequence[tuple[str, str]]) -> str:
    middle = (_TOP + HEIGHT - _BOTTOM) / 2
    words = "   ".join(f'<tspan fill="{colour}">{escape(word)}</tspan>' for colour, word in key)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" {_FONT}>',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        f'<text x="{_LEFT}" y="17" font-size="13">{escape(title)}</text>',
        f'<text x="{WIDTH - _RIGHT}" y="17" text-anchor="end" xml:space="preserve">{words}</text>',
        *_ticks(x, y),
        f'<text x="{WIDTH / 2}" y="{HEIGHT - 10}" text-anchor="middle">{escape(x.label)}</text>',
        f'<text x="14" y="{middle}" text-anchor="middle" transform="rotate(-90 14 {middle})">{escape(y.label)}</text>',
        *drawn,
        "</svg>",
    ]
    return "\n".join(parts) + "\n"
