"""What configuration says, as values of the guard and the gateway: issuers, vendors, workspaces, recordings."""

from __future__ import annotations

from collections.abc import Mapping

from stockade.config.credentials import client_secret, upstream_key
from stockade.config.identity import Identity
from stockade.config.schema import Settings
from stockade.core.principal import DataClass, Environment, Role, Workspace
from stockade.gateway.fetch import IssuerFetch
from stockade.gateway.issuers import Address
from stockade.gateway.vendors import Vendor
from stockade.guard.identity import Issuer, TokenKind, Workspaces
from stockade.guard.identity.signin import Client
from stockade.guard.recording.recording import RecordingRule


def believed(identity: Identity) -> tuple[Issuer, ...]:
    """Return the issuers that configuration names, as the guard believes them."""
    return tuple(
        Issuer(
            each.url,
            frozenset(each.audiences),
            frozenset(TokenKind(kind) for kind in each.tokens),
            frozenset(each.algorithms),
            each.skew_s,
            each.lifetime_max_s,
            each.introspect_s,
            each.tenant,
            each.name_claim,
            each.groups_claim,
            each.members,
            tuple((given.group, given.team) for given in each.teams),
            tuple((given.group, Role(given.role)) for given in each.roles),
        )
        for each in identity.issuers
    )


def addresses(identity: Identity, environ: Mapping[str, str]) -> list[Address]:
    """Return how each issuer is reached. Fails: ConfigError for a secret that is not set."""
    return [
        Address(
            each.url,
            IssuerFetch(allow_private=each.allow_private, timeout_s=each.timeout_s),
            each.refresh_s,
            each.keys_age_max_s,
            each.client_id or "",
            client_secret(each.url, each.client_secret_env, environ),
        )
        for each in identity.issuers
    ]


def clients(identity: Identity) -> dict[str, Client]:
    """Return the gate as a client of each issuer at which people can sign in."""
    return {
        each.url: Client(each.client_id, each.scopes, each.resource or "")
        for each in identity.issuers
        if each.client_id is not None
    }


def recording_rule(settings: Settings) -> RecordingRule:
    """Return whose exchanges are recorded."""
    kept = settings.recording
    return RecordingRule(frozenset(kept.tenants), kept.exchange_bytes_max, kept.required)


def workspaces(settings: Settings) -> Workspaces:
    """Return the workspaces that configuration names."""
    return Workspaces(
        (
            Workspace(each.name, Environment(each.environment), each.sensitivity, DataClass(each.data_class)),
            each.repositories,
        )
        for each in settings.workspaces
    )


def vendors(settings: Settings, environ: Mapping[str, str]) -> dict[str, Vendor]:
    """Return the configured vendors with their keys. Fails: ConfigError."""
    found: dict[str, Vendor] = {}
    for name in ("anthropic", "openai"):
        upstream = getattr(settings.upstreams, name)
        if upstream is not None:
            found[name] = Vendor(
                name,
                upstream.base_url,
                upstream_key(name, upstream, environ),
                upstream.allow_private,
                upstream.connect_timeout_s,
                upstream.first_byte_timeout_s,
                upstream.idle_timeout_s,
            )
    return found
