"""Verdicts in memory: exact, bounded in number and bytes, used by several threads at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from stockade.core.findings import Category, Finding, Severity
from stockade.stores.verdicts import ENTRY_BYTES, FINDING_BYTES, MemoryVerdicts

FOUND = (Finding("d", "1", "r", Category.CREDENTIAL, Severity.HIGH, 0.9, 0, 0, 5, "L", "e" * 32),)


def test_what_was_kept_is_recalled_and_nothing_else() -> None:
    cache = MemoryVerdicts()
    cache.keep({b"one": FOUND, b"two": ()})
    assert cache.recall([b"two", b"three", b"one"]) == [(), None, FOUND]


def test_the_least_recently_used_go_first() -> None:
    cache = MemoryVerdicts(entries_max=2)
    cache.keep({b"a": (), b"b": ()})
    cache.recall([b"a"])
    cache.keep({b"c": ()})
    assert cache.recall([b"a", b"b", b"c"]) == [(), None, ()]


def test_bytes_are_bounded_and_what_is_kept_again_counts_once() -> None:
    cache = MemoryVerdicts(bytes_max=2 * (ENTRY_BYTES + FINDING_BYTES))
    for _ in range(3):
        cache.keep({b"a": FOUND})
    cache.keep({b"b": FOUND})
    assert cache.recall([b"a", b"b"]) == [FOUND, FOUND]
    cache.keep({b"c": ()})
    assert cache.recall([b"a", b"b", b"c"]) == [None, FOUND, ()]


def test_one_that_is_larger_than_all_room_is_not_kept_and_its_older_self_is_gone() -> None:
    cache = MemoryVerdicts(bytes_max=ENTRY_BYTES + FINDING_BYTES)
    cache.keep({b"a": ()})
    cache.keep({b"a": FOUND * 2})
    assert cache.recall([b"a"]) == [None]


def test_several_threads_keep_and_recall() -> None:
    cache = MemoryVerdicts(entries_max=50)
    keys = [b"%d" % n for n in range(100)]

    def work(_: int) -> bool:
        for key in keys:
            cache.keep({key: FOUND if int(key) % 2 else ()})
        return all(
            kept in (None, FOUND if int(key) % 2 else ()) for key, kept in zip(keys, cache.recall(keys), strict=True)
        )

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(work, range(20)))
    assert sum(kept is not None for kept in cache.recall(keys)) == 50
