"""Payment data: cards and bank accounts. Owns issuer ranges and IBAN lengths.

Source: ISO/IEC 7812 and the issuer ranges that the networks publish; ISO 13616, SWIFT IBAN registry release 99. Read
November 2026.
"""

from __future__ import annotations

from itertools import pairwise

from stockade.core.findings import Severity
from stockade.guard.detectors.patterns import Pattern, Seen
from stockade.guard.detectors.pii_personal.check_digits import digits_of, luhn, mod_97_is_one
from stockade.guard.detectors.pii_personal.context import named_by, stands_free

IBAN_LENGTHS = {
    length: countries.split()
    for length, countries in {
        15: "NO",
        16: "BE",
        18: "DK FI FK FO GL NL SD",
        19: "MK SI",
        20: "AT BA EE KZ LT LU MN XK",
        21: "CH HR LI LV",
        22: "BG BH CR DE GB GE IE ME RS VA",
        23: "AE GI IL IQ OM SO TL",
        24: "AD CZ ES MD PK RO SA SE SK TN VG",
        25: "LY PT ST",
        26: "IS TR",
        27: "BI DJ FR GR IT MC MR SM",
        28: "AL AZ BY CY DO GT HN HU LB NI PL SV",
        29: "BR EG PS QA UA",
        30: "JO KW MU YE",
        31: "MT SC",
        32: "LC",
        33: "RU",
    }.items()
}

_RANGES: tuple[tuple[int, int, frozenset[int]], ...] = (
    # (first prefix, last prefix, lengths): Visa, Mastercard, Amex, Diners, Discover, JCB, UnionPay, Maestro
    (4, 4, frozenset({13, 16, 19})),
    (51, 55, frozenset({16})),
    (2221, 2720, frozenset({16})),
    (34, 34, frozenset({15})),
    (37, 37, frozenset({15})),
    (300, 305, frozenset({14, 16, 19})),
    (36, 36, frozenset({14, 16, 19})),
    (38, 39, frozenset({14, 16, 19})),
    (6011, 6011, frozenset({16, 19})),
    (644, 649, frozenset({16, 19})),
    (65, 65, frozenset({16, 19})),
    (3528, 3589, frozenset({16, 17, 18, 19})),
    (62, 62, frozenset({16, 17, 18, 19})),
    (5018, 5018, frozenset(range(12, 20))),
    (5020, 5038, frozenset(range(12, 20))),
    (6304, 6304, frozenset(range(12, 20))),
    (6759, 6763, frozenset(range(12, 20))),
)
_ISSUERS = tuple((low, high, len(str(low)), lengths) for low, high, lengths in _RANGES)
_CARD_WORDS = "card|credit|debit|visa|mastercard|amex|maestro|pan|karte|kreditkarte|carte|tarjeta|carta|cart\u00e3o|cc"


def is_card(number: str) -> bool:
    """Say whether the digits are a card number: an issuer's range and length, Luhn, not one digit over and over."""
    digits = digits_of(number)
    if not luhn(digits) or len(set(digits)) < 2:
        return False
    return any(
        low <= int(digits[:places]) <= high and len(digits) in lengths for low, high, places, lengths in _ISSUERS
    )


_named = named_by(_CARD_WORDS, is_card)


def is_card_here(seen: Seen) -> bool:
    """Say whether a card number stands here; where a word names it, or it is written in the usual 14 to 16 digits."""
    if not is_card(seen.value):
        return False
    return (len(digits_of(seen.value)) in {14, 15, 16} and stands_free(seen)) or _named(seen)


def is_iban(seen: Seen) -> bool:
    """Say whether the check digits of an IBAN are right, and no gap stands between two letters.

    A stream is let go at such a gap, so the same value would be found whole and missed in pieces.
    """
    if " " in seen.value and any(
        left.isalpha() and right[0].isalpha() for left, right in pairwise(seen.value.split(" "))
    ):
        return False
    bare = seen.value.replace(" ", "").replace("-", "")
    return mod_97_is_one(bare[4:] + bare[:4])


_IBAN = "|".join(
    rf"(?:{'|'.join(countries)})[0-9]{{2}}(?:[ \-]?[A-Z0-9]{{4}}){{{(length - 4) // 4}}}"
    + (rf"[ \-]?[A-Z0-9]{{{(length - 4) % 4}}}" if (length - 4) % 4 else "")
    for length, countries in IBAN_LENGTHS.items()
)

PATTERNS = (
    Pattern(
        rule="payment_card",
        expression=(
            r"[0-9]{4}[ \-]?[0-9]{4}[ \-]?[0-9]{4}[ \-]?[0-9]|3[0-9]{3}[ \-]?[0-9]{6}[ \-]?[0-9]{4}|\b[0-9]{12}\b"
        ),
        confirm=(
            r"\b((?:[0-9]{4}[ \-]?){3}[0-9]{4}|3[47][0-9]{2}[ \-]?[0-9]{6}[ \-]?[0-9]{5}"
            r"|3[0689][0-9]{2}[ \-]?[0-9]{6}[ \-]?[0-9]{4}|(?:[0-9]{4}[ \-]){4}[0-9]{3}|[0-9]{12,19})\b"
        ),
        label="PAYMENT_CARD",
        severity=Severity.HIGH,
        score=0.9,
        source="ISO/IEC 7812",
        validator=is_card_here,
    ),
    Pattern(
        rule="iban",
        expression=r"\b[A-Z]{2}[0-9]{2}[ \-]?[A-Z0-9]{4}[ \-]?[A-Z0-9]{4}[ \-]?[A-Z0-9]{3}",
        confirm=rf"\b({_IBAN})\b",
        caseless=True,
        label="IBAN",
        severity=Severity.HIGH,
        score=0.97,
        source="ISO 13616",
        validator=is_iban,
    ),
)
