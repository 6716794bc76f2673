"""Carriers: what an address stands in, read from the characters around it.

Owns the kinds. An image is fetched as soon as it is shown (a reference may be one), an argument as soon as the tool
runs; a link asks for a click; any other address is only read. The tag or bracket may lie further back than the
characters show: then the attribute decides.
"""

from __future__ import annotations

import re
from enum import StrEnum


class Carrier(StrEnum):
    """How an address gets fetched."""

    FETCHED = "fetched"  # an argument that is nothing but the address: the tool fetches it
    IMAGE = "image"
    LINK = "link"
    PLAIN = "plain"


_LOADING_TAGS = (
    "img|image|picture|iframe|frame|embed|object|video|audio|source|track|link|script|input|use|base|meta|body|table"
    "|t[dhr]"
)
_TAG = re.compile(rf"(?is)<(?:(?P<image>{_LOADING_TAGS})|[a-z][a-z0-9-]*)\b[^<>]*$")
_STYLE = re.compile(r"(?i)(?:\burl\(\s*|@import\s+)[\"']?\s*$")
_LOADING_ATTRIBUTE = re.compile(
    r"(?i)\b(?:src|srcset|poster|background|data|xlink:href|imagesrcset)\s*=\s*[\"']?[^\"'<>]{0,100}$"
)
_LINKING_ATTRIBUTE = re.compile(r"(?i)\b(?:href|action|formaction|cite|ping)\s*=\s*[\"']?\s*$")
_REFERENCE = re.compile(r"(?:^|\n)[ >]{0,12}\[[^\]\n]{1,120}\]:\s*<?\s*$")
_MARKDOWN = re.compile(r"\]\(\s*<?\s*$")
_FIELD = re.compile(
    r"(?i)[\"'](?:image|image_?url|img|src|thumb(?:nail)?(?:_?url)?|icon_?url|avatar_?url|footer_icon|author_icon|poster"
    r"|background_?image)[\"']\s*:\s*(?:\{\s*[\"']url[\"']\s*:\s*)?[\"']$"
)


def carrier(before: str, after: str) -> Carrier:
    """Return what an address stands in between the text before and after it."""
    if not before.strip(" \t\r\n\"'<") and not after.strip(" \t\r\n\"'>"):
        return Carrier.FETCHED
    if _MARKDOWN.search(before):
        return _of_brackets(before)
    if _REFERENCE.search(before) or _STYLE.search(before) or _FIELD.search(before):
        return Carrier.IMAGE
    tag = _TAG.search(before)
    if tag is not None:
        return Carrier.IMAGE if tag["image"] or _LOADING_ATTRIBUTE.search(before) else Carrier.LINK
    if _LOADING_ATTRIBUTE.search(before):
        return Carrier.IMAGE
    if _LINKING_ATTRIBUTE.search(before) or before.endswith("<"):
        return Carrier.LINK
    return Carrier.PLAIN


def _of_brackets(before: str) -> Carrier:
    """Return image or link for `](`; an image where the opening bracket is too far back to be seen."""
    depth = 0
    for place in range(before.rindex("]"), -1, -1):
        depth += (before[place] == "]") - (before[place] == "[")
        if not depth:
            return Carrier.IMAGE if before[place - 1 : place] == "!" else Carrier.LINK
    return Carrier.IMAGE
