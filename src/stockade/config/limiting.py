"""The sections of `stockade.yaml` about limits: budgets, estimates, the store that replicas share.

Owns what may be written there; `config/limits.py` turns it into limits of the guard.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from stockade.config.keys import Complaint, Key, glob_complaint, name_complaint, variable_complaint
from stockade.core.measures import Measure
from stockade.guard.quota.limit import Period, Scope

_YEAR_S = 366 * 86_400


def _one_of(words: type[Measure | Period | Scope], text: str) -> str:
    return "" if text in set(words) else "must be one of " + ", ".join(sorted(words))


def _scope_complaint(text: str) -> str:
    return _one_of(Scope, text)


def _measure_complaint(text: str) -> str:
    return _one_of(Measure, text)


def _period_complaint(text: str) -> str:
    return _one_of(Period, text)


def _zone_complaint(text: str) -> str:
    try:
        ZoneInfo(text)
    except (ValueError, OSError, KeyError):
        return 'is no time zone that this machine knows, such as "Europe/Berlin"; UTC is known everywhere'
    return ""


def _redis_complaint(text: str) -> str:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return "is not a URL"
    if parts.scheme not in {"redis", "rediss", "unix"} or port == 0 or not (parts.hostname or parts.path):
        return "must be a URL such as redis://127.0.0.1:6379/0 or rediss://cache.internal:6380/0"
    return "must hold no password; name a variable with url_env for one that does" if parts.password else ""


def _on_error_complaint(text: str) -> str:
    return "" if text in {"deny", "local"} else "must be deny or local"


@dataclass(frozen=True, slots=True)
class Budget:
    """One limit. A request must fit in every limit that names it."""

    name: Annotated[str, Key("name", "Clients are told the name of a limit that is used up.", check=name_complaint)]
    scope: Annotated[
        str,
        Key("all, tenant, team, principal, model, workspace or session",
            "Whose use is counted together; each subject that `match` names has the limit for itself.",
            check=_scope_complaint),
    ]  # fmt: skip
    measure: Annotated[
        str,
        Key("requests, input_tokens, cache_read_tokens, cache_write_tokens, output_tokens, tokens, cost_micro_usd,"
            " concurrency, tool_calls or turns", "What is counted.", check=_measure_complaint),
    ]  # fmt: skip
    limit: Annotated[
        int,
        Key("units of the measure; money in millionths of a US dollar", "So much and not one more; 0 lets nothing by.",
            low=0, high=10**15),
    ]  # fmt: skip
    match: Annotated[
        str,
        Key("pattern (* and ?)", "The subjects of the scope that are limited: a team's name, a key's id, a model.",
            check=glob_complaint),
    ] = "*"  # fmt: skip
    models: Annotated[
        tuple[str, ...],
        Key("patterns (* and ?)", "Only requests for these models count; none listed: all do.", check=glob_complaint),
    ] = ()
    window_s: Annotated[
        int | None,
        Key("seconds", "A sliding window: what is older does not count. Give this or period.", low=1, high=_YEAR_S),
    ] = None
    period: Annotated[
        str | None,
        Key("hour, day, week or month", "A span of the calendar, at whose end all is free again.",
            check=_period_complaint),
    ] = None  # fmt: skip
    timezone: Annotated[
        str, Key("time zone of the IANA database", "Where a day or a month begins.", check=_zone_complaint)
    ] = "UTC"

    def complaint(self) -> Complaint | None:
        """Say what is wrong with the keys together."""
        spans = (self.window_s is not None) + (self.period is not None)
        if self.measure == Measure.CONCURRENCY and spans:
            return Complaint("measure", "open requests are counted now, not over a time; leave window_s and period out")
        if self.measure != Measure.CONCURRENCY and spans != 1:
            return Complaint("name", "needs window_s or period, one of the two")
        return None


@dataclass(frozen=True, slots=True)
class Estimates:
    """How a request is measured before the vendor has counted its tokens."""

    bytes_per_token: Annotated[
        float,
        Key("bytes of UTF-8", "So many bytes of a request are held as one token at least. English and code have 3 to 4;"
            " 1 can never be too little.", low=1, high=16),
    ] = 2.0  # fmt: skip
    output_tokens: Annotated[
        int,
        Key("tokens", "Held for the answer to a request that sets no bound (max_tokens) itself.", low=1, high=10**7),
    ] = 8192  # fmt: skip


@dataclass(frozen=True, slots=True)
class Redis:
    """The store in which several gates count their limits together."""

    url: Annotated[
        str | None, Key("URL", "Redis or Valkey, 6.2 or later.", check=_redis_complaint)
    ] = None  # fmt: skip
    url_env: Annotated[
        str | None,
        Key("variable name", "For a URL with a password, which stays out of the file. Give this or url.",
            check=variable_complaint),
    ] = None  # fmt: skip
    prefix: Annotated[
        str, Key("name", "Begins every key, so that installations can share a server.", check=name_complaint)
    ] = "stockade"
    timeout_s: Annotated[
        float, Key("seconds", "A store that does not answer by then counts as unreachable.", low=0.05, high=30)
    ] = 1.0
    lease_s: Annotated[
        int,
        Key("seconds", "What a gate holds that died is free again after so long; one that lives renews it.",
            low=10, high=3600),
    ] = 60  # fmt: skip
    on_error: Annotated[
        str,
        Key("deny or local", "What happens while the store is unreachable: nothing passes, or each gate counts for"
            " itself. Both are events.", check=_on_error_complaint),
    ] = "deny"  # fmt: skip

    def complaint(self) -> Complaint | None:
        """Say what is wrong with the keys together."""
        if (self.url is None) == (self.url_env is None):
            return Complaint("url", "give url or url_env, one of the two")
        return None
