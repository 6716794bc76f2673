"""Checks of national identity numbers: each takes the number as written and says whether it can have been issued.

Pure functions. Source: each function names its authority's rule; compared with the descriptions in python-stdnum's
documentation (facts only). Read November 2026.
"""

from __future__ import annotations

from stockade.guard.detectors.pii_personal.check_digits import (
    digits_of,
    is_date,
    luhn,
    mod_11_2,
    mod_11_10,
    verhoeff,
    weighted,
)

_DNI_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"
_HETU_SIGNS = "0123456789ABCDEFHJKLMNPRSTUVWXY"
_FISCALE_ODD = dict(
    zip(
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        [1, 0, 5, 7, 9, 13, 15, 17, 19, 21] * 2 + [2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23],
        strict=True,
    )
)
_SSN_ADVERTISED = frozenset({"078051120", "219099999", "123456789", "111111111", "333333333", "555555555", "777777777"})


def any_number(text: str) -> bool:
    """Say whether a text has at least five digits, not all the same: for formats without a check digit."""
    digits = digits_of(text)
    return len(digits) >= 5 and len(set(digits)) > 1


def us_ssn(text: str) -> bool:
    """No area 000, 666 or 9xx, no group 00, no serial 0000, none of the numbers known from advertisements."""
    digits = digits_of(text)
    if digits[:3] in {"000", "666"} or digits[0] == "9" or digits in _SSN_ADVERTISED:
        return False
    return digits[3:5] != "00" and digits[5:] != "0000"


def us_itin(text: str) -> bool:
    """Area 9xx and a group from 50 to 65, 70 to 88, 90 to 92 or 94 to 99."""
    group = int(digits_of(text)[3:5])
    return 50 <= group <= 65 or 70 <= group <= 88 or 90 <= group <= 92 or 94 <= group <= 99


def uk_nino(text: str) -> bool:
    """No prefix that is never given out, and not the number of the official specimen form."""
    bare = text.replace(" ", "")
    return bare[:2] not in {"BG", "GB", "KN", "NK", "NT", "TN", "ZZ"} and len(set(bare[2:8])) > 1


def uk_nhs(text: str) -> bool:
    """Weights 10 to 2, mod 11, where 11 counts as 0 and 10 is never given out."""
    digits = digits_of(text)
    check = 11 - weighted(digits[:9], range(10, 1, -1)) % 11
    return len(set(digits)) > 1 and check % 11 == int(digits[9]) and check != 10


def de_tax_id(text: str) -> bool:
    """No leading zero; among the first ten one digit two or three times; mod 11,10."""
    digits = digits_of(text)
    repeats = sorted(digits[:10].count(digit) for digit in set(digits[:10]))
    return digits[0] != "0" and repeats[-1] in {2, 3} and repeats[-2:-1] != [3] and mod_11_10(digits)


def fr_nir(text: str) -> bool:
    """Key is 97 less the number mod 97; Corsica's 2A and 2B count as 19 and 18; a month or a special month."""
    bare = (
        text.replace(" ", "").replace("2A", "19", 1) if "2A" in text else text.replace(" ", "").replace("2B", "18", 1)
    )
    if not bare.isdigit() or len(bare) != 15:
        return False
    month = int(bare[3:5])
    return (1 <= month <= 12 or 20 <= month <= 42 or month >= 50) and 97 - int(bare[:13]) % 97 == int(bare[13:])


def es_dni(text: str) -> bool:
    """Check: the letter is the number mod 23; X, Y, Z in front of a NIE count as 0, 1, 2."""
    bare = text.replace("-", "")
    number = str("XYZ".index(bare[0])) + bare[1:-1] if bare[0] in "XYZ" else bare[:-1]
    return len(set(bare[:-1])) > 1 and _DNI_LETTERS[int(number) % 23] == bare[-1]


def it_codice_fiscale(text: str) -> bool:
    """Odd places by the table of the decree, even places by value, mod 26."""
    total = sum(_FISCALE_ODD[c] for c in text[:15:2]) + sum(_fiscale_even(c) for c in text[1:15:2])
    return chr(ord("A") + total % 26) == text[15]


def nl_bsn(text: str) -> bool:
    """Weights 9 to 2 and -1, mod 11."""
    digits = digits_of(text)
    return len(set(digits)) > 1 and weighted(digits, (9, 8, 7, 6, 5, 4, 3, 2, -1)) % 11 == 0


