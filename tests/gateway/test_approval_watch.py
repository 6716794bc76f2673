"""The approval watch: what people said stands in log and ledger once it is written, and is marked after that."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any, cast

import pytest

from stockade.core.errors import StorageError
from stockade.gateway.approval_watch import ApprovalWatch, News
from stockade.gateway.driver import Services
from stockade.gateway.events import EventLog
from stockade.guard.approvals.approval import Approval, Scope, Subject, Vote
from stockade.guard.ledger.record import Event, EventName

WAITS = Approval("hold-1", "v1", "play", "key_a", Subject.CALL, ("hold-it",), 2, False, 3, 100, 200)


class Store:
    """News that stay until they are marked."""

    def __init__(self, *votes: Vote | None) -> None:
        self.news: list[tuple[Approval, Vote | None]] = [(WAITS, vote) for vote in votes]

    def untold(self) -> News:
        return list(self.news)

    def told(self, news: Sequence[Any]) -> None:
        self.news = [one for one in self.news if one not in news]


async def look(store: Store, *, fails: bool = False) -> tuple[list[Event], list[dict[str, Any]]]:
    log, events = io.StringIO(), list[Event]()

    async def record(event: Event) -> None:
        if fails:
            raise StorageError("The disk is full.")
        events.append(event)

    with ThreadPoolExecutor(1) as pool:
        clock = SimpleNamespace(now_s=lambda: 300.0)
        services = cast(Services, SimpleNamespace(events=EventLog(log), storage_pool=pool, clock=clock))
        try:
            await ApprovalWatch(services, store, record).look()
        except StorageError:
            assert fails
    return events, [json.loads(line) for line in log.getvalue().splitlines()]


async def test_each_word_is_an_event_with_who_said_it() -> None:
    yes = Vote("key_b", "ann", True, 150, Scope.UNTIL, 190)
    store = Store(yes, Vote("key_c", "bob", False, 160), None)
    events, log = await look(store)
    assert [(event.name, event.subject, event.by, event.at_ms) for event in events] == [
        (EventName.APPROVAL_APPROVED, "hold-1", "key_b", 150_000),
        (EventName.APPROVAL_DENIED, "hold-1", "key_c", 160_000),
        (EventName.APPROVAL_EXPIRED, "hold-1", "", 300_000),
    ]
    assert events[0].counts == (("approvals_needed", 2), ("round", 3), ("until_s", 190))
    assert [line["event"] for line in log] == ["approval_approved", "approval_denied", "approval_expired"]
    assert (await look(store))[0] == [], "it is told once"


@pytest.mark.parametrize("vote", [None, Vote("key_b", "ann", True, 150)])
async def test_what_could_not_be_written_is_told_again(vote: Vote | None) -> None:
    store = Store(vote)
    assert (await look(store, fails=True))[0] == []
    assert len((await look(store))[0]) == 1
