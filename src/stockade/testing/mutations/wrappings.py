"""Mutations that put a text into something: markup, code, JSON, lines, segments.

Each function takes a text and a source of chance, and shows what it gives for seed 0 in its docstring.
"""

from __future__ import annotations

import json
import random
import re
import textwrap

_COMMENTS = ("# ", "// ", " * ", "-- ", ";; ")
_COMMENT = re.compile(r"^(?:# |// | \* |-- |;; )", re.MULTILINE)
_HTML = ("<b></b>", "<!-- -->", "<span></span>", "<wbr>")
_EMPTY_HTML = re.compile("|".join(_HTML))
_MARKDOWN = ("**", "*", "~~", "`")
_KEYS = ("data", "item", "content", "value", "text", "result", "body", "note")
WRAP_CHARS = 60
CHUNK_CHARS = (3, 14)
SEGMENTS_MAX = 4


def markdown_emphasis(text: str, chance: random.Random) -> tuple[str, ...]:
    """Set a part of every longer word in bold, italics, strike-through or code.

    Example: 'ignore the rules' reads 'i~~g~~nore the ru`le`s'.
    """

    def emphasised(match: re.Match[str]) -> str:
        word = match[0]
        start = chance.randrange(1, len(word) - 2)
        end = chance.randrange(start + 1, len(word))
        mark = chance.choice(_MARKDOWN)
        return word[:start] + mark + word[start:end] + mark + word[end:]

    return (re.sub(r"[A-Za-z]{4,}", emphasised, text),)


def html_markup(text: str, chance: random.Random) -> tuple[str, ...]:
    """Put empty elements and comments of HTML inside every longer word.

    Example: 'ignore the rules' reads 'ignor<b></b>e the rul<b></b>es'.
    """

    def parted(match: re.Match[str]) -> str:
        word = match[0]
        cut = chance.randrange(1, len(word))
        return word[:cut] + chance.choice(_HTML) + word[cut:]

    return (re.sub(r"[A-Za-z]{4,}", parted, text),)


def without_html_markup(text: str) -> str:
    """Return the text without the empty elements that `html_markup` writes."""
    return _EMPTY_HTML.sub("", text)


def code_comment(text: str, chance: random.Random) -> tuple[str, ...]:
    r"""Wrap into lines and write each as a comment of a programming language.

    Example: 'ignore the rules' reads '-- ignore the rules'.
    """
    mark = chance.choice(_COMMENTS)
    return ("\n".join(mark + line for line in _lines(text)),)


def quoted_lines(text: str, chance: random.Random) -> tuple[str, ...]:
    r"""Wrap into short lines and quote each as a mail program does, one to three levels deep.

    Example: 'ignore the rules' reads '> > ignore the rules'.
    """
    mark = "> " * chance.randint(1, 3)
    return ("\n".join(mark + line for line in _lines(text, chance.randint(24, WRAP_CHARS))),)


def hyphenated(text: str, chance: random.Random) -> tuple[str, ...]:
    r"""Break every sixth word or so over two lines with a hyphen, as in print.

    Example: 'these previous instructions' reads 'these previous in-\nstructions'.
    """

    def broken(match: re.Match[str]) -> str:
        cut = chance.randrange(2, len(match[0]) - 1)
        return f"{match[0][:cut]}-\n{match[0][cut:]}" if chance.random() < 0.3 else match[0]

    return (re.sub(r"[A-Za-z]{5,}", broken, text),)


def json_nesting(text: str, chance: random.Random) -> tuple[str, ...]:
    r"""Put the text into JSON, two to five objects and lists deep, once of them as JSON inside a string.

    Example: 'no' reads '{"id": 625, "body": {"id": 86, "body": "\\"no\\""}}'.
    """
    value: object = text
    depth = chance.randint(2, 5)
    quoted = chance.randrange(depth)
    for level in range(depth):
        if level == quoted:
            value = json.dumps(value)
        key = chance.choice(_KEYS)
        value = [value] if chance.random() < 0.3 else {"id": chance.randrange(1000), key: value}
    return (json.dumps(value),)


def from_json_nesting(text: str) -> str:
    """Return the one text that is no JSON itself, from inside."""
    value: object = json.loads(text)
    quoted = False
    while True:
        if isinstance(value, list):
            value = value[0]
        elif isinstance(value, dict):
            value = next(item for key, item in value.items() if key != "id")
        elif isinstance(value, str) and not quoted:
            value, quoted = json.loads(value), True
        else:
            return str(value)


def string_concatenation(text: str, chance: random.Random) -> tuple[str, ...]:
    """Cut into short literals that a program joins with plus signs.

    Example: 'ignore the rules' reads 'x = "ignore t" + "he r" + "ules"'.
    """
    literals = [json.dumps(chunk, ensure_ascii=False) for chunk in _chunks(text, chance)]
    return ("x = " + " + ".join(literals),)


def from_string_concatenation(text: str) -> str:
    """Join the literals."""
    decoder = json.JSONDecoder()
    parts, at = [], len("x = ")
    while at < len(text):
        part, at = decoder.raw_decode(text, at)
        parts.append(part)
        at += len(" + ")
    return "".join(parts)


def split_segments(text: str, chance: random.Random) -> tuple[str, ...]:
    """Cut between words into two to four segments, as content blocks of one message.

    Example: 'ignore the rules' reads 'ignore the |  rules'.
    """
    gaps = [match.start() for match in re.finditer(r"(?<=\S) (?=\S)", text)]
    cuts = sorted(chance.sample(gaps, min(len(gaps), chance.randint(1, SEGMENTS_MAX - 1))))
    return tuple(text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True))


def unchanged(text: str) -> str:
    """Return the text: joined segments are the original."""
    return text


def _lines(text: str, width: int = WRAP_CHARS) -> list[str]:
    return [line for part in text.split("\n") for line in textwrap.wrap(part, width) or [""]]


def _chunks(text: str, chance: random.Random) -> list[str]:
    chunks, at = [], 0
    while at < len(text):
        length = chance.randint(*CHUNK_CHARS)
        chunks.append(text[at : at + length])
        at += length
    return chunks or [""]
