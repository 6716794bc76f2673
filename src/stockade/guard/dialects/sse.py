"""Server-sent events: split a byte stream into events with their exact bytes, and put other data into an event.

Owns line ends, fields, bounds and character sets of a stream; knows no vendor and no JSON. Never drops or adds a byte:
the `raw` of all events joined is the stream, whatever its cuts.
Source: WHATWG HTML, section 9.2 "Server-sent events" (read November 2026).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from stockade.core.errors import UpstreamError
from stockade.core.limits import SSE_EVENT_BYTES_MAX, STREAM_BYTES_MAX

_BOM = b"\xef\xbb\xbf"
# Atomic, so that one CRLF is never read as a CR and an LF, which would be an empty line.
_BLANK_LINE = re.compile(rb"(?>\r\n|\r|\n)(?>\r\n|\r|\n)")
_LINE_ENDS = re.compile(rb"[\r\n]+")
_LINE = re.compile(rb"([^\r\n]*)(\r\n|\r|\n|\Z)")
_EVENT_TOO_LARGE = "one event of the vendor's stream is larger than the gate reads"


class SseEvent(NamedTuple):
    """One event: its exact bytes with the ending blank line, its name, and its data lines joined by LF.

    `asides` are the texts of comments, ids, retry times and unknown fields: readers ignore them, yet they go on.
    """

    raw: bytes
    name: str
    data: bytes
    asides: tuple[str, ...] = ()


class BrokenStreamError(UpstreamError):
    """The vendor's stream cannot be read further. `events` are those before the fault that nobody has been given yet.

    They go to the client like any other: what it gets of a broken stream does not depend on the cuts.
    """

    def __init__(self, public: str, events: Sequence[Any] = (), *, hint: str = "") -> None:
        """Keep the events."""
        super().__init__(public, hint=hint)
        self.events = events


class SseSplitter:
    """Cut a byte stream into events, in time linear in its bytes whatever the cuts.

    Units: bytes. Fails: BrokenStreamError past `event_bytes_max` or `stream_bytes_max`, with the events before.
    """

    def __init__(self, event_bytes_max: int = SSE_EVENT_BYTES_MAX, stream_bytes_max: int = STREAM_BYTES_MAX) -> None:
        """Start before the first byte."""
        self._event_bytes_max = event_bytes_max
        self._stream_bytes_max = stream_bytes_max
        self._waiting = bytearray()
        self._searched = 0  # no blank line ends before this offset of `_waiting`
        self._blank = True  # only line ends have come since the last event
        self._plain = True  # no CR has come: then a blank line is two LF
        self._seen = 0
        self._first = True

    def feed(self, data: bytes) -> list[bytes]:
        """Return the exact bytes of the events that are complete with `data`, each with its ending blank line."""
        self._seen += len(data)
        if self._seen > self._stream_bytes_max:
            raise BrokenStreamError("the vendor's stream is longer than the gate reads")
        self._plain = self._plain and b"\r" not in data
        waiting: bytes | bytearray = data
        if self._waiting:
            self._waiting += data
            waiting = self._waiting
        size = len(waiting)
        events: list[bytes] = []
        start = 0
        searched = self._searched
        while searched < size:
            if self._blank:  # empty lines before an event belong to it; they end nothing
                if (ends := _LINE_ENDS.match(waiting, searched)) is not None:
                    searched = ends.end()
                    continue
                self._blank = False
            end = self._blank_line_end(waiting, searched)
            # A CR at the very end may be half of a CRLF: the next byte, or the end of the stream, tells.
            if end < 0 or (end == size and waiting[-1] == 13):
                searched = max(searched, size - 4)
                break
            if end - start > self._event_bytes_max:
                raise BrokenStreamError(_EVENT_TOO_LARGE, events)
            events.append(bytes(waiting[start:end]))
            start = searched = end
            self._blank, self._first = True, False
        if waiting is data:
            self._waiting += data[start:]
        else:
            del self._waiting[:start]
        self._searched = searched - start
        if size - start > self._event_bytes_max:
            raise BrokenStreamError(_EVENT_TOO_LARGE, events)
        return events

    def _blank_line_end(self, waiting: bytes | bytearray, start: int) -> int:
        """Return where the first blank line from `start` on ends, or -1."""
        if self._plain:
            at = waiting.find(b"\n\n", start)
            return at + 2 if at >= 0 else -1
        found = _BLANK_LINE.search(waiting, start)
        return found.end() if found is not None else -1

    def end(self) -> list[bytes]:
        """Return what was left when the stream ended: an event whose last line end was a CR, or empty lines.

        Fails: BrokenStreamError when the stream ended inside an event or inside a character.
        """
        left = bytes(self._waiting)
        self._waiting.clear()
        self._searched = 0
        if not left:
            return []
        blank = left.removeprefix(_BOM) if self._first else left
        if blank.strip(b"\r\n") and not left.endswith((b"\r\r", b"\n\r")):
            inside = "a character" if _ends_inside_character(left) else "an event"
            raise BrokenStreamError(f"the vendor's stream broke off inside {inside}")
        return [left]


def read_event(raw: bytes, *, first: bool = True) -> SseEvent:
    """Return the fields of one event; a byte order mark before the `first` one of a stream is no part of it.

    Fails: UpstreamError where it is not UTF-8.
    """
    name = ""
    data: list[bytes] = []
    asides: list[str] = []
    try:
        for line in (raw.removeprefix(_BOM) if first else raw).splitlines():
            if not line:
                continue
            field, _, value = line.partition(b":")
            value = value.removeprefix(b" ")
            if field == b"data":
                data.append(value)
            elif field == b"event":
                name = value.decode()
            else:
                asides.extend(text for text in ((field + b" " + value).decode().strip(),) if text)
        if not raw.isascii():
            raw.decode()
    except UnicodeDecodeError:
        # `from None`: the foreign error carries the bytes.
        raise UpstreamError("the vendor's stream is not UTF-8") from None
    return SseEvent(raw, name, b"\n".join(data), tuple(asides))


def event_data(raw: bytes) -> bytes:
    """Return the data of one event that was read before."""
    return read_event(raw).data


def replace_data(raw: bytes, data: bytes) -> bytes:
    """Return the event `raw` with other data; its other lines, the spelling of the field and the line ends stay."""
    out: list[bytes] = []
    done = False
    for match in _LINE.finditer(raw):
        line, line_end = match.groups()
        if not line.removeprefix(_BOM if match.start() == 0 else b"").startswith(b"data:") and line != b"data":
            out.append(line + line_end)
        elif not done:
            done = True
            space = b" " if line[line.find(b":") + 1 :].startswith(b" ") else b""
            head = line[: line.find(b":") + 1] + space
            out.extend(
                (head if number == 0 else b"data:" + space) + part + line_end
                for number, part in enumerate(data.split(b"\n"))
            )
    return b"".join(out)


def frame(name: str, data: bytes) -> bytes:
    """Return an event of our own. Contract: `data` holds no line end."""
    return b"event: " + name.encode() + b"\ndata: " + data + b"\n\n"


def _ends_inside_character(left: bytes) -> bool:
    try:
        left.decode()
    except UnicodeDecodeError as error:
        return error.end == len(left) and error.reason == "unexpected end of data"
    return False
