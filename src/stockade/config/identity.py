"""The sections of `stockade.yaml` about people: whose tokens the gate believes, and the control plane.

Owns what may be written and what it means when it is not, as `schema.py` does for the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit

from stockade.config.keys import (
    Complaint,
    Key,
    address_complaint,
    base_url_complaint,
    name_complaint,
    variable_complaint,
)
from stockade.core.principal import Role

ALGORITHMS = ("ES256", "ES384", "Ed25519", "EdDSA", "PS256", "RS256")
TOKENS = ("at+jwt", "jwt", "id")


def _group_complaint(text: str) -> str:
    return "" if len(text) <= 512 and text.isprintable() else "must be 1 to 512 printable characters"


def _role_complaint(text: str) -> str:
    return "" if text in set(Role) else "must be one of " + ", ".join(sorted(Role))


def _algorithm_complaint(text: str) -> str:
    return "" if text in ALGORITHMS else "must be one of " + ", ".join(ALGORITHMS)


def _tokens_complaint(text: str) -> str:
    return "" if text in TOKENS else "must be one of " + ", ".join(TOKENS)


def _word_complaint(text: str) -> str:
    return "" if text.isascii() and text.isprintable() and " " not in text else "must be ASCII without a space"


@dataclass(frozen=True, slots=True)
class TeamOf:
    """A group of the issuer that is a team of this gate."""

    group: Annotated[str, Key("pattern (* and ?)", "What the claim of groups says.", check=_group_complaint)]
    team: Annotated[str, Key("name", "What policy, budgets and records say instead.", check=name_complaint)]


@dataclass(frozen=True, slots=True)
class RoleOf:
    """A group of the issuer whose members hold a role on the control side."""

    group: Annotated[str, Key("pattern (* and ?)", "What the claim of groups says.", check=_group_complaint)]
    role: Annotated[
        str,
        Key("admin, approver, auditor or developer", "What its members may do with the gate.", check=_role_complaint),
    ]


@dataclass(frozen=True, slots=True)
class Issuer:
    """An OpenID provider whose tokens open the gate."""

    url: Annotated[
        str,
        Key("URL", "Exactly as the issuer writes itself in `iss`; its keys are found from here.",
            check=base_url_complaint),
    ]  # fmt: skip
    audiences: Annotated[
        tuple[str, ...],
        Key("texts", "A token must be made for one of these. Without that, every other service's tokens would open"
            " the gate.", check=_word_complaint),
    ]  # fmt: skip
    tokens: Annotated[
        tuple[str, ...],
        Key("at+jwt, jwt, id", "Which kinds are taken: access tokens that say so (RFC 9068); those that say only"
            " JWT (Keycloak, Entra, Okta); ID tokens, made for sign-ins and better left out.",
            check=_tokens_complaint),
    ] = ("at+jwt",)  # fmt: skip
    algorithms: Annotated[
        tuple[str, ...],
        Key("names", "Signatures that are believed; those with a shared secret and `none` cannot be named.",
            check=_algorithm_complaint),
    ] = ALGORITHMS  # fmt: skip
    skew_s: Annotated[
        float, Key("seconds", "How far the clocks of issuer and gate may differ.", low=0, high=600)
    ] = 60.0  # fmt: skip
    lifetime_max_s: Annotated[
        float,
        Key("seconds", "A token that lives longer is refused: until it ends, a lost one opens the gate.",
            low=60, high=31_536_000),
    ] = 86_400.0  # fmt: skip
    tenant: Annotated[
        str, Key("name", "The tenant of everybody from this issuer.", check=name_complaint)
    ] = "default"  # fmt: skip
    name_claim: Annotated[str, Key("claim", "What is shown as a person's name.", check=_group_complaint)] = "email"
    groups_claim: Annotated[
        str,
        Key("claim", "Where the groups stand; dots lead into sections (realm_access.roles).", check=_group_complaint),
    ] = "groups"
    members: Annotated[
        tuple[str, ...],
        Key("patterns (* and ?)", "Groups of which a person must be in one; none listed: all whom the issuer vouches"
            " for.", check=_group_complaint),
    ] = ()  # fmt: skip
    teams: Annotated[tuple[TeamOf, ...], Key("list of sections", "Which groups are which teams.")] = ()
    roles: Annotated[tuple[RoleOf, ...], Key("list of sections", "Which groups hold which roles.")] = ()
    client_id: Annotated[
        str | None,
        Key("text", "The gate's own name at the issuer, for sign-ins and introspection.", check=_word_complaint),
    ] = None
    client_secret_env: Annotated[
        str | None,
        Key("variable name", "The secret of a confidential client stays out of the file; a public client has none.",
            check=variable_complaint),
    ] = None  # fmt: skip
    scopes: Annotated[
        tuple[str, ...],
        Key(
            "texts",
            "What a sign-in asks for; offline_access lets the command line refresh its token.",
            check=_word_complaint,
        ),
    ] = ("openid", "offline_access")
    resource: Annotated[
        str | None,
        Key("URL", "Which service a sign-in's access token is for (RFC 8707), where the issuer wants to be told.",
            check=_word_complaint),
    ] = None  # fmt: skip
    introspect_s: Annotated[
        float,
        Key("seconds", "How long an answer of the issuer's introspection (RFC 7662) holds. 0 asks never: then a token"
            " holds until it expires or is revoked here.", low=0, high=3600),
    ] = 0.0  # fmt: skip
    refresh_s: Annotated[
        float, Key("seconds", "How often the issuer's keys are looked at: a withdrawn key is believed no longer.",
                   low=5, high=86_400)
    ] = 300.0  # fmt: skip
    keys_age_max_s: Annotated[
        float,
        Key("seconds", "How long the last keys of an issuer that cannot be reached are believed.",
            low=5, high=2_592_000),
    ] = 86_400.0  # fmt: skip
    timeout_s: Annotated[
        float, Key("seconds", "An issuer that is slower is not waited for.", low=0.1, high=60)
    ] = 5.0  # fmt: skip
    allow_private: Annotated[
        bool,
        Key("true or false", "An issuer on a loopback or private address, or over plain http, needs true."),
    ] = False

    def complaint(self) -> Complaint | None:
        """Say what is wrong with the keys together."""
        if not self.audiences:
            return Complaint("audiences", "needs at least one: a token for nobody in particular is for everybody")
        if not self.tokens:
            return Complaint("tokens", "needs at least one kind")
        if urlsplit(self.url).scheme == "http" and not self.allow_private:
            return Complaint("url", "plain http lets anybody on the way sign tokens; use https, or allow_private: true")
        if self.introspect_s and not (self.client_id and self.client_secret_env):
            return Complaint("introspect_s", "needs client_id and client_secret_env: an issuer answers no stranger")
        return None


@dataclass(frozen=True, slots=True)
class Identity:
    """Who is believed beside the gate's own keys."""

    issuers: Annotated[
        tuple[Issuer, ...], Key("list of sections", "OpenID providers whose tokens are taken; none: keys alone.")
    ] = ()

    def complaint(self) -> Complaint | None:
        """Say what is wrong with the keys together."""
        urls = [issuer.url for issuer in self.issuers]
        return Complaint("issuers", "two have one url") if len(set(urls)) < len(urls) else None


@dataclass(frozen=True, slots=True)
class Control:
    """The control plane: the admin interface and sign-ins, on an address of its own."""

    listen: Annotated[
        str | None,
        Key("host:port", "An address of its own, so that opening the gate to callers never opens its controls.",
            check=address_complaint, default="loopback, the port after `listen`"),
    ] = None  # fmt: skip
    url: Annotated[
        str | None,
        Key("URL", "How browsers reach it, where a proxy stands in front; the issuer must know URL/callback.",
            check=base_url_complaint, default="http:// and `control.listen`"),
    ] = None  # fmt: skip
    session_s: Annotated[
        float,
        Key("seconds", "How long a browser stays signed in; a change of groups is seen at the next sign-in.",
            low=60, high=604_800),
    ] = 28_800.0  # fmt: skip
    require_login: Annotated[
        bool,
        Key("true or false", "Commands on this machine ask for a signed-in person, or STOCKADE_KEY, with the role they"
            " need. It guards against slips; whoever reads data_dir can still do anything."),
    ] = False  # fmt: skip
