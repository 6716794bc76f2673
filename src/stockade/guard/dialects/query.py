"""Query strings: every name and value of a request's query becomes a segment unless it is a known fixed pair.

Owns the decoding of queries. Never edits one: a query segment's token is -1.
"""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import parse_qsl

from stockade.core.errors import InvalidRequestError
from stockade.core.segments import Channel, Kind, Segment

FIELDS_MAX = 100
"""Most fields in one query; real clients send one or two."""


def query_segments(query: str, known: Collection[tuple[str, str]]) -> list[Segment]:
    """Return the segments of `query` (without its question mark), apart from the `known` pairs.

    Fails: InvalidRequestError for a query that is not UTF-8 or has too many fields.
    """
    if not query:
        return []
    try:
        pairs = parse_qsl(query, keep_blank_values=True, errors="strict", max_num_fields=FIELDS_MAX)
    except ValueError:
        # `from None`: the foreign error carries the query.
        raise InvalidRequestError("The query of the address cannot be read.", hint="Send it as UTF-8.") from None
    return [
        Segment(("?", name), text, "user", Channel.USER, Kind.OPAQUE, -1)
        for name, value in pairs
        if (name, value) not in known
        for text in (name, value)
        if text
    ]
