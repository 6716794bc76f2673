"""The composition root: the only place that names concrete classes and puts them together.

Opens everything in the order in which it depends on each other and closes it in reverse. Never decides about a request.
"""

from __future__ import annotations

import asyncio
import importlib
import pkgutil
import signal
from collections.abc import AsyncIterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, asynccontextmanager
from dataclasses import replace
from functools import cache

from starlette.types import ASGIApp

from stockade.config import limits
from stockade.config.schema import Guards, Settings
from stockade.console.control import Parts, control_plane
from stockade.core.errors import ConfigError, StockadeError
from stockade.core.permissions import Permission
from stockade.core.principal import Principal
from stockade.gateway.access_watch import AccessWatch
from stockade.gateway.approval_watch import ApprovalWatch
from stockade.gateway.beside import Beside
from stockade.gateway.callers import Callers
from stockade.gateway.clock import SystemClock
from stockade.gateway.configured import addresses, believed, clients, recording_rule, vendors, workspaces
from stockade.gateway.counting import Counting
from stockade.gateway.driver import Services
from stockade.gateway.events import EventLog
from stockade.gateway.issuers import Issuers
from stockade.gateway.policy_watch import PolicyWatch, in_shadow
from stockade.gateway.retention import Retention
from stockade.gateway.server import GateApplication
from stockade.gateway.upstream import HttpUpstream
from stockade.gateway.workroom import Workroom
from stockade.govern.backtest.runs import Equipment
from stockade.guard import dialects
from stockade.guard.detectors.catalog import discover
from stockade.guard.detectors.detector import ComparingDetector, Detector, ScoreDetector
from stockade.guard.detectors.exfiltration_links.detector import Exfiltration
from stockade.guard.detectors.inspector import Inspector
from stockade.guard.detectors.prompt_leak_canary.detector import Canary
from stockade.guard.detectors.prompt_leak_system.detector import SystemPromptLeak
from stockade.guard.dialects.dialect import Dialect, Route
from stockade.guard.identity import IssuerKeys, Keyring, People
from stockade.guard.ledger.encoding import encode
from stockade.guard.ledger.record import Event, EventName
from stockade.guard.pipeline.exchange import Gate
from stockade.guard.pipeline.models import ModelList
from stockade.guard.policy.engine import PolicyEngine
from stockade.stores.blocks import MemoryBlocks
from stockade.stores.compiled import CompiledFiles
from stockade.stores.control import ControlStore
from stockade.stores.installation_key import derived_key, installation_key
from stockade.stores.ledger import Ledger
from stockade.stores.policy_archive import PolicyArchive
from stockade.stores.policy_files import load_policy, stamp
from stockade.stores.recordings import RECORDINGS, Recorder
from stockade.stores.sealing import Seal
from stockade.stores.vault import ControlVault
from stockade.stores.verdicts import MemoryVerdicts
from stockade.stores.weights import load_classifier

COUNTS_S = 60.0
"""How often those who were not let in are reported: they are counted, so that knocking fills no disk."""


