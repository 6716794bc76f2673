"""The one error tree. Each error has a code, a status and a public message; none quotes content.

`str(error)` is for the log, `public` for the client, `diagnostics()` for the person at the keyboard.
Bodies in a vendor's shape are made by the dialects; this tree knows no wire format.
"""

from __future__ import annotations

from stockade.core.measures import Level

WAIT_BRIEF_S = 5.0
"""The longest wait that a client is left to by itself: longer, a person would think that it hangs (FIELD section 1)."""


class StockadeError(Exception):
    """An expected failure. `code` is stable for ever; `status` is the HTTP status a generic client gets."""

    code = "internal"
    status = 500

    def __init__(self, public: str, *, hint: str = "") -> None:
        """Keep what happened (`public`) and what to do about it (`hint`)."""
        super().__init__(public)
        self.public = public
        self.hint = hint

    @property
    def message(self) -> str:
        """Return the text for a client: what happened and what to do."""
        return f"{self.public} {self.hint}".strip()

    def diagnostics(self) -> str:
        """Return the lines for a person at a terminal."""
        return f"{self.code}: {self.public}" + (f"\n  {self.hint}" if self.hint else "")


class ConfigError(StockadeError):
    """Configuration or policy that cannot be used; the gate does not start with it."""

    code = "config"


class InvalidRequestError(StockadeError):
    """A request that cannot be read: malformed JSON, wrong types, lone surrogates, duplicate keys."""

    code = "invalid_request"
    status = 400


class TooLargeError(StockadeError):
    """A request past a bound of `core/limits.py`."""

    code = "request_too_large"
    status = 413


class UnauthenticatedError(StockadeError):
    """No principal: a missing, unknown or revoked key, or an authenticator that failed."""

    code = "authentication"
    status = 401


class ForbiddenError(StockadeError):
    """A proven caller of whom no role holds the permission that is needed, or a change that another site asked for."""

    code = "forbidden"
    status = 403


class ModelNotListedError(StockadeError):
    """A model that configuration does not list."""

    code = "model_not_listed"
    status = 403


class NotFoundError(StockadeError):
    """A route that the gate does not serve."""

    code = "not_found"
    status = 404


class NoWebSocketError(NotFoundError):
    """A WebSocket is asked for, and the gate speaks HTTP alone. Codex takes this status as a cue to do the same."""

    code = "no_websocket"
    status = 426


class RateLimitedError(StockadeError):
    """A limit of this key is used up. `limit` names it; `retry_after_s` says when to come back (seconds)."""

    code = "rate_limited"
    status = 429

    def __init__(
        self, public: str, *, limit: str, retry_after_s: float, hint: str = "", level: Level | None = None
    ) -> None:
        """Keep the limit's name, the time to wait and how the limit stands."""
        super().__init__(public, hint=hint)
        self.limit = limit
        self.retry_after_s = retry_after_s
        self.level = level

    @property
    def is_brief(self) -> bool:
        """Say whether a client may wait by itself; past that it should tell its person at once."""
        return self.retry_after_s <= WAIT_BRIEF_S


class LimitsUnreachableError(StockadeError):
    """The store in which limits are counted does not answer; nothing is let through that nobody counted.

    `sent`: what was asked of it may have been done all the same.
    """

    code = "limits_unreachable"
    status = 503

    def __init__(self, public: str, *, hint: str = "", sent: bool = False) -> None:
        """Keep whether the call left."""
        super().__init__(public, hint=hint)
        self.sent = sent


class PriceUnknownError(StockadeError):
    """A limit counts money and nobody has said what this model costs."""

    code = "price_unknown"
    status = 403


class StoppedError(StockadeError):
    """An operator has stopped this caller, model, session or all."""

    code = "stopped"
    status = 403


class RefusedError(StockadeError):
    """Policy denies this request or answer. `refusal` is the id under which the record shows why."""

    code = "policy_refusal"
    status = 403

    def __init__(self, public: str, *, refusal: str, rules: tuple[str, ...], hint: str = "") -> None:
        """Keep the refusal's id and the rules that decided."""
        super().__init__(public, hint=hint)
        self.refusal = refusal
        self.rules = rules


class HeldError(RefusedError):
    """Policy holds this request until a person says yes. `refusal` is the id under which it waits."""

    code = "held_for_approval"


class NotOpenError(StockadeError):
    """What somebody wants to decide is decided, used or over, or cannot be decided so."""

    code = "not_open"
    status = 409


class GuardFailedError(StockadeError):
    """A guard did not run to its end; the request is denied because nobody knows what it holds."""

    code = "guard_failed"
    status = 503


class StorageError(StockadeError):
    """A durable write failed (a full disk, a database that is gone); nothing was sent to the vendor."""

    code = "storage"
    status = 503


class UpstreamError(StockadeError):
    """The vendor cannot be reached, answers nonsense, or broke off. `heard`: it may have begun to work."""

    code = "upstream"
    status = 502

    def __init__(self, public: str, *, hint: str = "", heard: bool = False) -> None:
        """Keep whether the vendor may bill what was asked."""
        super().__init__(public, hint=hint)
        self.heard = heard


class UpstreamTimeoutError(UpstreamError):
    """The vendor did not answer in time."""

    code = "upstream_timeout"
    status = 504
