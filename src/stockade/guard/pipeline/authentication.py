"""The stage that proves who calls: by a key of the gate, or by the token of an issuer.

Never answers for a caller that was not proven (DESIGN invariant 7): whatever breaks in here is a 401. A key, and a
token that was proven before, cost a look-up; only a token that is new to this gate may wait for its issuer.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from stockade.core.errors import StoppedError, UnauthenticatedError
from stockade.core.principal import Principal
from stockade.guard.identity import Keyring, KeyWantedError, People, credential_of, is_token
from stockade.guard.pipeline.commands import ClientGone, Command, Headers, Introspect, RefreshIssuer
from stockade.guard.pipeline.exchange import Exchange, Gate
from stockade.guard.pipeline.faults import place
from stockade.guard.pipeline.judge import Steps
from stockade.guard.quota.stops import stopped


def authenticate_caller(gate: Gate, exchange: Exchange) -> Steps:
    """Prove who calls, by key or token; there is no default caller, and one who is stopped gets no further."""
    try:
        exchange.principal = yield from prove_caller(exchange.headers, gate.keyring, gate.people, exchange.started_s)
    except (ClientGone, StoppedError, UnauthenticatedError):
        raise
    except Exception as error:
        exchange.fault = place(error)
        raise UnauthenticatedError("The gate could not prove who calls, so nobody was let in.") from error
    if gate.stops and (stop := gate.stops.of_caller(exchange.principal)):
        raise stopped(stop)


def prove_caller(
    headers: Headers, keyring: Keyring, people: People, now_s: float
) -> Generator[Command, Any, Principal]:
    """Return who calls. Contract: a principal that a key or a token proved, or UnauthenticatedError."""
    credential = credential_of(headers)
    if not is_token(credential):
        return keyring.principal(credential)
    known = people.recall(credential, now_s)
    if known is not None:
        return known
    try:
        proof = people.prove(credential, now_s)
    except KeyWantedError as wanted:
        people = yield RefreshIssuer(wanted.issuer)
        proof = people.prove(credential, now_s)
    until_s = proof.expires_at_s
    introspect_s = people.issuer(proof.issuer).introspect_s
    if introspect_s:
        yield Introspect(proof.issuer, credential)
        until_s = min(until_s, now_s + introspect_s)
    people.remember(credential, proof.principal, until_s)
    return proof.principal
