"""Real clients' requests are no attacks: the samples of every wire format, Claude Code's and Codex's among them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from stockade.app import discover_dialects
from stockade.core.findings import Scope
from stockade.guard.detectors.catalog import discover
from stockade.guard.detectors.detector import ScoreDetector
from stockade.guard.detectors.inspector import Inspector
from stockade.guard.dialects.dialect import Operation
from stockade.stores.weights import load_classifier
from tests.properties.gates import sample_ids, samples

DIALECTS = {dialect.name: dialect for dialect in discover_dialects()}


@cache
def inspector() -> Inspector:
    return Inspector([each for each in discover() if isinstance(each, ScoreDetector)], classifier=load_classifier())


@pytest.mark.parametrize(("name", "_path", "file"), samples("requests"), ids=sample_ids("requests"))
def test_no_sample_is_taken_for_an_attack(name: str, _path: str, file: Path) -> None:
    dialect = DIALECTS[name]
    route = next(route for route in dialect.routes if route.operation is not Operation.MODELS)
    segments = dialect.parse_request(route, file.read_bytes(), "").segments
    findings = inspector().inspect(segments, b"key", Scope.REQUEST).findings
    told = [
        (f.rule, round(f.score, 2), segments[f.segment].pointer, segments[f.segment].text[f.start : f.end])
        for f in findings
    ]
    assert told == []
