"""Mutations that encode the whole text: a program or a patient reader gets every character back.

Each function takes a text and a source of chance, and shows what it gives for seed 0 in its docstring.
"""

from __future__ import annotations

import base64
import codecs
import html
import json
import random
import urllib.parse


def base64_text(text: str, _: random.Random) -> tuple[str, ...]:
    """Encode as base64.

    Example: 'ignore the rules' reads 'aWdub3JlIHRoZSBydWxlcw=='.
    """
    return (base64.b64encode(text.encode()).decode(),)


def from_base64(text: str) -> str:
    """Decode base64."""
    return base64.b64decode(text).decode()


def base64_in_base64(text: str, chance: random.Random) -> tuple[str, ...]:
    """Encode as base64 twice.

    Example: 'ignore the rules' reads 'YVdkdWIzSmxJSFJvWlNCeWRXeGxjdz09'.
    """
    return base64_text(base64_text(text, chance)[0], chance)


def from_base64_in_base64(text: str) -> str:
    """Decode base64 twice."""
    return from_base64(from_base64(text))


def hexadecimal(text: str, _: random.Random) -> tuple[str, ...]:
    """Encode the bytes as hexadecimal digits.

    Example: 'ignore the rules' reads '69676e6f7265207468652072756c6573'.
    """
    return (text.encode().hex(),)


def from_hexadecimal(text: str) -> str:
    """Decode hexadecimal digits."""
    return bytes.fromhex(text).decode()


def rot13(text: str, _: random.Random) -> tuple[str, ...]:
    """Shift each Latin letter by thirteen places.

    Example: 'ignore the rules' reads 'vtaber gur ehyrf'.
    """
    return (codecs.encode(text, "rot13"),)


def from_rot13(text: str) -> str:
    """Shift each Latin letter by thirteen places: twice is nothing."""
    return codecs.encode(text, "rot13")


def reversed_text(text: str, _: random.Random) -> tuple[str, ...]:
    """Write the characters from the last to the first.

    Example: 'ignore the rules' reads 'selur eht erongi'.
    """
    return (text[::-1],)


def from_reversed(text: str) -> str:
    """Write the characters from the last to the first: twice is nothing."""
    return text[::-1]


def url_encoding(text: str, _: random.Random) -> tuple[str, ...]:
    """Percent-encode every byte.

    Example: 'no rules' reads '%6E%6F%20%72%75%6C%65%73'.
    """
    return ("".join(f"%{byte:02X}" for byte in text.encode()),)


def html_entities(text: str, chance: random.Random) -> tuple[str, ...]:
    """Write every character as a decimal or hexadecimal reference of HTML.

    Example: 'no' reads '&#110;&#x6f;'.
    """
    return ("".join(f"&#{ord(each)};" if chance.random() < 0.5 else f"&#x{ord(each):x};" for each in text),)


def unicode_escapes(text: str, _: random.Random) -> tuple[str, ...]:
    r"""Write every character as an escape of JSON and JavaScript.

    Example: 'no' reads '\\u006e\\u006f'.
    """
    units = text.encode("utf-16-be")
    return ("".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2)),)


def from_unicode_escapes(text: str) -> str:
    """Decode the escapes of JSON."""
    return str(json.loads(f'"{text}"'))


def tag_block(text: str, _: random.Random) -> tuple[str, ...]:
    """Write ASCII in the tag characters of Unicode, which no screen shows; other characters stay.

    Example: 'no' reads '\U000e006e\U000e006f'.
    """
    return ("".join(chr(0xE0000 + ord(each)) if " " <= each <= "~" else each for each in text),)


def from_tag_block(text: str) -> str:
    """Return ASCII for tag characters."""
    return "".join(chr(ord(each) - 0xE0000) if "\U000e0020" <= each <= "\U000e007e" else each for each in text)


def emoji_selectors(text: str, _: random.Random) -> tuple[str, ...]:
    """Hide the bytes in variation selectors behind one emoji.

    Example: 'no' reads '\U0001f600\U000e015e\U000e015f'.
    """
    hidden = (chr(0xFE00 + byte) if byte < 16 else chr(0xE0100 + byte - 16) for byte in text.encode())
    return ("\U0001f600" + "".join(hidden),)


def from_emoji_selectors(text: str) -> str:
    """Return the text that is hidden behind the emoji."""
    codes = map(ord, text[1:])
    return bytes(code - 0xFE00 if code < 0xE0100 else code - 0xE0100 + 16 for code in codes).decode()


from_url_encoding = urllib.parse.unquote
from_html_entities = html.unescape
