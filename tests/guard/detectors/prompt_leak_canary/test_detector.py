"""Canaries: the operator's own tokens."""

import base64

import pytest

from stockade.core.findings import Inspection, Scope
from stockade.core.segments import Channel, Kind, Segment
from stockade.guard.detectors.inspector import Inspector
from stockade.guard.detectors.prompt_leak_canary.detector import DETECTOR, Canary

TOKEN = "Zebra-Lantern+42.x"


def inspect(text: str, scope: Scope = Scope.WHOLE) -> Inspection:
    segment = Segment(("a",), text, "x", Channel.ASSISTANT, Kind.TEXT, 0)
    return Inspector([Canary([TOKEN])]).inspect([segment], b"key", scope)


@pytest.mark.parametrize("text", [TOKEN, TOKEN.upper(), f"**{TOKEN}**", f"({TOKEN})", f"x{TOKEN}y"])
def test_a_configured_token_is_found_in_any_case(text: str) -> None:
    (finding,) = inspect(f"It says {text} there").findings
    assert finding.rule == "canary"


def test_a_configured_token_is_found_encoded() -> None:
    (finding,) = inspect(base64.b64encode(f"the reference is {TOKEN} and so on".encode()).decode()).findings
    assert finding.views == ("base64",)


@pytest.mark.parametrize("text", ["Zebra-Lantern 42.x", "Zebra-Lantern+42_x", "zebra lantern"])
def test_what_is_not_the_token_is_not_found(text: str) -> None:
    assert inspect(text).findings == ()


def test_a_request_holds_its_own_canary() -> None:
    assert inspect(TOKEN, Scope.REQUEST).findings == ()


def test_tokens_make_another_version() -> None:
    assert len({DETECTOR.version, Canary([TOKEN]).version, Canary(["other-token"]).version}) == 3
