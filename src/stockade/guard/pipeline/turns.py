"""Turns: what of a request is new, and what the conversation held before.

A client sends its whole history with every turn. A refusal of what was just said is read by the person who said it;
the same refusal of something in the history would end the session for good (FIELD section 2), so policy may tell them
apart. Owns that line. Never trusts it with more: text on either side is judged alike.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from stockade.core.segments import Channel, Segment

_MODELS_OWN = frozenset({Channel.ASSISTANT, Channel.TOOL_CALL})


def is_latest(segments: Sequence[Segment]) -> Callable[[Segment], bool]:
    """Return the test whether a segment stands behind the last words of the model in its list of messages.

    Contract: what stands in no list of messages (a system prompt, a tool's definition) is sent anew each turn, so it
    counts as latest; so does everything where the model has said nothing yet.
    """
    last: dict[str | int, int] = {}
    for segment in segments:
        if segment.channel in _MODELS_OWN and len(segment.path) > 1 and isinstance(segment.path[1], int):
            last[segment.path[0]] = segment.path[1]

    def latest(segment: Segment) -> bool:
        place = segment.path[1] if len(segment.path) > 1 else None
        return not isinstance(place, int) or place > last.get(segment.path[0], -1)

    return latest
