"""Owns forms: ordinary text as machines write it, encoded, escaped, quoted, nested, so that a form alone says nothing.

An attack in such a form is read through the gate's views; the model must learn here that the outside is no sign.
"""

from __future__ import annotations

import base64
import html
import json
import quopri
import random
import textwrap
from collections.abc import Callable
from urllib.parse import quote

from training.data.rows import Split

Form = Callable[[str, random.Random], str]
HEAD_CHARS = 700


def _concatenated(text: str, rng: random.Random) -> str:
    """Write text as string literals that are joined: Python, JavaScript, Java."""
    size = rng.randint(8, 30)
    pieces = [json.dumps(text[i : i + size], ensure_ascii=False) for i in range(0, len(text), size)]
    return rng.choice(("message = ", "const note = ", "String s = ")) + rng.choice((" + ", " +\n    ")).join(pieces)


def _nested(text: str, rng: random.Random) -> str:
    """Nest text in JSON, now and then as JSON in a string of JSON."""
    made = json.dumps({rng.choice(("text", "body", "content", "value")): text}, ensure_ascii=rng.random() < 0.5)
    for key in rng.choices(("data", "payload", "result", "message", "args"), k=rng.randint(1, 4)):
        made = json.dumps({key: made}) if rng.random() < 0.3 else f'{{"{key}": {made}, "ok": true}}'
    return made


def _dump(text: str, rng: random.Random) -> str:
    """Show text as a hex dump with its characters beside it."""
    data, start = text.encode()[:HEAD_CHARS], rng.randrange(0, 1 << 20, 16)
    rows = []
    for at in range(0, len(data), 16):
        piece = data[at : at + 16]
        shown = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in piece)
        rows.append(f"{start + at:08x}  {piece.hex(' '):<47}  |{shown}|")
    return "\n".join(rows)


def _lines(prefix: str) -> Form:
    return lambda text, _: textwrap.indent(text, prefix, lambda _: True)


def _base64_field(text: str, rng: random.Random) -> str:
    blob = base64.b64encode(text.encode()).decode()
    frames = ("data: {}", '{{"blob": "{}"}}', "Authorization: Basic {}", "<img src='data:text/plain;base64,{}'>")
    return rng.choice(frames).format(blob)


def _mime(text: str, _: random.Random) -> str:
    body = quopri.encodestring(text.encode()).decode("ascii")
    return f"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n{body}"


def _pem(text: str, rng: random.Random) -> str:
    kind = rng.choice(("CERTIFICATE", "PUBLIC KEY", "PGP MESSAGE"))
    body = "\n".join(textwrap.wrap(base64.b64encode(text.encode()).decode(), 64))
    return f"-----BEGIN {kind}-----\n{body}\n-----END {kind}-----"


def _columns(text: str, rng: random.Random) -> str:
    """Set text in narrow columns, as a terminal or a PDF does."""
    middle, width = len(text) // 2, rng.randint(18, 30)
    left, right = textwrap.wrap(text[:middle], width), textwrap.wrap(text[middle:], width)
    rows = max(len(left), len(right))
    return "\n".join(f"{(left + [''] * rows)[i]:<34}{(right + [''] * rows)[i]}".rstrip() for i in range(rows))


TRAIN: dict[str, Form] = {
    "url": lambda text, rng: f"GET /search?q={quote(text, safe='')}&page={rng.randint(1, 9)}",
    "percent": lambda text, _: "".join(f"%{byte:02X}" for byte in text.encode()[:HEAD_CHARS]),
    "unicode": lambda text, _: "".join(f"\\u{ord(char):04x}" for char in text[:HEAD_CHARS] if ord(char) < 0x10000),
    "entities": lambda text, _: "".join(f"&#{ord(char)};" for char in text),
    "html": lambda text, _: f"<p>{html.escape(text)}</p>",
    "base64": _base64_field,
    "hex": lambda text, _: text.encode()[:HEAD_CHARS].hex(),
    "dump": _dump,
    "literals": _concatenated,
    "nested": _nested,
    "comment": lambda text, rng: _lines(rng.choice(("# ", "// ", " * ", "-- ", "; ", "rem ")))(text, rng),
    "quoted": lambda text, rng: _lines(rng.choice(("> ", ">> ", "| ", "  ")))(text, rng),
    "spaced": lambda text, _: " ".join(text[:300]),
    "capitals": lambda text, _: text.upper(),
    "snake": lambda text, _: "_".join(text[:300].lower().split()),
}
HELDOUT: dict[str, Form] = {
    "mime": _mime,
    "pem": _pem,
    "columns": _columns,
    "octal": lambda text, _: "".join(f"\\{byte:03o}" for byte in text.encode()[:HEAD_CHARS]),
    "titles": lambda text, _: text.title(),
    "reversed": lambda text, _: text[::-1],
}


def formed(text: str, split: Split, rng: random.Random) -> tuple[str, str]:
    """Give a form's name and the beginning of a text in that form."""
    table = TRAIN if split == "train" else HELDOUT
    name = rng.choice(sorted(table))
    return name, table[name](text[: rng.randint(60, HEAD_CHARS)], rng)
