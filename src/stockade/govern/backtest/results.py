"""Results: what came of playing one recording, in a form that can be kept and holds no content.

Owns what is compared with what. A result depends on its recording, the two policies and the detectors alone: so results
may be made in any order by any number of processes, kept in a file, and added up later.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from stockade.core.digests import evidence_digest
from stockade.core.errors import UpstreamError, UpstreamTimeoutError
from stockade.core.segments import Channel
from stockade.govern.backtest.differences import REFUSED, Change, Flip, changes, flip_of, in_shadow, same_sight
from stockade.govern.backtest.player import Player
from stockade.guard.ledger.record import Ended
from stockade.guard.pipeline.exchange import Exchange
from stockade.guard.pipeline.recordings import decided as decided_of
from stockade.guard.recording.recording import Decided, Recording, Side

CHANGES_KEPT_MAX = 50
"""Changes of one exchange that are kept one by one; all are counted."""

EXCERPT_CHARS = 24
"""Characters on either side of a finding of which an excerpt shows the shape."""

_OF_THE_MODEL = frozenset({Channel.ASSISTANT, Channel.TOOL_CALL})
_COMPARABLE = REFUSED | {"", UpstreamError.code, UpstreamTimeoutError.code}
"""Errors by which policy or the vendor ended an exchange. Others (limits, stops, failed guards) are no decisions."""


class Standing(StrEnum):
    """What can be said of a recording."""

    COMPARED = "compared"
    INCOMPARABLE = "incomparable"  # a limit, a stop or a failure of the gate ended it then, or would now
    REPEATED = "repeated"  # refused because the same was refused before: nothing was decided
    UNREADABLE = "unreadable"


class Result(NamedTuple):
    """What came of one recording.

    `session` names the conversation, `goes_on` says that the model had spoken in it before. `sent` says that it would
    have been sent, `answered` that it would have been sent as it was, so that the answer was played as well. `sight`
    says that the detectors saw what they saw then, `same_guards` that they are the same versions. `faithful` is None
    where the policy in force then is not kept. `shadows` are what rules in shadow would make otherwise.
    """

    standing: Standing
    id: str = ""
    tenant: str = ""
    at_s: float = 0.0
    provisional: bool = False
    session: str = ""
    goes_on: bool = False
    policy: str = ""
    flip: Flip | None = None
    changes: tuple[Change, ...] = ()
    changes_total: int = 0
    felt: bool = False
    shadows: tuple[Change, ...] = ()
    sent: bool = False
    answered: bool = False
    sight: bool = True
    same_guards: bool = True
    faithful: bool | None = None
    cpu_us: int = 0
    cpu_us_then: int = 0
    inspect_us: int = 0
    trouble: str = ""


def judge(
    recording: Recording, candidate: Player, before: Player | None, versions: Mapping[str, str], key: bytes
) -> Result:
    """Return what `candidate` makes of a recording; `before` has the policy of then, for faith and for its cost.

    `versions` are those of the detectors of today; `key` is the tenant's, for digests of names.
    """
    then = recording.decided
    known = Result(
        Standing.COMPARED,
        recording.id,
        recording.tenant,
        recording.started_s,
        recording.provisional,
        policy=then.policy,
        same_guards=all(versions.get(detector) == version for detector, version in recording.guards),
    )
    if recording.stuck or then.error not in _COMPARABLE:
        return known._replace(standing=Standing.REPEATED if recording.stuck else Standing.INCOMPARABLE)
    played = candidate.play(recording)
    exchange = played.exchange
    if exchange.error is not None and exchange.error.code not in _COMPARABLE:
        return known._replace(standing=Standing.INCOMPARABLE, trouble=exchange.fault or exchange.error.code)
    now = _decided(candidate, exchange)
    again = played if before is None or candidate.policy == before.policy else before.play(recording)
    answered = played.followed
    found = changes(then, now, answered=answered)
    return known._replace(
        session=_session(exchange, key),
        goes_on=any(segment.channel in _OF_THE_MODEL for segment in exchange.segments),
        flip=flip_of(then, now, found, followed=answered),
        changes=tuple(_shown(exchange, one) for one in found[:CHANGES_KEPT_MAX]),
        changes_total=len(found),
        felt=any(one.felt for one in found),
        shadows=tuple(in_shadow(now)[:CHANGES_KEPT_MAX]),
        sent=bool(now.forwarded),
        answered=answered,
        sight=_same_sight(then, now) and (not answered or same_sight(then, now, Side.ANSWER)),
        faithful=_faithful(then, _decided(before, again.exchange)) if before is not None else None,
        cpu_us=played.cpu_us,
        cpu_us_then=again.cpu_us,
        inspect_us=played.inspect_us,
    )


def _decided(player: Player, exchange: Exchange) -> Decided:
    return decided_of(player.gate, exchange)


def _same_sight(then: Decided, now: Decided) -> bool:
    return not (then.inspected and now.inspected) or same_sight(then, now, Side.REQUEST)


def _faithful(then: Decided, now: Decided) -> bool:
    """Say whether the same policy came to the same again, as far as the exchange was recorded."""
    if not then.ended or (then.ended == Ended.CLIENT_GONE and not then.forwarded):
        return then.sightings == tuple(one for one in now.sightings if one.side is Side.REQUEST)
    return then._replace(status=0) == now._replace(status=0)


def _session(exchange: Exchange, key: bytes) -> str:
    """Return a name of the conversation: by the client's own id, or else by its first words."""
    assert exchange.principal is not None
    if exchange.request is None:
        return ""
    if exchange.request.session:
        words = "session\0" + exchange.request.session
    else:
        first = [segment.text for segment in exchange.segments if segment.path[1:2] in ((), (0,))]
        words = "\0".join(("opening", *first))
    return evidence_digest(key, "conversation", f"{exchange.principal.id}\0{words}")


def _shown(exchange: Exchange, change: Change) -> Change:
    """Return a change with an excerpt in which no character of the text stands."""
    for judged in exchange.asked.judged if change.side is Side.REQUEST else ():
        finding = judged.finding
        if finding.evidence == change.evidence and judged.facts.rule == change.what:
            return change._replace(excerpt=mask(judged.segment.text, finding.start, finding.end, finding.label))
    return change  # of an answer the text around it has left already


def mask(text: str, start: int, end: int, label: str) -> str:
    """Return the shape of the words around a finding: letters as x, digits as 0, the finding as its label."""
    before, behind = text[max(start - EXCERPT_CHARS, 0) : start], text[end : end + EXCERPT_CHARS]
    return " ".join(f"{_shape(before)}[{label}, {end - start} characters]{_shape(behind)}".split())


def _shape(text: str) -> str:
    return re.sub(r"[^\Wx\d]|_", "x", re.sub(r"[^\w\s]", ".", re.sub(r"\d", "0", text)))
