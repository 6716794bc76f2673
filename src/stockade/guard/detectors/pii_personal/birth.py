"""Dates of birth: a date behind a word of birth. Owns the words; a date alone is nobody's.

The value holds white space only beside digits, so "5 de marzo de 1980" is not found (the stream window relies on it).
"""

from __future__ import annotations

import re

from stockade.core.findings import Severity
from stockade.guard.detectors.patterns import Pattern, Seen
from stockade.guard.detectors.pii_personal.check_digits import is_date

_WORDS = (
    r"born|birth|birthdate|birthday|birth_date|date_of_birth|dateofbirth|dob|d\.o\.b"  # English
    r"|geboren|geburtsdatum|geburtstag|geb"  # German
    r"|née? le|naissance|date_naissance"  # French
    r"|nacimiento|nacid[oa]|nascimento|nascid[oa]|nascita|nat[oa] il"  # Spanish, Portuguese, Italian
    r"|geboortedatum|född|født|fødselsdato|födelsedatum|syntynyt"  # Dutch, Nordic
    r"|urodzon[ya]|data urodzenia|narozen[ia]?"  # Polish, Czech
)
_MONTHS = (
    "jan(?:uary|uar|vier)?|feb(?:ruary|ruar)?|février|mar(?:ch|s|zo)?|märz|apr(?:il|ile)?|avril|may|mai|june?|juni|juin"
    "|july?|juli|juillet|aug(?:ust)?|août|sep(?:t|tember|tembre)?|oct(?:ober|obre)?|okt(?:ober)?|nov(?:ember|embre)?"
    "|dec(?:ember)?|dez(?:ember)?|décembre"
)
_DATE = (
    r"[0-9]{4}[\-/.][0-9]{1,2}[\-/.][0-9]{1,2}|[0-9]{1,2}[\-/.][0-9]{1,2}[\-/.](?:[0-9]{4}|[0-9]{2})"
    rf"|[0-9]{{1,2}}(?:st|nd|rd|th|\.)?[ \-](?:{_MONTHS})\.?,?[ \-][0-9]{{4}}"
    rf"|(?:{_MONTHS})\.?[ ][0-9]{{1,2}}(?:st|nd|rd|th)?,?[ ][0-9]{{4}}"
)
_NUMBERS = re.compile(r"[0-9]+")


def is_birth_date(seen: Seen) -> bool:
    """Say whether the numbers make a day on which somebody now alive can be born, in any order of day and month."""
    numbers = [int(part) for part in _NUMBERS.findall(seen.value)]
    if seen.after[:1].isalnum():
        return False
    if len(numbers) == 2:
        day, year = numbers
        return 1 <= day <= 31 and 1900 <= year <= 2099
    first, second, third = numbers
    if first >= 1000:
        return 1900 <= first <= 2099 and is_date(first, second, third)
    if third >= 100 and not 1900 <= third <= 2099:
        return False
    return is_date(third, first, second) or is_date(third, second, first)


PATTERNS = (
    Pattern(
        rule="date_of_birth",
        expression=rf"(?:^|[^a-z])(?:{_WORDS})[^a-z][^\n0-9]*[0-9]",
        confirm=rf"(?:^|[^a-z])(?:{_WORDS})[^a-z\n](?:[^\n0-9]{{0,40}}?[^\n0-9a-z])?({_DATE})\b",
        caseless=True,
        label="DATE_OF_BIRTH",
        severity=Severity.MEDIUM,
        score=0.8,
        source="own list of birth words; dates as ISO 8601 and as people write them",
        validator=is_birth_date,
    ),
)