class App:
    """A gateway process: its parts, put together from settings."""

    def __init__(
        self,
        settings: Settings,
        environ: Mapping[str, str],
        events: EventLog | None = None,
        inspector: Inspector | None = None,
    ) -> None:
        """Open stores and compile guards, which takes seconds where no compiled `inspector` is given.

        Fails: ConfigError saying what to mend; nothing stays open then.
        """
        self.settings = settings
        self._closing = ExitStack()
        self.control_url = ""
        try:
            self._open(settings, environ, events or EventLog(), inspector)
        except BaseException:
            self._closing.close()
            raise

    def _open(
        self, settings: Settings, environ: Mapping[str, str], events: EventLog, inspector: Inspector | None
    ) -> None:
        seen = stamp(settings.policy)
        policy = load_policy(settings.policy)
        self.upstream = HttpUpstream(vendors(settings, environ))
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.store = open_store(settings)
        self._closing.callback(self.store.close)
        self.ledger = Ledger.open(settings.data_dir / "ledger")
        self._closing.callback(self.ledger.close)
        self.ledger.on_error(lambda error: events.write("ledger_write_failed", error=error.strerror or "unknown"))
        detectors = configured(guards(settings.guards), settings)
        comparing = tuple(each for each in detectors if isinstance(each, ComparingDetector))
        inspector = inspector or inspector_of(settings, detectors)
        self._guards_off = sorted(
            {each.id for each in discover()} - {id_ for id_, _ in inspector.versions} - {each.id for each in comparing}
        )
        blocks = MemoryBlocks()
        clock = SystemClock()
        self.issuers = Issuers(addresses(settings.identity, environ), clock, events, self._take_keys)
        self._open_recordings(settings, clock, events)
        self.counting = Counting(settings, environ, clock, events, self._note)
        self.services = Services(
            gate=Gate(
                routes=routes(),
                keyring=self.store.keys.keyring(),
                stops=self.store.stops.list(),
                policy=policy,
                models=ModelList(settings.models, settings.evaluating),
                workspaces=workspaces(settings),
                places=limits.places(settings, self.counting.process),
                budgets=limits.budgets(settings),
                estimates=limits.estimates(settings),
                people=People(believed(settings.identity), revocations=self.store.revocations.revocations()),
                vendors=frozenset(vendors(settings, environ)),
                body_bytes_max=settings.limits.body_bytes_max,
                comparing=comparing,
                meaning=settings.guards.classifier,
                recording=recording_rule(settings),
            ),
            inspector=inspector,
            counters=self.counting.counters,
            usage=self.counting.usage,
            vault=ControlVault(self.store),
            ledger=self.ledger,
            blocks=blocks,
            approvals=self.store.approvals,
            recorder=self.recorder,
            upstream=self.upstream,
            clock=clock,
            events=events,
            inspect_timeout_s=settings.guards.inspect_timeout_s,
            workroom=Workroom(),
            storage_pool=ThreadPoolExecutor(2, "storage"),
            issuers=self.issuers,
        )
        self._approval_watch = ApprovalWatch(self.services, self.store.approvals, self._record)
        self._access = AccessWatch(self.services, self.store, self._note)
        names = settings.policy
        self._policy_watch = PolicyWatch(
            self.services, lambda: load_policy(names), lambda: stamp(names), seen, self._note, blocks.clear
        )
        self._closing.callback(self.services.workroom.close)
        self._closing.callback(self.services.storage_pool.shutdown)

    def _open_recordings(self, settings: Settings, clock: SystemClock, events: EventLog) -> None:
        kept = settings.recording
        folder = settings.data_dir / RECORDINGS
        keys = self.store.recording_keys
        self.retention = Retention(folder, keys, kept.retention_days, clock, events, self._note)
        self.recorder = Recorder(
            folder,
            keys,
            day_bytes_max=kept.day_bytes_max,
            report=self.retention.failed,
            policy=lambda: self.services.gate.policy.document,
        )
        self._closing.callback(self.recorder.close)

    def _control_plane(self, url: str) -> ASGIApp:
        """Return the control plane's application; browsers reach it at `url` unless configuration says where."""
        services, store = self.services, self.store
        callers = Callers(
            self.issuers,
            clients(self.settings.identity),
            services.clock,
            lambda: services.gate.keyring,
            lambda: services.gate.people,
        )
        parts = Parts(callers, store.keys, store.revocations, store.approvals, self._note_control, services.clock.now_s)
        key = derived_key(installation_key(self.settings.data_dir), "console sessions")
        return control_plane(self.settings, parts, url, key, self._control_failed)

    def _control_failed(self, fault: str) -> None:
        self.services.events.write("control_failed", fault=fault)

    async def _note_control(self, caller: Principal, permission: Permission, subject: str) -> None:
        """Record what somebody did with the gate."""
        now_ms = int(self.services.clock.now_s() * 1000)
        await self._record(Event(EventName.CONTROLLED, now_ms, subject=caller.id, reason=f"{permission} {subject}"))

    async def _record(self, event: Event) -> None:
        """Make an event durable. Fails: StorageError."""
        await self.ledger.append(encode(event))

    def application(self) -> GateApplication:
        """Return the ASGI application."""
        return GateApplication(self.services, self._life, lambda: self._access.fault)

    @asynccontextmanager
    async def _life(self) -> AsyncIterator[None]:
        """Keep what needs a running loop."""
        await self.upstream.open()
        control = Beside(self.settings.control_host, self.settings.control_port)
        control.start(self._control_plane(control.url))
        self.control_url = control.url
        for repair in self.ledger.repairs:
            self.services.events.write("ledger_repaired", file=repair.path.name, torn_bytes=repair.torn_bytes)
            await self._note(EventName.LEDGER_REPAIRED, repair.path.name)
        await self._note(
            EventName.STARTED, self.services.gate.policy.digest, rules=in_shadow(self.services.gate.policy)
        )
        if self._guards_off:
            self.services.events.write("guards_off", detectors=self._guards_off)
            for detector in self._guards_off:
                await self._note(EventName.GUARD_SKIPPED, detector)
        loop = asyncio.get_running_loop()
        watchers = [
            loop.create_task(watch)
            for watch in (
                self._access.run(),
                self._policy_watch.run(),
                self._approval_watch.run(),
                self._report_counts(),
                self.retention.watch(self.services.storage_pool),
                self.issuers.watch(),
            )
        ]
        hung_up = asyncio.Event()
        watchers.append(loop.create_task(self._reload_when(hung_up)))
        try:
            loop.add_signal_handler(signal.SIGHUP, hung_up.set)
        except (ValueError, RuntimeError):
            hung_up.clear()  # not the main thread (tests): files are watched all the same
        books = self.counting.books(self.store.usage)
        try:
            async with books.open(self.services.storage_pool):
                yield
        finally:
            for watcher in watchers:
                watcher.cancel()
            await asyncio.gather(*watchers, return_exceptions=True)
            await control.stop()
            await self.issuers.close()
            await self.counting.close()
            await self._report_turned_away()
            await self.retention.tell(self.recorder)
            await self._note(EventName.STOPPED, self.services.gate.policy.digest)
            await self.upstream.close()
            self._closing.close()

    def _take_keys(self, issuer: str, keys: IssuerKeys) -> None:
        """Take over the keys of an issuer as they are now; tokens that were proven before are proven anew."""
        gate = self.services.gate
        self.services.gate = replace(gate, people=gate.people.with_keys(issuer, keys))

    async def _report_counts(self) -> None:
        while True:
            await asyncio.sleep(COUNTS_S)
            await self._report_turned_away()
            await self.retention.tell(self.recorder)

    async def _report_turned_away(self) -> None:
        """Tell how many were not let in: in the log for all, in the ledger for keys of this gate."""
        await self._policy_watch.report()
        for key, codes in self.services.events.turned_away().items():
            self.services.events.write("turned_away", key=key or None, **codes)
            if key:
                await self._note(EventName.TURNED_AWAY, key, tuple(sorted(codes.items())))

    async def _reload_when(self, hung_up: asyncio.Event) -> None:
        while True:
            await hung_up.wait()
            hung_up.clear()
            await self._policy_watch.reload()

    async def _note(
        self, name: EventName, subject: str, counts: tuple[tuple[str, int], ...] = (), rules: tuple[str, ...] = ()
    ) -> None:
        event = Event(name, int(self.services.clock.now_s() * 1000), subject=subject, counts=counts, rules=rules)
        try:
            await self.ledger.append(encode(event))
        except StockadeError as error:
            self.services.events.failure("ledger_unwritable", error)


