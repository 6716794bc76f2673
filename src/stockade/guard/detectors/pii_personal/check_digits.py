"""Check digits: the arithmetic that tells a number that was issued from one that was not. Pure functions over digits.

Source: ISO/IEC 7812 (Luhn), ISO 7064 (mod 11,10 and mod 11-2), Verhoeff 1969, ISO 13616 (mod 97). Read November 2026.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from string import ascii_uppercase

_VERHOEFF_FIVE = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)
_NO_DIGITS = re.compile("[^0-9]+")
_DOUBLED = str.maketrans("0123456789", "0246813579")
_IN_97 = {ord(case): str(int(case, 36)) for letter in ascii_uppercase for case in (letter, letter.lower())}


def digits_of(text: str) -> str:
    """Return the ASCII digits of a text."""
    return _NO_DIGITS.sub("", text)


def luhn(digits: str) -> bool:
    """Say whether the last digit is right by Luhn."""
    return (sum(map(int, digits[-1::-2])) + sum(map(int, digits[-2::-2].translate(_DOUBLED)))) % 10 == 0


def weighted(digits: str, weights: Sequence[int]) -> int:
    """Return the sum of digits times weights, over the shorter of both."""
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=False))


def mod_11_10(digits: str) -> bool:
    """Say whether the last digit is right by ISO 7064 mod 11,10."""
    product = 10
    for digit in digits[:-1]:
        product = ((int(digit) + product) % 10 or 10) * 2 % 11
    return (11 - product) % 10 == int(digits[-1])


def mod_11_2(text: str) -> bool:
    """Say whether the last character (a digit, or X for ten) is right by ISO 7064 mod 11-2."""
    total = 0
    for digit in text[:-1]:
        total = (total + int(digit)) * 2 % 11
    return "0123456789X"[(12 - total) % 11] == text[-1].upper()


def verhoeff(digits: str) -> bool:
    """Say whether the last digit is right by Verhoeff's dihedral group."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit)
        for _ in range(place % 8):
            value = _VERHOEFF_FIVE[value]
        total = _dihedral(total, value)
    return total == 0


def mod_97_is_one(text: str) -> bool:
    """Say whether letters read as 10 to 35 and digits make a number that leaves 1 when divided by 97."""
    return int(text.translate(_IN_97)) % 97 == 1


def is_date(year: int, month: int, day: int) -> bool:
    """Say whether such a day can be; 29 February counts in every year, for a two-digit year does not tell."""
    lengths = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
    return year >= 0 and 1 <= month <= 12 and 1 <= day <= lengths[month - 1]


def _dihedral(left: int, right: int) -> int:
    """Multiply in the dihedral group of order ten: rotations 0 to 4, reflections 5 to 9."""
    if left < 5:
        return (left + right) % 5 if right < 5 else 5 + (left + right) % 5
    return 5 + (left - right) % 5 if right < 5 else (left - right) % 5
