"""Facts: what policy is told of one finding or one call. Closed, hashable values, so that answers can be memoised."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Action(StrEnum):
    """What a principal is about to do; the action of a policy rule."""

    COMPLETE = "complete"  # let this finding in an answer reach the client
    FORWARD = "forward"  # call this model at all
    PROMPT = "prompt"  # let this finding in a request reach the vendor


class Origin(StrEnum):
    """Where a found value is known from."""

    CONVERSATION = "conversation"  # an answer's value that the request already held
    NEW = "new"
    VENDOR = "vendor"  # a request's value that the vendor itself wrote in an earlier answer


class CallFacts(NamedTuple):
    """Who calls which model over which dialect; `listed` says whether configuration lists the model."""

    tenant: str
    key: str
    model: str
    dialect: str
    listed: bool


class FindingFacts(NamedTuple):
    """What policy may know of a finding.

    `score` is in thousandths; `encoded` is true when a view had to be opened; `latest` is false where the model has
    answered since, so that the client sends the text as history.
    """

    detector: str
    rule: str
    category: str
    severity: int
    score: int
    channel: str
    kind: str
    editable: bool
    encoded: bool
    origin: str
    latest: bool = True
