"""Who sits at this terminal: the person of `stockade login`, or a key in STOCKADE_KEY, proven as at the gate's door.

Owns where the proof comes from and where to sign in. Configuration of the gate need not be here: a laptop has the
address of the issuer from the command line, and from then on from the credentials.
"""

from __future__ import annotations

import asyncio
import io
import ipaddress
import os
import time
from urllib.parse import urlsplit

from stockade.cli.credentials import Credentials, CredentialsFile
from stockade.cli.signing_in import Target, refreshed
from stockade.config.credentials import client_secret
from stockade.config.identity import Issuer
from stockade.config.schema import Settings
from stockade.core.errors import ConfigError, UnauthenticatedError
from stockade.core.principal import Principal
from stockade.gateway.fetch import IssuerFetch
from stockade.gateway.issuers import Address
from stockade.guard.identity.signin import Client

FRESH_S = 60.0
"""An access token that ends sooner is refreshed first."""

TIMEOUT_S = 15.0
KEY_VARIABLE = "STOCKADE_KEY"


def configured_target(issuers: tuple[Issuer, ...], url: str | None) -> Target:
    """Return where configuration lets people sign in. Fails: ConfigError when that is nowhere, or not clear."""
    able = [each for each in issuers if each.client_id is not None and url in (None, each.url)]
    if len(able) != 1:
        raise ConfigError(
            "It is not clear at which issuer to sign in.",
            hint="Name it with --issuer URL (and --client-id ID where no stockade.yaml names it).",
        )
    (issuer,) = able
    assert issuer.client_id is not None
    variable = issuer.client_secret_env
    secret = variable if variable is not None and variable in os.environ else None
    address = Address(
        issuer.url,
        IssuerFetch(allow_private=issuer.allow_private, timeout_s=TIMEOUT_S),
        client_id=issuer.client_id,
        client_secret=client_secret(issuer.url, secret, os.environ),
    )
    return Target(address, Client(issuer.client_id, issuer.scopes, issuer.resource or ""))


def named_target(url: str, client_id: str, scopes: tuple[str, ...], resource: str) -> Target:
    """Return an issuer that the person named. Over plain http only on this very machine."""
    fetch = IssuerFetch(allow_private=_is_loopback(url), timeout_s=TIMEOUT_S)
    return Target(Address(url, fetch, client_id=client_id), Client(client_id, scopes, resource))


def target_of(credentials: Credentials) -> Target:
    """Return where these credentials came from."""
    return named_target(credentials.issuer, credentials.client_id, credentials.scopes, credentials.resource)


def fresh_token(file: CredentialsFile) -> str:
    """Return an access token that lives for a while, refreshed where it must be. Fails: ConfigError and its kin."""
    credentials = file.read()
    if credentials.expires_at_s - time.time() > FRESH_S:
        return credentials.access_token
    with file.alone():
        credentials = file.read()  # another command may have refreshed meanwhile
        if credentials.expires_at_s - time.time() <= FRESH_S:
            credentials = asyncio.run(refreshed(target_of(credentials), credentials))
            file.write(credentials)
    return credentials.access_token


def local_caller(settings: Settings) -> Principal:
    """Return who sits here, proven by the gate's own stores and issuers. Fails: UnauthenticatedError, ConfigError."""
    key = os.environ.get(KEY_VARIABLE, "")
    credential = key or fresh_token(CredentialsFile(os.environ))
    return asyncio.run(_proven(settings, credential))


async def _proven(settings: Settings, credential: str) -> Principal:
    from stockade.app import open_store
    from stockade.gateway.callers import Callers
    from stockade.gateway.clock import SystemClock
    from stockade.gateway.configured import addresses, believed
    from stockade.gateway.events import EventLog
    from stockade.gateway.issuers import Issuers
    from stockade.guard.identity import IssuerKeys, People

    store = open_store(settings)
    try:
        known = [People(believed(settings.identity), revocations=store.revocations.revocations())]
        keyring = store.keys.keyring()

        def publish(issuer: str, keys: IssuerKeys) -> None:
            known[0] = known[0].with_keys(issuer, keys)

        clock = SystemClock()
        silent = EventLog(io.StringIO())  # what an issuer did is told as an error, not as a line of the gate's log
        issuers = Issuers(addresses(settings.identity, os.environ), clock, silent, publish)
        callers = Callers(issuers, {}, clock, lambda: keyring, lambda: known[0])
        return await callers.prove(((b"authorization", b"Bearer " + credential.encode("utf-8", "replace")),))
    except UnauthenticatedError as error:
        raise UnauthenticatedError(error.public, hint=f"Run: stockade login, or set {KEY_VARIABLE}.") from error
    finally:
        store.close()


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
