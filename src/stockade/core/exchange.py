"""Values of one exchange that both sides share: usage and what an answer says of itself."""

from __future__ import annotations

from typing import NamedTuple


class Usage(NamedTuple):
    """Tokens as the vendor counted them; None where it did not say.

    `input` counts uncached input tokens only, `cache_read` and `cache_write` those read from and written to the
    vendor's prompt cache, so that no token is counted twice (FIELD section 2, bifrost 904).
    """

    input: int | None = None
    output: int | None = None
    cache_read: int | None = None
    cache_write: int | None = None
    reasoning: int | None = None

    def merged(self, later: Usage) -> Usage:
        """Return the usage with every figure that `later` states taken from it."""
        if self == _NOTHING:
            return later
        return Usage(*[new if new is not None else old for old, new in zip(self, later, strict=True)])


_NOTHING = Usage()


class AnswerFacts(NamedTuple):
    """What an answer, or what has come of it so far, says of itself. Empty strings where nothing was said."""

    served_model: str = ""
    answer_id: str = ""
    stop_reason: str = ""
    refusal_category: str = ""
    usage: Usage = Usage()
    error: str = ""  # the kind of the error by which the vendor itself ended a stream

    def merged(self, later: AnswerFacts) -> AnswerFacts:
        """Return the facts with everything that `later` states taken from it."""
        if self == _UNSAID:
            return later
        return AnswerFacts(
            later.served_model or self.served_model,
            later.answer_id or self.answer_id,
            later.stop_reason or self.stop_reason,
            later.refusal_category or self.refusal_category,
            self.usage.merged(later.usage),
            later.error or self.error,
        )


_UNSAID = AnswerFacts()