def inspector_of(settings: Settings, detectors: Sequence[Detector]) -> Inspector:
    """Return the detectors, compiled: seconds, or an instant where that was done at an earlier start."""
    return Inspector(
        detectors,
        classifier=load_classifier() if settings.guards.classifier else None,
        verdicts=MemoryVerdicts(),
        compiled=CompiledFiles(settings.data_dir / "compiled"),
    )


def equipment(settings: Settings, candidate: Sequence[str]) -> Equipment:
    """Return what a back-test plays with: the guards of `settings` and the policy of `candidate`.

    It knows the policies under which was recorded, and that of `settings`. It holds the control store open until its
    `close`. Fails: ConfigError.
    """
    detectors = configured(guards(settings.guards), settings)
    inspector = inspector_of(settings, detectors)
    current = Gate(
        routes=routes(),
        keyring=Keyring(()),
        policy=load_policy(settings.policy),
        models=ModelList(()),
        vendors=frozenset(),
        body_bytes_max=settings.limits.body_bytes_max,
        comparing=tuple(each for each in detectors if isinstance(each, ComparingDetector)),
        meaning=settings.guards.classifier,
    )
    tried = replace(current, policy=load_policy(candidate))
    store = open_store(settings)

    def seal(key_id: str) -> Seal | None:
        found = next((key for key in store.recording_keys.list() if key.id == key_id), None)
        return store.recording_keys.open(found) if found is not None else None

    archive = PolicyArchive(settings.data_dir / RECORDINGS)

    def gate_of(digest: str) -> Gate | None:
        known = {each.policy.digest: each for each in (current, tried)}
        if digest in known:
            return known[digest]
        document = archive.get(digest)
        try:
            return replace(current, policy=PolicyEngine.from_document(document)) if document is not None else None
        except ConfigError:
            return None  # of another release

    versions = dict(inspector.versions)
    keys = ControlVault(store).tenant_keys
    return Equipment(tried, cache(gate_of), inspector.inspect, versions, keys, cache(seal), store.close)


