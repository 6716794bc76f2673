"""Owns the generated sources: which grammar rules make rows of which head, channel and label, for either family.

The training family and the held-out family have the same rules by name and share no file, no vocabulary and no author's
habit; what is held out is thus a way of writing, not a sample of the same one.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from functools import cache, partial

from training.data.encodings import wrapped
from training.data.forms import formed
from training.data.grammar import FOLDER, Grammar, load
from training.data.planting import CHANNELS, ESCAPES, insert, plant
from training.data.rows import TEXT_CHARS_MAX, Head, Row, Split
from training.data.sources import Source
from training.data.values import VALUES

LICENCE = "Apache-2.0"
DATA_CHANNELS = ("tool_result", "document")
FAMILY = {"train": "own-a", "heldout": "own-b"}

# Kinds of ordinary text: rule, share, channels.
ORDINARY: tuple[tuple[str, float, tuple[str, ...]], ...] = (
    ("issue", 4.0, DATA_CHANNELS),
    ("mail", 4.0, DATA_CHANNELS),
    ("chat", 2.0, DATA_CHANNELS),
    ("notes", 1.5, DATA_CHANNELS),
    ("commit", 1.5, DATA_CHANNELS),
    ("changelog", 1.5, DATA_CHANNELS),
    ("log", 2.5, DATA_CHANNELS),
    ("trace", 2.0, DATA_CHANNELS),
    ("testoutput", 2.0, DATA_CHANNELS),
    ("ci", 2.0, DATA_CHANNELS),
    ("record", 3.0, DATA_CHANNELS),
    ("system_prompt", 6.0, ("tool_result", "document", "system")),
    ("tool_definition", 3.0, ("tool_definition",)),
    ("transcript", 3.0, DATA_CHANNELS),
    ("readme", 2.5, DATA_CHANNELS),
    ("howto", 3.0, DATA_CHANNELS),
    ("legal", 2.0, DATA_CHANNELS),
    ("article", 2.0, DATA_CHANNELS),
    ("language", 5.0, DATA_CHANNELS),
    ("trap", 9.0, DATA_CHANNELS),
)
HOSTS = tuple(rule for rule, _, _ in ORDINARY if rule not in {"trap", "tool_definition"})

FINER = re.compile(r"_(?:more|finance|promotion|home|person)$")  # a second rule of one category

Texts = Callable[[random.Random], Iterator[Row]]


@cache
def grammar(split: Split) -> Grammar:
    """Load the grammars of a family."""
    return load(sorted((FOLDER / split).glob("*.txt")), VALUES)


def sources(split: Split) -> list[Source]:
    """List the generated sources of a family."""
    made = grammar(split)
    harms = sorted(rule for rule in made.rules if rule.startswith("harm_"))
    safes = sorted(rule for rule in made.rules if rule.startswith("safe_"))
    listed: list[tuple[str, float, Texts]] = [
        (rule, share, partial(_ordinary, split, rule, channels)) for rule, share, channels in ORDINARY
    ]
    listed += [
        ("long", 3.0, partial(_long, split)),
        ("form", 4.0, partial(_form, split)),
        ("twin", 6.0, partial(_planted, split, 0)),
        ("injection", 34.0, partial(_planted, split, 1)),
        ("brief", 7.0, partial(_user, split, "brief", "jailbreak")),
        ("jailbreak_talk", 9.0, partial(_user, split, "jb_benign", "jailbreak")),
        ("jailbreak", 16.0, partial(_jailbreak, split, tuple(harms))),
        ("harm", 9.0, partial(_harm, split, 1, tuple(harms))),
        ("abuse", 2.0, partial(_abuse, split)),
        ("harm_safe", 9.0, partial(_harm, split, 0, tuple(safes))),
        ("harm_ordinary", 3.0, partial(_harm_ordinary, split)),
    ]
    if split == "train":
        listed.append(("short", 6.0, partial(_short, split)))
    return [Source(f"{FAMILY[split]}/{name}", split, LICENCE, share, rows) for name, share, rows in listed]


def _row(
    split: Split, name: str, text: str, label: int, head: Head, channel: str, category: str, **more: object
) -> Row:
    source = f"{FAMILY[split]}/{name}"
    return Row(text[:TEXT_CHARS_MAX], label, head, channel, category, source, LICENCE, **more)  # type: ignore[arg-type]


def _piece(text: str, rng: random.Random) -> str:
    """Take the whole text or, now and then, a few lines of it: a gate meets both."""
    if rng.random() < 0.8:
        return text
    lines = text.split("\n")
    count = rng.choice((1, 1, 2, 3, 5, 8))
    start = rng.randrange(max(1, len(lines) - count + 1))
    piece = "\n".join(lines[start : start + count])
    return piece if len(piece.strip()) > 12 else text


def _ordinary(split: Split, rule: str, channels: tuple[str, ...], rng: random.Random) -> Iterator[Row]:
    while True:
        text = _piece(grammar(split).text(rule, rng), rng)
        yield _row(split, rule, text, 0, "injection", rng.choice(channels), rule)


def _short(split: Split, rng: random.Random) -> Iterator[Row]:
    """Lines of a few words, which a user says as often as a tool answers them."""
    while True:
        text = "\n".join(grammar(split).text("short", rng) for _ in range(rng.choice((1, 1, 1, 1, 2, 3))))
        yield _row(split, "short", text, 0, "injection", rng.choice(("user", "user", "tool_result")), "short")


def _long(split: Split, rng: random.Random) -> Iterator[Row]:
    """Texts of two to eight thousand characters: several of one kind, or of several kinds."""
    while True:
        rules = [rng.choice(HOSTS)] if rng.random() < 0.5 else rng.sample(HOSTS, 3)
        size, parts = rng.randint(2_000, 8_000), [""]
        while sum(map(len, parts)) < size:
            parts.append(grammar(split).text(rng.choice(rules), rng))
        yield _row(split, "long", "\n\n".join(parts)[2 : size + 2], 0, "injection", rng.choice(DATA_CHANNELS), "long")


def _form(split: Split, rng: random.Random) -> Iterator[Row]:
    """Ordinary texts, hard negatives among them, in the forms of machines."""
    while True:
        text = grammar(split).text(rng.choice((*HOSTS, "trap", "innocent")), rng)
        name, text = formed(text, split, rng)
        yield _row(split, "form", text, 0, "injection", rng.choice(DATA_CHANNELS), f"form_{name}")


def _planted(split: Split, label: int, rng: random.Random) -> Iterator[Row]:
    """Attacks (label 1) and innocent twins (label 0) in the same carriers; half of the attacks in ordinary texts."""
    made = grammar(split)
    carriers = [*ESCAPES, "text", "text", "line", "html"]
    while True:
        what = made.text("injection" if label else rng.choice(("innocent", "innocent", "trap")), rng)
        if rng.random() < (0.4 if label else 0.1):
            carrier = rng.choice(HOSTS)
            channels: tuple[str, ...] = DATA_CHANNELS
            planted = insert(made.text(carrier, rng), what, rng)
        else:
            carrier = rng.choice(carriers)
            channels = CHANNELS.get(carrier, DATA_CHANNELS)
            planted = plant(carrier, what, made, rng)
        if planted.end > TEXT_CHARS_MAX:
            continue
        span = {"start": planted.start, "end": planted.end} if label else {}
        name, channel = ("injection" if label else "twin"), rng.choice(channels)
        yield _row(split, name, planted.text, label, "injection", channel, f"planted_{carrier}", **span)


def _user(split: Split, rule: str, head: Head, rng: random.Random) -> Iterator[Row]:
    name = {"jb_benign": "jailbreak_talk"}.get(rule, rule)
    while True:
        yield _row(split, name, _piece(grammar(split).text(rule, rng), rng), 0, head, "user", name)


def _jailbreak(split: Split, goals: tuple[str, ...], rng: random.Random) -> Iterator[Row]:
    made = grammar(split)
    forms = [option[0].name for option in made.rules["jailbreak"]]  # type: ignore[union-attr]
    while True:
        rule = rng.choice(("neutral_goal", *rng.choices(goals, k=2)))
        goal = made.text(rule, rng)
        if rng.random() < 0.12:
            text, form = wrapped(made.text("ask", rng, what=goal), split, rng), "encoded"
        else:
            form = rng.choice(forms)
            text = made.text(form, rng, what=goal)
        yield _row(split, "jailbreak", text, 1, "jailbreak", "user", form.removeprefix("jb_"))


def _harm(split: Split, label: int, rules: tuple[str, ...], rng: random.Random) -> Iterator[Row]:
    made = grammar(split)
    while True:
        rule = rng.choice(rules)
        _, _, kind = rule.partition("_")
        category, severity = kind.rsplit("_", 1) if label else (kind, "")
        category = FINER.sub("", category)
        text = made.text("ask", rng, what=made.text(rule, rng))
        name = "harm" if label else "harm_safe"
        yield _row(split, name, text, label, "harm", "user", category, severity=severity)


def _abuse(split: Split, rng: random.Random) -> Iterator[Row]:
    while True:
        text = " ".join(grammar(split).text("abuse", rng) for _ in range(rng.choice((1, 1, 2))))
        channel = rng.choice(("user", "assistant"))
        yield _row(split, "abuse", text, 1, "harm", channel, "abuse", severity="medium")


def _harm_ordinary(split: Split, rng: random.Random) -> Iterator[Row]:
    while True:
        rule = rng.choice(
            ("brief", "chat", "mail", "issue", "article", "user_ask", "language", "jb_benign", "jb_benign")
        )
        text = _piece(grammar(split).text(rule, rng), rng)
        yield _row(split, "harm_ordinary", text, 0, "harm", rng.choice(("user", "assistant")), rule)
