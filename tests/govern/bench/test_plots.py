"""Plots: well-formed, small, the same bytes each time, and their points lie where the figures say."""

import re
from xml.etree import ElementTree as ET

import pytest

from stockade.govern.bench.measuring import Heads, Measured, measure
from stockade.govern.bench.plots import HEIGHT, WIDTH, roc_svg, scores_svg
from stockade.govern.bench.rows import Row

SVG = "{http://www.w3.org/2000/svg}"


def measured(texts: int) -> Measured:
    rows = [Row("t", number % 3 == 0) for number in range(texts)]
    scores = [{"a<b": (number * 37 % 100) / 100} for number in range(texts)]
    return measure("a<b", rows, scores, Heads({"a<b": 0.5}))


@pytest.mark.parametrize("texts", [0, 1, 2, 5000])
@pytest.mark.parametrize("draw", [roc_svg, scores_svg])
def test_a_plot_is_small_xml_inside_its_frame(draw, texts: int) -> None:
    svg = draw(measured(texts))
    assert svg == draw(measured(texts))
    assert len(svg) < 16_000
    root = ET.fromstring(svg)
    for line in root.iter(f"{SVG}polyline"):
        for across, down in (map(float, point.split(",")) for point in line.attrib["points"].split()):
            assert 0 <= across <= WIDTH
            assert 0 <= down <= HEIGHT


def test_the_shipped_threshold_stands_where_it_is() -> None:
    each = measured(300)
    (circle,) = ET.fromstring(roc_svg(each)).iter(f"{SVG}circle")
    x, y = float(circle.attrib["cx"]), float(circle.attrib["cy"])
    assert each.recall is not None
    ticks = re.findall(r'<path d="M56 ([0-9.]+)H468" [^>]*/>\n<text [^>]*>([0-9.]+)</text>', roc_svg(each))
    places = {float(tick): float(down) for down, tick in ticks}
    top, bottom = places[1.0], places[0.0]
    assert top < bottom  # a larger y is further down the page
    assert y == pytest.approx(bottom + (top - bottom) * each.recall.value, abs=0.2)
    assert 56 < x < 468
