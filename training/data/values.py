"""Owns the values that fill a grammar's places and are made rather than chosen: numbers, digests, names in code.

Words come from the grammar's own rules `ident_noun` and `ident_verb`, so that the families of generators share no
vocabulary through this file.
"""

from __future__ import annotations

import base64
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from training.data.grammar import Document, GrammarError, Value

EPOCH = datetime(2021, 1, 4, tzinfo=UTC)
DAYS = 5 * 365
MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


def whole(low: int, high: int) -> Value:
    """Return a maker of whole numbers, both ends included."""
    return lambda d: str(d.rng.randint(low, high))


def of(alphabet: str, count: int) -> Value:
    """Return a maker of `count` characters."""
    return lambda d: "".join(d.rng.choices(alphabet, k=count))


def _moment(d: Document) -> datetime:
    return EPOCH + timedelta(days=d.rng.randrange(DAYS), seconds=d.rng.randrange(86_400))


def _clock(d: Document) -> datetime:
    """Give the time of the next log line of this document."""
    if d.clock_s == 0.0:
        d.clock_s = (_moment(d) - EPOCH).total_seconds()
    d.clock_s += d.rng.choice((0.001, 0.02, 0.4, 1.0, 7.0)) * d.rng.random() * 2
    return EPOCH + timedelta(seconds=d.clock_s)


def _clock_as(form: str) -> Value:
    return lambda d: _clock(d).strftime(form)


def _date_as(form: str) -> Value:
    return lambda d: _moment(d).strftime(form)


def _snake(d: Document) -> str:
    return "_".join([d.make("ident_verb"), d.make("ident_noun"), *([d.make("ident_noun")] * (d.rng.random() < 0.3))])


def _camel(d: Document) -> str:
    return d.make("ident_verb") + "".join(d.make("ident_noun").title() for _ in range(d.rng.randint(1, 2)))


def _pascal(d: Document) -> str:
    kinds = ("", "", "Error", "Service", "Client", "Factory", "Test", "View", "Store", "Handler")
    return d.make("ident_noun").title() + d.make("ident_noun").title() + d.rng.choice(kinds)


def _path(d: Document) -> str:
    folders = [d.make("ident_noun") for _ in range(d.rng.randint(1, 3))]
    ending = d.rng.choice(("py", "py", "ts", "go", "rs", "java", "js", "c", "yaml", "md", "sql", "rb", "kt"))
    start = d.rng.choice(("src/", "", "lib/", "app/", "internal/", "tests/", "pkg/", "/srv/app/", "./"))
    return start + "/".join(folders) + "." + ending


def _host(d: Document) -> str:
    ending = d.rng.choice(("example.com", "example.org", "example.net", "corp.example", "internal", "test"))
    return f"{d.make('ident_noun')}{d.rng.choice(('', '-01', '-prod', '-eu', '2'))}.{ending}"


def _url(d: Document) -> str:
    tail = "/".join(d.make("ident_noun") for _ in range(d.rng.randint(1, 3)))
    return f"https://{_host(d)}/{tail}{d.rng.choice(('', '', '/', '.html', '?page=2', '#usage'))}"


def _money(d: Document) -> str:
    amount = d.rng.choice((d.rng.randint(1, 99), d.rng.randint(100, 9_999), d.rng.randint(10_000, 900_000)))
    return d.rng.choice(("{:,} EUR", "${:,}", "€{:,}", "{:,}.00 USD", "CHF {:,}", "£{:,}")).format(amount)


def _base64(d: Document) -> str:
    return base64.b64encode(d.rng.randbytes(d.rng.choice((9, 18, 33)))).decode()


def _email(d: Document) -> str:
    return (
        f"{d.make('ident_noun')}.{d.make('ident_noun')}@{d.rng.choice(('example.com', 'example.org', 'mail.example'))}"
    )


def _given(_: Document) -> str:
    raise GrammarError("a text that comes from outside was not given")


VALUES: dict[str, Callable[[Document], str]] = {
    "plant": _given,
    "what": _given,
    "n2": whole(2, 9),
    "n": whole(1, 99),
    "nn": whole(100, 9_999),
    "big": whole(10_000, 9_999_999),
    "pct": lambda d: f"{d.rng.uniform(0.1, 99.9):.1f}",
    "dec": lambda d: f"{d.rng.uniform(0.01, 90):.2f}",
    "ms": lambda d: f"{d.rng.uniform(0.2, 4000):.{d.rng.randint(0, 2)}f}",
    "hex7": of("0123456789abcdef", 7),
    "hex16": of("0123456789abcdef", 16),
    "hex40": of("0123456789abcdef", 40),
    "addr": lambda d: "0x" + "".join(d.rng.choices("0123456789abcdef", k=12)),
    "uuid": lambda d: str(uuid.UUID(int=d.rng.getrandbits(128), version=4)),
    "base64": _base64,
    "ip": lambda d: ".".join(str(d.rng.randint(1, 254)) for _ in range(4)),
    "port": lambda d: d.rng.choice(("80", "443", "5432", "6379", "8080", "3000", "9200", "27017", "8443")),
    "semver": lambda d: f"{d.rng.randint(0, 12)}.{d.rng.randint(0, 30)}.{d.rng.randint(0, 20)}",
    "date": _date_as("%Y-%m-%d"),
    "date_long": lambda d: _moment(d).strftime("%-d %B %Y"),
    "date_us": lambda d: _moment(d).strftime("%B %-d, %Y"),
    "date_mail": lambda d: _moment(d).strftime("%a, %d %b %Y %H:%M:%S +0000"),
    "time": lambda d: f"{d.rng.randint(7, 21)}:{d.rng.choice(('00', '15', '30', '45', '10', '40'))}",
    "clock_iso": _clock_as("%Y-%m-%dT%H:%M:%S.%fZ"),
    "clock_log": _clock_as("%Y-%m-%d %H:%M:%S,"),
    "clock_sys": _clock_as("%b %d %H:%M:%S"),
    "clock_web": _clock_as("%d/%b/%Y:%H:%M:%S +0000"),
    "clock_hm": _clock_as("%H:%M"),
    "weekday": lambda d: d.rng.choice(WEEKDAYS),
    "month": lambda d: d.rng.choice(MONTHS),
    "snake": _snake,
    "camel": _camel,
    "pascal": _pascal,
    "env": lambda d: f"{d.make('ident_noun')}_{d.make('ident_noun')}".upper(),
    "path": _path,
    "host": _host,
    "url": _url,
    "money": _money,
    "email": _email,
}
