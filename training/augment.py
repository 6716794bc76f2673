"""Owns what training adds to the labelled texts: planted attacks, filler, and texts written otherwise.

Only what no view can undo (core/views): typing errors, case, spacing, line marks, emphasis, quoting. Ordinary text is
written otherwise as often as attacks are, so that the form alone decides nothing.
"""

from __future__ import annotations

import json
import random
import string
from collections.abc import Callable, Sequence
from dataclasses import replace

from training.examples import Example

PLANTED_CHARS_MAX = 400
CARRIER_CHARS_MAX = 4000
CARRIER_CHARS_MIN = 200
FILLER_WORDS = "word continue yes no ok value item foo test page list done next go on more please thanks the a x id"
LATIN = "lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor incididunt ut labore et"


def planted(examples: Sequence[Example], count: int, seed: int) -> list[Example]:
    """Plant short attacks of the training sources into ordinary texts of others, at the start of a line or sentence."""
    rng = random.Random(seed)
    attacks = [e for e in examples if e.injection == 1 and e.start is None and len(e.text) <= PLANTED_CHARS_MAX]
    carriers = [e for e in examples if e.attack == 0 and e.injection == 0 and len(e.text) >= CARRIER_CHARS_MIN]
    made = []
    for _ in range(count if attacks and carriers else 0):
        attack, carrier = rng.choice(attacks), rng.choice(carriers)
        text = carrier.text[:CARRIER_CHARS_MAX]
        breaks = [i + 1 for i, char in enumerate(text) if char == "\n" or (char == " " and text[i - 1] in ".!?:;>")]
        place = rng.choice(breaks or [0])
        glue = rng.choice(["\n", " ", "\n\n", " "])
        joined = text[:place] + attack.text + glue + text[place:]
        made.append(
            replace(
                attack,
                text=joined,
                jailbreak=None,
                harm=None,
                source=f"planted: {attack.source}",
                channel="tool_result",
                start=place,
                end=place + len(attack.text),
            )
        )
    return made


def fillers(count: int, seed: int) -> list[Example]:
    """Make ordinary texts without prose: one word again and again, numbers, ids, encoded bytes, a yes or a no."""
    rng = random.Random(seed)
    words = FILLER_WORDS.split()
    latin = LATIN.split()
    hexes, letters = "0123456789abcdef", string.ascii_letters + string.digits + "+/"
    makers: list[Callable[[int], str]] = [
        lambda n: " ".join([rng.choice(words)] * n),
        lambda n: rng.choice(words) * n,
        lambda n: " ".join(rng.choice(words) for _ in range(1 + n % 4)),
        lambda n: " ".join(rng.choice(latin) for _ in range(n)),
        lambda n: " ".join(str(rng.randrange(10 ** rng.randrange(1, 9))) for _ in range(n)),
        lambda n: "".join(rng.choice(hexes) for _ in range(n)),
        lambda n: "".join(rng.choice(letters) for _ in range(4 * n)) + "=" * (n % 3),
        lambda n: f"{rng.choice(words)}-{rng.choice(words)}-2026-{rng.randrange(1, 13):02}-{n % 28 + 1:02}",
        lambda n: "".join(rng.choice("(){}[];,.=>!&|?:") + rng.choice(hexes) + rng.choice(words)[:2] for _ in range(n)),
        lambda n: "".join(chr(rng.choice([32, 46, 45, 0x2500, 0x4E00 + n, 0x3042, 0x430, 0x1F600])) for _ in range(n)),
        lambda n: rng.choice("-=_.*#~ \n") * n + rng.choice(words),
    ]
    texts = [rng.choice(makers)(rng.choice([1, 2, 3, 5, 12, 40, 120, 400])) for _ in range(count)]
    channels = ("user", "tool_result", "document")
    return [Example(text, 0, 0, 0, "fillers", "filler", rng.choice(channels), False) for text in texts if text.strip()]


def restated(examples: Sequence[Example], count: int, seed: int) -> list[Example]:
    """Write some texts, attacks and ordinary ones alike, in another way, for the first stage."""
    rng = random.Random(seed)
    whole = [e for e in examples if e.start is None and len(e.text) <= CARRIER_CHARS_MAX]
    return [replace(e, text=rewritten(e.text, rng)) for e in rng.sample(whole, min(count, len(whole)))]


def rewritten(text: str, rng: random.Random) -> str:
    """Write a text in another way that a reader understands as well."""
    return rng.choice(WAYS)(text, rng)


def _typos(text: str, rng: random.Random) -> str:
    chars = list(text)
    for _ in range(max(1, len(chars) // rng.choice([12, 20, 40]))):
        i = rng.randrange(len(chars) - 1) if len(chars) > 1 else 0
        match rng.randrange(3) if len(chars) > 1 else 2:
            case 0:
                chars[i], chars[i + 1] = chars[i + 1], chars[i]
            case 1:
                del chars[i]
            case _:
                chars.insert(i, chars[i])
    return "".join(chars)


def _case(text: str, rng: random.Random) -> str:
    return "".join(char.upper() if rng.random() < 0.5 else char.lower() for char in text)


def _capitals(text: str, _: random.Random) -> str:
    return text.upper()


def _spaced(text: str, rng: random.Random) -> str:
    return " ".join(word + rng.choice(["", "", "", " ", "\n", "  "]) for word in text.split(" "))


def _marked(text: str, rng: random.Random) -> str:
    mark = rng.choice(["# ", "// ", "> ", " * ", "-- ", "; ", "| ", "> > "])
    width = rng.choice([6, 10, 16])
    words = text.split()
    return "\n".join(mark + " ".join(words[i : i + width]) for i in range(0, len(words), width))


def _emphasised(text: str, rng: random.Random) -> str:
    mark = rng.choice(["**", "*", "`", "_", "__"])
    return " ".join(f"{mark}{word}{mark}" if word and rng.random() < 0.3 else word for word in text.split(" "))


def _quoted(text: str, rng: random.Random) -> str:
    names = rng.sample(["data", "text", "body", "value", "result", "content", "note", "items"], 3)
    return json.dumps({names[0]: {names[1]: [{"id": rng.randrange(999), names[2]: text}]}})


WAYS: tuple[Callable[[str, random.Random], str], ...] = (
    _typos,
    _typos,
    _case,
    _capitals,
    _spaced,
    _marked,
    _emphasised,
    _quoted,
)
