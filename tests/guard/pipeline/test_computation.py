"""Work over a large body is handed out; over a small one it is done at once."""

from __future__ import annotations

import pytest

from stockade.core.errors import GuardFailedError
from stockade.core.limits import INLINE_BYTES_MAX
from stockade.guard.pipeline.commands import Command, Compute
from stockade.guard.pipeline.computation import compute
from stockade.testing.playbook import Answer, Sent
from tests.properties.gates import SECRET, playbook


def test_small_work_is_done_at_once() -> None:
    with pytest.raises(StopIteration) as told:
        next(compute(INLINE_BYTES_MAX, max, 1, 2))
    assert told.value.value == 2


def test_large_work_is_handed_out() -> None:
    steps = compute(INLINE_BYTES_MAX + 1, max, 1, 2)
    command = next(steps)
    assert isinstance(command, Compute)
    with pytest.raises(StopIteration) as told:
        steps.send(command.work())
    assert told.value.value == 2


@pytest.mark.parametrize("large", [False, True])
def test_a_large_body_is_read_and_edited_outside_of_the_loop(large: bool) -> None:
    lines = [b"Line %d says that the garden is green. " % n for n in range(INLINE_BYTES_MAX // 38 if large else 1)]
    padding = b"".join(lines)
    body = b'{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"%s %s"}]}' % (SECRET.encode(), padding)
    answer = b'{"type":"message","content":[{"type":"text","text":"%s"}]}' % padding
    played = playbook().play(Sent("/v1/messages", body), Answer((answer,)))
    assert played.status == 200
    assert played.forwarded is not None
    assert SECRET.encode() not in played.forwarded
    # Read, digest, echoes, cleanse, apply; then the answer, the prompt it is compared with, and the comparison.
    assert played.commands.count("Compute") == (8 if large else 0)


def test_a_large_body_that_takes_too_long_is_denied() -> None:
    body = b'{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"%s"}]}' % (b"word " * INLINE_BYTES_MAX)

    def late(command: Command) -> BaseException | None:
        return GuardFailedError("Late.") if isinstance(command, Compute) else None

    played = playbook().play(Sent("/v1/messages", body), Answer((b"{}",)), late)
    assert (played.status, played.forwarded, played.released) == (503, None, 1)
