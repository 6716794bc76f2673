"""Decisions: policy's answers. Owns the effects and their order; never evaluates a rule."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum


class Effect(StrEnum):
    """What is done about a finding, weakest first in `STRENGTH`."""

    ALLOW = "allow"
    DENY = "deny"
    FLAG = "flag"
    HOLD = "hold"
    PSEUDONYMISE = "pseudonymise"
    REDACT = "redact"
    WITHHOLD = "withhold"


STRENGTH: dict[Effect, int] = {
    Effect.ALLOW: 0,
    Effect.FLAG: 1,
    Effect.PSEUDONYMISE: 2,
    Effect.REDACT: 3,
    Effect.WITHHOLD: 4,
    Effect.HOLD: 5,
    Effect.DENY: 6,
}


def strongest(effects: list[Effect]) -> Effect:
    """Return the strongest effect; ALLOW for none."""
    return max(effects, key=STRENGTH.__getitem__, default=Effect.ALLOW)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Policy's answer on one finding.

    `rules` are the ids of the rules that fired and determine the effect; `failed` those whose evaluation failed, in
    which case the effect is DENY. `reason` is the rule's own sentence for people. `shadow_rules` are the rules in
    shadow that fired, `shadow_failed` those that failed, and `shadow` the effect that there would be if they were in
    force, None where there are none. They never change `effect`. Where the effect is HOLD, `approvals` is how many
    people must say yes, and `beneath` what happens once they did.
    """

    effect: Effect
    rules: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    reason: str = ""
    shadow: Effect | None = None
    shadow_rules: tuple[str, ...] = ()
    shadow_failed: tuple[str, ...] = ()
    beneath: Effect = Effect.ALLOW
    approvals: int = 1

    def approved(self) -> Verdict:
        """Return the answer after enough people have said yes."""
        return replace(self, effect=self.beneath) if self.effect is Effect.HOLD else self


@dataclass(frozen=True, slots=True)
class Decision:
    """Policy's answer on one side of an exchange; `verdicts` stand beside the findings, in order."""

    effect: Effect
    verdicts: tuple[Verdict, ...]
    policy: str

    @property
    def rules(self) -> tuple[str, ...]:
        """Return the ids of all rules that fired, once each, in order."""
        return tuple(dict.fromkeys(rule for verdict in self.verdicts for rule in verdict.rules))
