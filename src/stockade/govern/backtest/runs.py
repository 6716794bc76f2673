"""Runs: all chosen recordings through the player, in several processes, kept as they come so that a run can go on.

Owns the order of work and the file of results. What a result is depends on its recording, the policies and the
detectors alone; the file is named by those, so a run that was stopped goes on where it was, and another run over more
days plays only what is new. Never keeps content: a result holds none.
"""

from __future__ import annotations

import multiprocessing
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import msgspec

from stockade import __version__
from stockade.core.errors import GuardFailedError, StorageError
from stockade.govern.backtest.player import Inspect, Player
from stockade.govern.backtest.results import Result, Standing, judge
from stockade.guard.pipeline.commands import TenantKeys
from stockade.guard.pipeline.exchange import Gate
from stockade.stores.recording_frames import Frame, Label
from stockade.stores.recording_reader import Trouble, read
from stockade.stores.sealing import Seal

BATCH = 8
"""Recordings that a process plays before it hands the results over."""

_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(tuple[str, Result])


class Reel(NamedTuple):
    """One recording to play: where it stands."""

    path: Path
    label: Label
    frame: Frame

    @property
    def name(self) -> str:
        """Return a name that is this recording's for ever."""
        return f"{self.label.file}:{self.frame.start}"


@dataclass(frozen=True, slots=True)
class Equipment:
    """What one process plays with.

    `gate_of` returns the gate under a policy by its digest, None where that policy is not kept; `seal` opens by the id
    of a day's key, None where it was destroyed.
    """

    candidate: Gate
    gate_of: Callable[[str], Gate | None]
    inspect: Inspect
    versions: Mapping[str, str]
    keys: Callable[[str], TenantKeys]
    seal: Callable[[str], Seal | None]
    close: Callable[[], None] = lambda: None

    @property
    def name(self) -> str:
        """Return a digest of everything that a result depends on beside its recording."""
        told = (__version__, self.candidate.policy.digest, sorted(self.versions.items()))
        return sha256(msgspec.json.encode(told)).hexdigest()[:32]


Equip = Callable[[], Equipment]
"""Make the equipment; is handed to other processes, so it must be a function of a module, or a partial of one."""


def play_all(
    equip: Equip, equipment: Equipment, reels: Sequence[Reel], kept: Path, jobs: int
) -> Iterator[tuple[str, Result]]:
    """Yield the result of each recording with its name: those that are kept first, the others as they come.

    Contract: each is yielded once; the number of processes changes nothing but the order.
    Fails: GuardFailedError when a process dies; StorageError when results cannot be kept.
    """
    wanted = {reel.name: reel for reel in reels}
    for name, result in _known(kept):
        if wanted.pop(name, None) is not None:
            yield name, result
    left = list(wanted.values())
    batches = [left[start : start + BATCH] for start in range(0, len(left), BATCH)]
    made = _apart(equip, batches, jobs) if jobs > 1 and len(batches) > 1 else _here(equipment, batches)
    try:
        kept.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with kept.open("ab") as file:
            if kept.stat().st_size:
                file.write(b"\n")  # a line that was cut off ends here
            for results in made:
                lasting = [each for each in results if each[1].standing is not Standing.UNREADABLE]
                file.write(b"".join(_ENCODER.encode(each) + b"\n" for each in lasting))
                file.flush()
                yield from results
    except OSError as error:
        raise StorageError(
            f"The results of the back-test cannot be kept: {(error.strerror or 'unknown').lower()}.",
            hint=f"Free space below {kept.parent}.",
        ) from error


def play(equipment: Equipment, reel: Reel) -> Result:
    """Return the result of one recording."""
    seal = equipment.seal(reel.label.key)
    if seal is None:
        return Result(Standing.UNREADABLE, tenant=reel.label.tenant, trouble=Trouble.DESTROYED)
    try:
        recording = read(reel.path, reel.label, seal, reel.frame)
    except OSError:
        return Result(Standing.UNREADABLE, tenant=reel.label.tenant, trouble=Trouble.GONE)
    if isinstance(recording, Trouble):
        return Result(Standing.UNREADABLE, tenant=reel.label.tenant, trouble=recording)
    seen: dict[object, object] = {}

    def inspect(*asked: object) -> object:
        """Inspect the same texts once: two policies look at them."""
        if asked not in seen:
            seen[asked] = equipment.inspect(*asked)  # type: ignore[arg-type]
        return seen[asked]

    before = equipment.gate_of(recording.decided.policy)
    candidate, then = (
        Player(gate, inspect, equipment.keys) if gate is not None else None  # type: ignore[arg-type]
        for gate in (equipment.candidate, before)
    )
    assert candidate is not None
    key = equipment.keys(recording.tenant).evidence
    return judge(recording, candidate, then, equipment.versions, key)


def _known(kept: Path) -> Iterator[tuple[str, Result]]:
    """Yield the results of runs before; a line that was cut off is played again."""
    try:
        lines = kept.read_bytes().splitlines()
    except (FileNotFoundError, NotADirectoryError):
        return  # nothing is kept, or what follows says why it cannot be
    for line in lines:
        with suppress(msgspec.DecodeError):
            yield _DECODER.decode(line)


def _here(equipment: Equipment, batches: Sequence[Sequence[Reel]]) -> Iterator[list[tuple[str, Result]]]:
    for batch in batches:
        yield [(reel.name, play(equipment, reel)) for reel in batch]


def _apart(equip: Equip, batches: Sequence[Sequence[Reel]], jobs: int) -> Iterator[list[tuple[str, Result]]]:
    # A fresh interpreter: a fork would copy the threads' locks of a progress bar in whatever state they are.
    pool = ProcessPoolExecutor(
        jobs, mp_context=multiprocessing.get_context("spawn"), initializer=_Process.begin, initargs=(equip,)
    )
    try:
        waiting: deque[Future[list[tuple[str, Result]]]] = deque()
        for batch in batches:
            with _unheard():  # may begin a process
                waiting.append(pool.submit(_Process.play, batch))
            if len(waiting) >= 4 * jobs:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    except BrokenProcessPool as error:
        raise GuardFailedError(
            "A worker process ended before its recordings were played.", hint="Is there enough memory? Try --jobs 1."
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def _unheard() -> Iterator[None]:
    """Begin processes that never hear Ctrl-C: they inherit what is blocked. What comes meanwhile is answered after."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    heard: list[int] = []
    answer = signal.signal(signal.SIGINT, lambda number, _frame: heard.append(number))  # also by another thread
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        signal.signal(signal.SIGINT, answer)
    if heard:
        raise KeyboardInterrupt


class _Process:
    """One worker process and its equipment."""

    equipment: Equipment | None = None

    @classmethod
    def begin(cls, equip: Equip) -> None:
        """Make the equipment of this process."""
        cls.equipment = equip()

    @classmethod
    def play(cls, reels: Sequence[Reel]) -> list[tuple[str, Result]]:
        """Play a batch."""
        assert cls.equipment is not None
        return [(reel.name, play(cls.equipment, reel)) for reel in reels]
