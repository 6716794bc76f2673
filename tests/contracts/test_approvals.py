"""The contract of the store of approvals, the same for SQLite and for PostgreSQL."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from stockade.core.errors import ForbiddenError, NotFoundError, NotOpenError, StorageError
from stockade.core.limits import APPROVAL_UNTIL_S_MAX, APPROVAL_WAIT_S, APPROVALS_WAITING_MAX
from stockade.guard.approvals.approval import Held, Ruling, Scope, State, Subject, Vote
from stockade.stores.approvals import KEPT_S
from stockade.stores.control import ControlStore
from tests.contracts.test_stores import Bench, bench, store

__all__ = ["bench", "store"]

HELD = Held("hold-1", "v1", "play", "key_a", Subject.CALL, ("hold-it",), 1, True, b'{"to": "zoe@x.test"}')


def yes(bench: Bench, by: str = "bob", scope: Scope = Scope.ONCE, for_s: int = 3600, link: str = "") -> Vote:
    now_s = int(bench.clock.now_s)
    return Vote(by, by.title(), True, now_s, scope, now_s + for_s, link)


def no(bench: Bench, by: str = "bob") -> Vote:
    return Vote(by, by.title(), False, int(bench.clock.now_s))


def state(store: ControlStore, held: Held = HELD) -> State:
    return store.approvals.ask(held).state


def test_what_is_held_waits_and_passes_once_after_a_yes(bench: Bench, store: ControlStore) -> None:
    assert store.approvals.ask(HELD) == Ruling("hold-1", State.PENDING)
    assert state(bench.open()) is State.PENDING
    [waiting] = store.approvals.list(waiting=True)
    assert (waiting.principal, waiting.rules, waiting.round) == ("key_a", ("hold-it",), 1)
    assert store.approvals.get("hold-1")[1] == HELD.shown
    bench.open().approvals.vote("hold-1", yes(bench))
    assert state(store) is State.APPROVED
    assert store.approvals.list(waiting=True) == ()
    assert state(store) is State.PENDING
    assert store.approvals.get("hold-1")[0].round == 2


def test_what_is_shown_stands_nowhere_in_clear(bench: Bench, store: ControlStore) -> None:
    store.approvals.ask(HELD)
    with store.database.reading() as connection:
        [row] = connection.exec_driver_sql("SELECT * FROM approvals").all()
    assert b"zoe@x.test" not in b"".join(bytes(v) if not isinstance(v, str | int) else str(v).encode() for v in row)


def test_a_yes_ends_and_so_does_waiting_and_a_no(bench: Bench, store: ControlStore) -> None:
    state(store)
    store.approvals.vote("hold-1", yes(bench, scope=Scope.UNTIL, for_s=10))
    assert [state(store), state(store)] == [State.APPROVED] * 2
    bench.clock.now_s += 10
    assert state(store) is State.PENDING
    store.approvals.vote("hold-1", no(bench))
    assert state(store) is State.DENIED
    with pytest.raises(NotOpenError, match="is denied"):
        store.approvals.vote("hold-1", yes(bench, "cleo"))
    bench.clock.now_s += APPROVAL_WAIT_S
    with pytest.raises(NotOpenError, match="is expired"):
        store.approvals.vote("hold-1", yes(bench))
    assert state(store) is State.PENDING
    bench.clock.now_s += APPROVAL_WAIT_S
    with pytest.raises(NotOpenError, match="is expired"):
        store.approvals.vote("hold-1", yes(bench))


def test_nobody_approves_what_they_asked_for_and_may_take_it_back(bench: Bench, store: ControlStore) -> None:
    state(store)
    with pytest.raises(ForbiddenError):
        store.approvals.vote("hold-1", yes(bench, "key_a"))
    store.approvals.vote("hold-1", no(bench, "key_a"))
    assert state(store) is State.DENIED


def test_two_people_are_two_and_one_person_twice_is_one(bench: Bench, store: ControlStore) -> None:
    two = HELD._replace(needed=2)
    state(store, two)
    for _ in range(2):
        store.approvals.vote("hold-1", yes(bench, "ann", Scope.SESSION, 100))
    assert state(store, two) is State.PENDING
    made = store.approvals.vote("hold-1", yes(bench, "bob", Scope.UNTIL, 50))
    assert (made.scope, made.until_s) == (Scope.ONCE, int(bench.clock.now_s) + 50)
    assert state(store, two) is State.APPROVED
    assert state(store, two) is State.PENDING
    assert store.approvals.get("hold-1")[0].votes == (), "words of an earlier round do not count"


def test_a_yes_that_was_not_used_can_be_taken_back(bench: Bench, store: ControlStore) -> None:
    state(store)
    store.approvals.vote("hold-1", yes(bench))
    store.approvals.vote("hold-1", no(bench))
    assert state(store) is State.DENIED


def test_a_yes_for_the_session_covers_its_value_and_nobody_elses(bench: Bench, store: ControlStore) -> None:
    state(store)
    store.approvals.vote("hold-1", yes(bench, scope=Scope.SESSION))
    alike = HELD._replace(id="hold-2")
    assert store.approvals.ask(alike) == Ruling("hold-1", State.APPROVED)
    assert state(store, alike._replace(value="v2")) is State.PENDING
    assert state(store, alike._replace(principal="key_c")) is State.PENDING
    assert state(store, alike._replace(tenant="other", id="hold-3")) is State.PENDING


def test_a_yes_for_once_does_not_cover_what_is_alike(bench: Bench, store: ControlStore) -> None:
    state(store)
    store.approvals.vote("hold-1", yes(bench))
    assert state(store, HELD._replace(id="hold-2")) is State.PENDING


def test_what_cannot_be_approved_so_is_refused(bench: Bench, store: ControlStore) -> None:
    state(store, HELD._replace(in_session=False))
    for said in (
        yes(bench, scope=Scope.SESSION),
        yes(bench, for_s=0),
        yes(bench, for_s=-1),
        yes(bench, for_s=APPROVAL_UNTIL_S_MAX + 1),
    ):
        with pytest.raises(NotOpenError):
            store.approvals.vote("hold-1", said)
    with pytest.raises(NotFoundError):
        store.approvals.vote("hold-9", yes(bench))
    with pytest.raises(NotFoundError):
        store.approvals.get("hold-9")


def test_a_link_is_used_once(bench: Bench, store: ControlStore) -> None:
    two = HELD._replace(needed=2)
    state(store, two)
    store.approvals.vote("hold-1", yes(bench, "ann", link="l1"))
    with pytest.raises(NotOpenError, match="used already"):
        store.approvals.vote("hold-1", yes(bench, "bob", link="l1"))
    assert state(store, two) is State.PENDING


def test_two_yeses_at_once_are_one_and_one_use_of_many_tries_passes(bench: Bench, store: ControlStore) -> None:
    state(store)
    stores = [bench.open() for _ in range(4)]
    with ThreadPoolExecutor(8) as pool:
        votes = [pool.submit(one.approvals.vote, "hold-1", yes(bench, f"p{n}")) for n, one in enumerate(stores * 2)]
        assert {vote.result().state(int(bench.clock.now_s)) for vote in votes} == {State.APPROVED}
        tries = [pool.submit(one.approvals.ask, HELD) for one in stores * 3]
        states = [tried.result().state for tried in tries]
    assert states.count(State.APPROVED) == 1
    assert set(states) == {State.APPROVED, State.PENDING}


def test_news_are_told_once(bench: Bench, store: ControlStore) -> None:
    state(store)
    state(store, HELD._replace(id="hold-2", value="v2"))
    assert store.approvals.untold() == []
    store.approvals.vote("hold-1", yes(bench))
    [(approval, said)] = store.approvals.untold()
    assert (approval.id, said and said.by) == ("hold-1", "bob")
    store.approvals.told([(approval, said)])
    assert store.approvals.untold() == []
    bench.clock.now_s += APPROVAL_WAIT_S
    [(approval, said)] = store.approvals.untold()
    assert (approval.id, said) == ("hold-2", None)
    store.approvals.told([(approval, said)])
    assert store.approvals.untold() == []


def test_what_was_said_in_a_round_that_is_over_is_told_too(bench: Bench, store: ControlStore) -> None:
    state(store)
    store.approvals.vote("hold-1", yes(bench))
    assert [state(store), state(store)] == [State.APPROVED, State.PENDING]
    store.approvals.vote("hold-1", no(bench))
    news = store.approvals.untold()
    assert [(approval.round, said and said.yes) for approval, said in news] == [(1, True), (2, False)]
    store.approvals.told(news)
    assert store.approvals.untold() == []


def test_no_more_waits_than_people_can_look_at(
    bench: Bench, store: ControlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert APPROVALS_WAITING_MAX == 1000
    monkeypatch.setattr("stockade.stores.approvals.APPROVALS_WAITING_MAX", 2)
    for n in range(2):
        assert state(store, HELD._replace(id=f"hold-{n}", value=str(n))) is State.PENDING
    assert state(store, HELD._replace(id="hold-3", value="3")) is State.CROWDED
    assert state(store, HELD._replace(id="hold-3", value="3", tenant="other")) is State.PENDING
    bench.clock.now_s += APPROVAL_WAIT_S + KEPT_S + 1
    assert state(store, HELD._replace(id="hold-3", value="3", tenant="third")) is State.PENDING
    assert [one.id for one in store.approvals.list()] == ["hold-3"]


def test_a_row_that_was_changed_is_an_error_and_lets_nothing_pass(bench: Bench, store: ControlStore) -> None:
    state(store)
    bench.run("UPDATE approvals SET subject = 'nonsense'")
    with pytest.raises(StorageError):
        store.approvals.ask(HELD)
    bench.run("UPDATE approvals SET subject = 'call', shown = :junk", junk=b"x" * 60)
    with pytest.raises(StorageError, match="corrupt"):
        store.approvals.get("hold-1")
