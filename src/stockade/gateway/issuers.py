"""The issuers of tokens: their keys, looked at again and again beside the requests, never in front of them.

Owns when an issuer is asked: on a schedule, and once more, one at a time and not too often, when a token names a key
that is not known. An issuer that cannot be reached keeps its last keys for a configured time, then it has none. A
request waits at most for one look; how long that may take is bounded, and so is how many may wait.
"""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import quote_plus

from stockade.core.errors import UnauthenticatedError
from stockade.gateway.events import EventLog
from stockade.gateway.fetch import Fetch, FetchError
from stockade.gateway.metadata import Metadata, discover, fetch_ok, json_object
from stockade.gateway.ports import Clock
from stockade.guard.identity import NO_KEYS, IssuerKeys, IssuerKeysError, read_keys

LOOK_AGAIN_S = 5.0
"""Least time between two looks that tokens with unknown keys cause: their senders choose the key's name."""

RETRY_S = 15.0
"""When an issuer that could not be reached is asked again."""

WAITING_MAX = 64
"""Requests that may wait for one look; more are refused at once."""

METADATA_S = 3600.0
"""How long an issuer's endpoints are kept."""


@dataclass(slots=True)
class Address:
    """How an issuer is reached."""

    url: str
    fetch: Fetch
    refresh_s: float = 300.0
    keys_age_max_s: float = 86_400.0
    client_id: str = ""
    client_secret: str = field(default="", repr=False)


@dataclass(slots=True)
class _State:
    """What is known of one issuer; times are monotonic seconds."""

    address: Address
    metadata: Metadata | None = None
    metadata_at_s: float = 0.0
    digest: bytes = b""
    confirmed_at_s: float | None = None
    looked_at_s: float | None = None
    look: asyncio.Task[None] | None = None
    waiting: int = 0
    reachable: bool = True


class Issuers:
    """Keeps the keys of all issuers; `publish` hands new ones to the gate."""

    def __init__(
        self,
        addresses: list[Address],
        clock: Clock,
        events: EventLog,
        publish: Callable[[str, IssuerKeys], None],
    ) -> None:
        """Ask nobody yet."""
        self._states = {address.url: _State(address) for address in addresses}
        self._clock = clock
        self.events = events
        self._publish = publish

    async def watch(self) -> None:
        """Look at every issuer for as long as this runs."""
        await asyncio.gather(*[self._watch(state) for state in self._states.values()])

    async def close(self) -> None:
        """End the looks that are under way."""
        looks = [state.look for state in self._states.values() if state.look is not None]
        for look in looks:
            look.cancel()
        await asyncio.gather(*looks, return_exceptions=True)

    async def refresh(self, issuer: str) -> None:
        """Look at an issuer's keys once more, unless that was just done. Never fails; it may know no more than before.

        The look is shielded: a caller that goes away does not end it for the others.
        """
        state = self._states.get(issuer)
        if state is None or state.waiting >= WAITING_MAX:
            return
        just_looked = state.looked_at_s is not None and self._clock.monotonic_s() - state.looked_at_s < LOOK_AGAIN_S
        if state.look is None and just_looked:
            return
        state.waiting += 1
        try:
            await asyncio.shield(self._look(state))
        finally:
            state.waiting -= 1

    async def active(self, issuer: str, token: bytes) -> None:
        """Ask the issuer whether it still stands by a token (RFC 7662). Fails: UnauthenticatedError unless yes."""
        state = self._states[issuer]
        try:
            metadata = await self.metadata(issuer)
            if not metadata.introspection_endpoint:
                raise FetchError("it names no introspection endpoint")
            form = {"token": token.decode("ascii"), "token_type_hint": "access_token"}
            fetched = await state.address.fetch(
                metadata.introspection_endpoint, form, authorization=basic(state.address)
            )
            if fetched.status != 200:
                raise FetchError(f"it answered with status {fetched.status}")
            told = json_object(fetched.body)
        except FetchError as error:
            self._unreachable(state, str(error))
            raise UnauthenticatedError("The issuer could not be asked whether the token still holds.") from error
        if told.get("active") is not True:
            raise UnauthenticatedError("The issuer no longer stands by this token.", hint="Sign in again.")

    async def metadata(self, issuer: str) -> Metadata:
        """Return the endpoints of a configured issuer. Fails: FetchError."""
        state = self._states[issuer]
        now_s = self._clock.monotonic_s()
        if state.metadata is None or now_s - state.metadata_at_s > METADATA_S:
            state.metadata = await discover(issuer, state.address.fetch)
            state.metadata_at_s = now_s
        return state.metadata

    def address(self, issuer: str) -> Address:
        """Return how a configured issuer is reached."""
        return self._states[issuer].address

    async def _watch(self, state: _State) -> None:
        while True:
            await asyncio.shield(self._look(state))
            await asyncio.sleep(state.address.refresh_s if state.reachable else min(RETRY_S, state.address.refresh_s))

    def _look(self, state: _State) -> asyncio.Task[None]:
        """Return the one look that is under way, begun now where there is none."""
        if state.look is None:
            state.look = asyncio.get_running_loop().create_task(self._look_once(state))
            state.look.add_done_callback(lambda _: setattr(state, "look", None))
        return state.look

    async def _look_once(self, state: _State) -> None:
        try:
            metadata = await self.metadata(state.address.url)
            keys = read_keys(await fetch_ok(metadata.jwks_uri, state.address.fetch))
        except (FetchError, IssuerKeysError) as error:
            state.metadata = None  # the keys may have moved
            self._unreachable(state, str(error))
            self._forget_old(state)
        except Exception as error:  # noqa: BLE001 - whatever an issuer sends, the gate goes on with what it knows
            self._unreachable(state, type(error).__name__)
            self._forget_old(state)
        else:
            self._confirmed(state, keys)
        finally:
            state.looked_at_s = self._clock.monotonic_s()

    def _confirmed(self, state: _State, keys: IssuerKeys) -> None:
        state.confirmed_at_s = self._clock.monotonic_s()
        if not state.reachable:
            state.reachable = True
            self.events.write("issuer_reached", issuer=state.address.url)
        if keys.digest != state.digest:
            state.digest = keys.digest
            self._publish(state.address.url, keys)
            self.events.write("issuer_keys", issuer=state.address.url, keys=len(keys), digest=keys.digest.hex())

    def _unreachable(self, state: _State, reason: str) -> None:
        """Tell it once, not at each attempt."""
        if state.reachable:
            state.reachable = False
            self.events.write("issuer_unreachable", issuer=state.address.url, reason=reason)

    def _forget_old(self, state: _State) -> None:
        """Take back keys that nobody has confirmed for too long: one of them may have been stolen and withdrawn."""
        if state.confirmed_at_s is None or not state.digest:
            return
        if self._clock.monotonic_s() - state.confirmed_at_s > state.address.keys_age_max_s:
            state.digest = b""
            self._publish(state.address.url, NO_KEYS)
            self.events.write("issuer_keys_too_old", issuer=state.address.url)


def basic(address: Address) -> str:
    """Return the header by which the gate proves itself to an issuer, "" without a secret (RFC 6749, 2.3.1)."""
    if not address.client_secret:
        return ""
    pair = f"{quote_plus(address.client_id)}:{quote_plus(address.client_secret)}"
    return "Basic " + b64encode(pair.encode()).decode()
