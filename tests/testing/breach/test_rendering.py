"""Every task of the suite can be asked and answered in every wire format, and the gate's dialects read all of it."""

import http.client
import json
from itertools import product
from urllib.parse import urlsplit

import pytest

from stockade.core.segments import Channel
from stockade.guard.dialects.dialect import BlockKind
from stockade.testing.breach import WIRES, load, script
from stockade.testing.breach.rendering import Wire
from stockade.testing.breach.task import Result, Task
from stockade.testing.fake_vendor import FakeVendor
from tests.contracts.dialect_samples import DIALECTS, check_accounted, read_stream, route, tokens

TASKS = load()
wires = pytest.mark.parametrize("wire", WIRES.values(), ids=list(WIRES))
tasks = pytest.mark.parametrize("task", TASKS, ids=lambda task: task.id)


def test_the_wires_are_the_dialects() -> None:
    assert set(WIRES) == set(DIALECTS)
    assert all(route(DIALECTS[name]).path == wire.path for name, wire in WIRES.items())


@tasks
def test_a_dialect_reads_every_string_of_every_request(task: Task) -> None:
    last = task.answers[-1]
    for wire, stream in product(WIRES.values(), (False, True)):
        dialect = DIALECTS[wire.name]
        body = wire.request(task, task.steps[: last.start], stream=stream)
        read = dialect.parse_request(route(dialect), body, "")
        check_accounted(wire.name, tokens(body), read.segments)
        assert (read.model, read.stream, read.vendor_tools) == ("breach-demo", stream, ())
        assert len(read.session) == 36
        results = [segment.text for segment in read.segments if segment.channel is Channel.TOOL_RESULT]
        for step in task.steps[: last.start]:
            assert not isinstance(step, Result) or step.text in results


@tasks
def test_a_dialect_reads_the_calls_of_every_answer(task: Task) -> None:
    for wire, answer in product(WIRES.values(), task.answers):
        dialect = DIALECTS[wire.name]
        body = wire.answer(task, answer)
        read = dialect.parse_answer(route(dialect), body)
        check_accounted(wire.name, tokens(body), read.segments)
        assert [call.name for call in read.calls] == [call.tool for call in answer.calls]


@tasks
def test_a_streamed_answer_says_what_the_whole_one_says(task: Task) -> None:
    for wire, answer in product(WIRES.values(), task.answers):
        events = read_stream(wire.name, list(wire.stream(task, answer)))
        texts: dict[str, str] = {}
        arguments: dict[str, str] = {}
        for piece in (piece for event in events for piece in event.pieces if piece.block):
            held = {BlockKind.ARGUMENTS: arguments, BlockKind.TEXT: texts}[piece.block_kind]
            held[piece.block] = held.get(piece.block, "") + piece.segment.text
        assert "".join(texts.values()) == answer.text
        assert [json.loads(text or "{}") for text in arguments.values()] == [call.arguments for call in answer.calls]


def ask(vendor: FakeVendor, wire: Wire, body: bytes) -> bytes:
    place = urlsplit(vendor.base_url)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=30)
    try:
        connection.request("POST", wire.path, body, {"content-type": "application/json"})
        return connection.getresponse().read()
    finally:
        connection.close()


@wires
def test_the_fake_vendor_plays_a_task_over_http(wire: Wire) -> None:
    task = next(each for each in TASKS if each.id == "mail.supplier_invoice.reply_to_spelled_address")
    with FakeVendor.start(script(task)) as vendor:
        for answer in task.answers:
            steps = task.steps[: answer.start]
            read = DIALECTS[wire.name].parse_answer(
                route(DIALECTS[wire.name]), ask(vendor, wire, wire.request(task, steps))
            )
            assert [call.name for call in read.calls] == [call.tool for call in answer.calls]
            streamed = ask(vendor, wire, wire.request(task, steps, stream=True))
            assert b"".join(event.raw for event in read_stream(wire.name, [streamed])) == streamed
            assert all(wire.call_id(task, call.id).encode() in streamed for call in answer.calls)