def be_national_number(text: str) -> bool:
    """Check is 97 less the first nine mod 97, with a 2 in front for those born from 2000 on."""
    digits = digits_of(text)
    head, check = digits[:9], int(digits[9:])
    return is_date(0, int(digits[2:4]) % 20 or 1, int(digits[4:6]) or 1) and check in {
        97 - int(head) % 97,
        97 - int("2" + head) % 97,
    }


def pl_pesel(text: str) -> bool:
    """Weights 1 3 7 9, mod 10; the century is added to the month."""
    month, day = int(text[2:4]) % 20, int(text[4:6])
    return is_date(0, month, day) and weighted(text, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1)) % 10 == 0


def se_personnummer(text: str) -> bool:
    """Luhn over the last ten digits; a coordination number adds 60 to the day."""
    digits = digits_of(text)[-10:]
    day = int(digits[4:6])
    return is_date(0, int(digits[2:4]), day - 60 if day > 60 else day) and luhn(digits)


def fi_hetu(text: str) -> bool:
    """Check: the sign is date and serial mod 31."""
    return is_date(0, int(text[2:4]), int(text[:2])) and _HETU_SIGNS[int(text[:6] + text[7:10]) % 31] == text[10]


def pt_nif(text: str) -> bool:
    """Weights 9 to 2, mod 11, where 10 and 11 count as 0; first digit 1 to 3, 45, 5 to 9."""
    digits = digits_of(text)
    check = 11 - weighted(digits[:8], range(9, 1, -1)) % 11
    return len(set(digits)) > 1 and digits[0] != "0" and (0 if check > 9 else check) == int(digits[8])


def br_cpf(text: str) -> bool:
    """Two check digits, weights 10 to 2 and 11 to 2, mod 11; not one digit over and over."""
    digits = digits_of(text)
    if len(digits) != 11 or len(set(digits)) == 1:
        return False
    first = weighted(digits[:9], range(10, 1, -1)) * 10 % 11 % 10
    second = weighted(digits[:10], range(11, 1, -1)) * 10 % 11 % 10
    return digits[9:] == f"{first}{second}"


def in_aadhaar(text: str) -> bool:
    """Verhoeff; not a palindrome (never given out)."""
    digits = digits_of(text)
    return digits != digits[::-1] and verhoeff(digits)


def cn_resident_id(text: str) -> bool:
    """Check: a date of birth from 1900 on inside, ISO 7064 mod 11-2."""
    year, month, day = int(text[6:10]), int(text[10:12]), int(text[12:14])
    return 1900 <= year <= 2099 and is_date(year, month, day) and mod_11_2(text)


def ca_sin(text: str) -> bool:
    """Luhn; first digit 1 to 7 or 9."""
    digits = digits_of(text)
    return digits[0] not in "08" and len(set(digits)) > 1 and luhn(digits)


def au_tfn(text: str) -> bool:
    """Weights 1 4 3 7 5 8 6 9 10, mod 11 (eight digits: 10 7 8 4 6 3 5 1)."""
    digits = digits_of(text)
    weights = (10, 7, 8, 4, 6, 3, 5, 1) if len(digits) == 8 else (1, 4, 3, 7, 5, 8, 6, 9, 10)
    return len(set(digits)) > 1 and weighted(digits, weights) % 11 == 0


def ch_ahv(text: str) -> bool:
    """EAN-13 over 756 and nine digits."""
    digits = digits_of(text)
    return len(set(digits[3:])) > 1 and weighted(digits, (1, 3) * 6 + (1,)) % 10 == 0


def no_fodselsnummer(text: str) -> bool:
    """Check: a date (day plus 40 for a D-number) and two check digits mod 11."""
    digits = digits_of(text)
    day = int(digits[:2])
    return (
        is_date(0, int(digits[2:4]), day - 40 if day > 40 else day)
        and weighted(digits, (3, 7, 6, 1, 8, 9, 4, 5, 2, 1)) % 11 == 0
        and weighted(digits, (5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)) % 11 == 0
    )


def kr_rrn(text: str) -> bool:
    """Check: a date and weights 2 to 9, 2 to 5, mod 11 (numbers given out since October 2020 need not fit)."""
    digits = digits_of(text)
    check = (11 - weighted(digits[:12], (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)) % 11) % 10
    return is_date(0, int(digits[2:4]), int(digits[4:6])) and check == int(digits[12])


def _fiscale_even(character: str) -> int:
    return int(character) if character.isdigit() else ord(character) - ord("A")