def guards(chosen: Guards) -> tuple[Detector, ...]:
    """Return the detectors that configuration wants: without the classifier none that goes by its scores."""
    return tuple(each for each in discover() if chosen.classifier or not isinstance(each, ScoreDetector))


def configured(detectors: Sequence[Detector], settings: Settings) -> tuple[Detector, ...]:
    """Return the detectors with what configuration says about three of them."""
    changed: dict[str, Detector] = {
        Canary.id: Canary(settings.prompt_leak.canaries),
        Exfiltration.id: Exfiltration(settings.exfiltration.hosts),
        SystemPromptLeak.id: SystemPromptLeak(settings.prompt_leak.tools),
    }
    return tuple(changed.get(each.id, each) for each in detectors)


def discover_dialects() -> tuple[Dialect, ...]:
    """Return every wire format, by its folder."""
    names = [module.name for module in pkgutil.iter_modules(dialects.__path__) if module.ispkg]
    return tuple(importlib.import_module(f"{dialects.__name__}.{name}").DIALECT for name in sorted(names))


def routes() -> dict[tuple[str, str], tuple[tuple[Dialect, Route], ...]]:
    """Return who serves which method and path; several formats may share one (`GET /v1/models`)."""
    served: dict[tuple[str, str], tuple[tuple[Dialect, Route], ...]] = {}
    for dialect in discover_dialects():
        for route in dialect.routes:
            place = (route.method, route.path)
            taken = {other.vendor for other, _ in served.get(place, ())}
            if dialect.vendor not in taken:
                served[place] = (*served.get(place, ()), (dialect, route))
    return served


def open_store(settings: Settings) -> ControlStore:
    """Return the control store that settings name."""
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = installation_key(settings.data_dir)
    return ControlStore.open(settings.database_url, key, placeholders_max=settings.placeholders.entries_max)
