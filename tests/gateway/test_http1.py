"""The connection to a vendor: every cut of every answer, vendors that break off anywhere, nothing left for the next."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

import pytest
import uvloop
from hypothesis import given
from hypothesis import strategies as st

from stockade.core.limits import HEADER_BYTES_MAX
from stockade.gateway.http1 import UNREAD_BYTES_MAX, WRITE_BYTES_MAX, BrokenAnswerError, Connection
from tests.gateway.raw_vendor import (
    BODY,
    NEWS_S,
    REQUEST,
    Caller,
    Got,
    Play,
    Seen,
    cut_at,
    dialled,
    exchange,
    on_both_loops,
    say,
)

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
TWO = b"Content-Length: 2\r\n\r\nok"


class Answer(NamedTuple):
    """What a vendor sends, and what that is: status, body, and whether the connection may be used again."""

    sent: bytes
    status: int = 200
    body: bytes = b"ok"
    kept: bool = True
    until_close: bool = False


GOOD = {
    "a length": Answer(OK + TWO),
    "no reason phrase": Answer(b"HTTP/1.1 200\r\n" + TWO),
    "an empty body": Answer(OK + b"Content-Length: 0\r\n\r\n", body=b""),
    "an error": Answer(b"HTTP/1.1 529 Overloaded\r\nRetry-After: 3\r\n" + TWO, 529),
    "empty values": Answer(OK + b"A:\r\nB:  \r\nC: x\r\n" + TWO),
    "chunks": Answer(CHUNKED + b"1\r\no\r\n1\r\nk\r\n0\r\n\r\n"),
    "a chunk in capital hex": Answer(CHUNKED + b"000A\r\n0123456789\r\n0\r\n\r\n", body=b"0123456789"),
    "extensions and trailers": Answer(CHUNKED + b'2;a=b;c="d"\r\nok\r\n0\r\nX: 1\r\nY:\r\n\r\n'),
    "the name in capitals": Answer(OK + b"TRANSFER-ENCODING: CHUNKED\r\n\r\n2\r\nok\r\n0\r\n\r\n"),
    "provisional answers": Answer(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nLink: x\r\n\r\n" + OK + TWO),
    "an offer to upgrade": Answer(OK + b"Connection: Upgrade\r\nUpgrade: h2c\r\n" + TWO),
    "identity by name": Answer(OK + b"Content-Encoding: identity\r\n" + TWO),
    "the end announced": Answer(OK + b"Connection: close\r\n" + TWO, kept=False),
    "the end announced among others": Answer(OK + b"Connection: keep-alive, close\r\n" + TWO, kept=False),
    "HTTP/1.0": Answer(b"HTTP/1.0 200 OK\r\n" + TWO, kept=False),
    "HTTP/1.0 that stays": Answer(b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n" + TWO),
    "no content": Answer(b"HTTP/1.1 204 None\r\n\r\n", 204, b"", kept=False),
    "no content with a length": Answer(b"HTTP/1.1 204 None\r\nContent-Length: 5\r\n\r\n", 204, b"", kept=False),
    "not modified": Answer(b"HTTP/1.1 304 Same\r\nContent-Length: 5\r\n\r\n", 304, b"", kept=False),
    "until the end": Answer(OK + b"Content-Type: text/plain\r\n\r\nok", kept=False, until_close=True),
    "until the end by HTTP/1.0": Answer(b"HTTP/1.0 200 OK\r\n\r\nok", kept=False, until_close=True),
}
BAD = {
    "not HTTP": b"SSH-2.0-x\r\n",
    "HTTP/2": b"HTTP/2.0 200 OK\r\n" + TWO,
    "HTTP/0.9": b"HTTP/0.9 200 OK\r\n" + TWO,
    "HTTP/1.2": b"HTTP/1.2 200 OK\r\n" + TWO,
    "a status of four digits": b"HTTP/1.1 2000 OK\r\n" + TWO,
    "a status past the last": b"HTTP/1.1 600 OK\r\n" + TWO,
    "a status before the first": b"HTTP/1.1 099 OK\r\n" + TWO,
    "another protocol": b"HTTP/1.1 101 Go\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n" + OK + TWO,
    "another protocol unsaid": b"HTTP/1.1 101 Go\r\n\r\n" + OK + TWO,
    "a provisional answer with a body": b"HTTP/1.1 103 Hints\r\nContent-Length: 5\r\n\r\nhello" + OK + TWO,
    "a provisional answer that ends": b"HTTP/1.1 103 Hints\r\nConnection: close\r\n\r\n" + OK + TWO,
    "both lengths": OK + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "both lengths, turned": OK + b"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n0\r\n\r\n",
    "one length twice": OK + b"Content-Length: 2\r\n" + TWO,
    "two lengths": OK + b"Content-Length: 3\r\n" + TWO,
    "a list of lengths": OK + b"Content-Length: 2, 2\r\n\r\nok",
    "a signed length": OK + b"Content-Length: +2\r\n\r\nok",
    "an empty length": OK + b"Content-Length:\r\n\r\nok",
    "a length past 64 bits": OK + b"Content-Length: 18446744073709551618\r\n\r\nok",
    "a space before the colon": OK + b"Content-Length : 2\r\n\r\nok",
    "a folded line": OK + b"A: b\r\n c\r\n" + TWO,
    "bare line feeds": (OK + TWO).replace(b"\r", b""),
    "a bare carriage return": OK + b"A: b\rc\r\n" + TWO,
    "a NUL": OK + b"A: b\0c\r\n" + TWO,
    "an unknown transfer encoding": OK + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "two transfer encodings": OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    "chunked twice": OK + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    "chunked and no more": OK + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\nok",
    "a compressed body": OK + b"Content-Encoding: gzip\r\n" + TWO,
    "one of two encodings": OK + b"Content-Encoding: identity\r\nContent-Encoding: br\r\n" + TWO,
    "a chunk of no size": CHUNKED + b"\r\nok\r\n0\r\n\r\n",
    "a chunk of negative size": CHUNKED + b"-2\r\nok\r\n0\r\n\r\n",
    "a chunk size with 0x": CHUNKED + b"0x2\r\nok\r\n0\r\n\r\n",
    "a chunk size past 64 bits": CHUNKED + b"10000000000000002\r\nok\r\n0\r\n\r\n",
    "a chunk past its size": CHUNKED + b"2\r\nokk\r\n0\r\n\r\n",
    "chunks by line feeds": CHUNKED + b"2\nok\n0\n\n",
    "a length in a trailer": CHUNKED + b"2\r\nok\r\n0\r\nContent-Length: 7\r\n\r\n",
    "a head that never ends": OK + b"A: " + b"x" * HEADER_BYTES_MAX,
    "a head past its bound": OK + b"A: x\r\n" * (HEADER_BYTES_MAX // 6) + TWO,
    "provisional answers without end": b"HTTP/1.1 100 Continue\r\n\r\n" * (HEADER_BYTES_MAX // 25 + 1),
    "trailers without end": CHUNKED + b"2\r\nok\r\n0\r\nA: " + b"x" * 2 * HEADER_BYTES_MAX,
}

BOUNDS = {
    "a head that never ends": "a head past its bound",
    "a head past its bound": "a head past its bound",
    "provisional answers without end": "a head past its bound",
    "trailers without end": "trailers past their bound",
}


async def played(pieces: Sequence[bytes], *, close: bool) -> Got:
    connections: list[Seen] = []
    async with dialled(cut_at(lambda: connections[0], *pieces, close=close)) as connection:
        connections.append(connection)
        return await exchange(connection)


@pytest.mark.parametrize("name", GOOD)
@on_both_loops
async def test_every_cut_of_an_answer_gives_the_same(name: str) -> None:
    answer = GOOD[name]
    expected = Got(answer.status, answer.body, "", answer.kept)
    cuts = [[answer.sent[:cut], answer.sent[cut:]] for cut in range(1, len(answer.sent))]
    single = [answer.sent[index : index + 1] for index in range(len(answer.sent))]
    for pieces in ([answer.sent], single, *cuts):
        assert await played(pieces, close=answer.until_close) == expected, pieces


@pytest.mark.parametrize("name", BAD)
@on_both_loops
async def test_what_is_no_answer_is_refused_however_it_comes(name: str) -> None:
    sent = BAD[name]
    step = 1 if len(sent) < 1000 else 10_000
    for pieces in ([sent], [sent[:-1], sent[-1:]], [sent[index : index + step] for index in range(0, len(sent), step)]):
        got = await played(pieces, close=True)
        assert got.fault, pieces
        assert got.fault == BOUNDS.get(name, got.fault)
        assert not got.reusable


@pytest.mark.parametrize("name", [name for name, answer in GOOD.items() if not answer.until_close])
@on_both_loops
async def test_an_answer_cut_short_anywhere_is_no_answer(name: str) -> None:
    answer = GOOD[name]
    for cut in range(len(answer.sent)):
        got = await played([answer.sent[:cut]], close=True)
        assert (got.fault, got.reusable) == ("the connection ended", False), cut
        assert answer.body.startswith(got.body)


@on_both_loops
async def test_a_body_without_length_is_broken_by_a_reset() -> None:
    async def play(caller: Caller) -> None:
        await caller.request()
        await say(caller, GOOD["until the end"].sent, connection)
        caller.reset()

    async with dialled(play) as connection:
        assert await exchange(connection) == Got(200, b"ok", "ConnectionResetError", reusable=False)


@pytest.mark.parametrize("stray", [b"H", b"X", OK + TWO, b"HTTP/1.1 500 No\r\nContent-Length: 3\r\n\r\nbad"])
@pytest.mark.parametrize("apart", [False, True])
@on_both_loops
async def test_what_follows_an_answer_ends_the_connection_and_changes_nothing(stray: bytes, apart: bool) -> None:
    sent = GOOD["a length"].sent

    async def play(caller: Caller) -> None:
        await caller.request()
        for piece in [sent, stray] if apart else [sent + stray]:
            caller.say(piece)
            await connection.until(lambda seen: seen.received >= len(sent))
        await caller.reader.read()

    async with dialled(play) as connection:
        await connection.ask(REQUEST, BODY)
        await connection.until(lambda seen: seen.received == len(sent + stray) or seen.lost)
        assert (connection.status, await connection.read(), await connection.read()) == (200, b"ok", b"")
        assert dict(connection.headers) == {b"content-length": b"2"}
        assert (connection.reusable, connection.closed, connection.silent) == (False, True, False)


@on_both_loops
async def test_an_empty_line_after_an_answer_ends_the_connection_too() -> None:
    async with dialled(cut_at(lambda: seen[0], OK + TWO, b"\r\n")) as connection:
        seen = [connection]
        await connection.ask(REQUEST, BODY)
        await connection.until(lambda each: each.lost)
        assert (await connection.read(), connection.reusable) == (b"ok", False)


@on_both_loops
async def test_bytes_before_the_first_request_end_the_connection() -> None:
    async def play(caller: Caller) -> None:
        caller.say(OK + TWO)
        await caller.reader.read()

    async with dialled(play) as connection:
        await connection.until(lambda seen: seen.received > 0)
        assert (await exchange(connection)).fault == "bytes that no request asked for"


@on_both_loops
async def test_bytes_that_the_loop_has_not_read_yet_are_seen_before_the_next_request() -> None:
    async def play(caller: Caller) -> None:
        await caller.request()
        caller.say(OK + TWO)
        await asked.wait()
        caller.say(OK + TWO)

    asked = asyncio.Event()
    async with dialled(play) as connection:
        assert (await exchange(connection)).reusable
        assert connection.silent
        transport = connection._transport
        assert transport is not None
        transport.pause_reading()  # as when the loop has not come to it yet
        asked.set()
        async with asyncio.timeout(NEWS_S):
            while connection.silent:  # noqa: ASYNC110 - only the system knows, and says nothing
                await asyncio.sleep(0)
        assert connection.reusable  # by what was read so far


@on_both_loops
async def test_one_connection_carries_many_exchanges() -> None:
    answers = [answer for answer in GOOD.values() if answer.kept]

    async def play(caller: Caller) -> None:
        for answer in answers:
            await caller.request()
            caller.say(answer.sent)
        await caller.reader.read()

    async with dialled(play) as connection:
        for answer in answers:
            assert await exchange(connection) == Got(answer.status, answer.body, "", reusable=True)


@on_both_loops
async def test_a_large_body_goes_out_piece_by_piece_and_whole() -> None:
    body = bytes(range(256)) * 4096 * 8  # 8 MiB

    async def play(caller: Caller) -> None:
        assert (await caller.request()).endswith(body)
        caller.say(OK + TWO)
        await caller.reader.read()

    async with dialled(play) as connection:
        assert await exchange(connection, body) == Got(200, b"ok", "", reusable=True)


async def ending(play: Play, end: Callable[[Seen], object], body: bytes) -> Seen:
    """Ask a vendor that stops in the middle; end it when the transport takes no more."""
    async with dialled(play) as connection:
        asking = asyncio.ensure_future(connection.ask(REQUEST.replace(b" 2\r", b" %d\r" % len(body)), body))
        await connection.until(lambda seen: seen._full or seen.lost)
        end(connection)
        async with asyncio.timeout(NEWS_S):
            await asking
        return connection


LARGE = b"x" * 32 * 1024 * 1024


async def deaf(caller: Caller) -> None:
    caller.writer.transport.pause_reading()  # type: ignore[attr-defined]
    await asyncio.Event().wait()


@on_both_loops
async def test_a_vendor_that_never_reads_ends_by_its_time() -> None:
    with pytest.raises(TimeoutError):
        await ending(deaf, Connection.expire, LARGE)


@on_both_loops
async def test_a_vendor_that_hangs_up_while_it_is_written_to() -> None:
    async def play(caller: Caller) -> None:
        await caller.reader.readuntil(b"\r\n\r\n")
        caller.reset()

    with pytest.raises(BrokenAnswerError):
        await ending(play, lambda _: None, LARGE)


@on_both_loops
async def test_an_early_answer_is_read_though_the_vendor_reads_no_further() -> None:
    async def play(caller: Caller) -> None:
        caller.writer.transport.pause_reading()  # type: ignore[attr-defined]
        await stuck.wait()
        caller.say(b"HTTP/1.1 413 Large\r\n" + TWO)
        await asyncio.Event().wait()

    stuck = asyncio.Event()
    connection = await ending(play, lambda _: stuck.set(), LARGE)
    assert (connection.status, connection.reusable) == (413, False)


@on_both_loops
async def test_an_early_answer_does_not_free_a_connection_that_still_sends() -> None:
    async def play(caller: Caller) -> None:
        caller.writer.transport.pause_reading()  # type: ignore[attr-defined]
        caller.say(OK + TWO)
        await asyncio.Event().wait()

    async with dialled(play) as connection:
        for _ in range(64):  # more than the system's buffers take
            connection._transport.write(bytes(WRITE_BYTES_MAX))  # type: ignore[union-attr]
        got = await exchange(connection)
        assert (got.status, got.reusable) == (200, False)


@on_both_loops
async def test_a_slow_reader_makes_the_vendor_wait_and_loses_nothing() -> None:
    size = 64 * UNREAD_BYTES_MAX

    async def play(caller: Caller) -> None:
        await caller.request()
        caller.say(OK + b"Content-Length: %d\r\n\r\n" % size + bytes(size))
        await caller.reader.read()

    async with dialled(play) as connection:
        await connection.ask(REQUEST, BODY)
        await connection.until(lambda seen: seen._paused)
        assert connection._unread <= 3 * UNREAD_BYTES_MAX
        total = 0
        while data := await connection.read():
            total += len(data)
            assert len(data) <= 3 * UNREAD_BYTES_MAX
        assert total == size
        assert connection.reusable


@pytest.mark.parametrize("reach", ["ask", "read"])
@on_both_loops
async def test_a_wait_that_is_cancelled_leaves_a_connection_that_is_not_used_again(reach: str) -> None:
    async def play(caller: Caller) -> None:
        await caller.request()
        if reach == "read":
            caller.say(OK + b"Content-Length: 5\r\n\r\nok")
        await asyncio.Event().wait()

    async with dialled(play) as connection:
        waiting: Awaitable[object] = connection.ask(REQUEST, BODY)
        if reach == "read":
            await waiting
            assert await connection.read() == b"ok"
            waiting = connection.read()
        task = asyncio.ensure_future(waiting)
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not connection.reusable
        assert connection._waiter is None


@given(st.data())
def test_any_cut_of_any_answers_in_a_row(data: st.DataObject) -> None:
    names = data.draw(st.lists(st.sampled_from([name for name, answer in GOOD.items() if answer.kept]), min_size=1))
    body = data.draw(st.binary(max_size=50))
    sizes = data.draw(st.lists(st.integers(1, 60), min_size=1))
    answers = [GOOD[name] for name in names]
    answers.append(Answer(OK + b"Content-Length: %d\r\n\r\n%b" % (len(body), body), body=body))

    async def run() -> None:
        async def play(caller: Caller) -> None:
            for answer in answers:
                await caller.request()
                sent, turn = answer.sent, 0
                while sent:
                    size = sizes[turn % len(sizes)]
                    await say(caller, sent[:size], connection)
                    sent, turn = sent[size:], turn + 1
            await caller.reader.read()

        async with dialled(play) as connection:
            for answer in answers:
                assert await exchange(connection) == Got(answer.status, answer.body, "", reusable=True)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run())
