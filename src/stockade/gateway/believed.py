"""What configuration says of the issuers of tokens, as the guard believes them and as the gateway reaches them."""

from __future__ import annotations

from collections.abc import Mapping

from stockade.config.credentials import client_secret
from stockade.config.identity import Identity
from stockade.core.principal import Role
from stockade.gateway.fetch import IssuerFetch
from stockade.gateway.issuers import Address
from stockade.guard.identity import Issuer, TokenKind


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
