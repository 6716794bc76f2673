"""Telling: how an approval is shown to people and programs, the same at the terminal and over HTTP.

Never tells what is held itself: that is sealed, and opened by the store for whoever may see it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from stockade.guard.approvals.approval import Approval


def told(approval: Approval, now_s: int) -> dict[str, Any]:
    """Return what is told of an approval without its content."""
    return {
        "id": approval.id,
        "state": approval.state(now_s).value,
        "subject": approval.subject.value,
        "tenant": approval.tenant,
        "principal": approval.principal,
        "rules": list(approval.rules),
        "approvals_needed": approval.needed,
        "asked_at": timestamp(approval.asked_at_s),
        "expires_at": timestamp(approval.expires_at_s),
        "uses": approval.uses,
        "said": [
            {
                "by": vote.by,
                "name": vote.name,
                "yes": vote.yes,
                "at": timestamp(vote.at_s),
                "scope": vote.scope.value if vote.yes else None,
                "until": timestamp(vote.until_s) if vote.yes else None,
            }
            for vote in approval.votes
        ],
    }


def timestamp(at_s: int) -> str:
    """Return a time in UTC (RFC 3339)."""
    return datetime.fromtimestamp(at_s, UTC).isoformat().replace("+00:00", "Z")
