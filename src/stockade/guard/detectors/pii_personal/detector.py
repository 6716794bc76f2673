"""The detector of personal data that has a format. Owns the list of its patterns; each group is a file beside it."""

from __future__ import annotations

from dataclasses import dataclass

from stockade.core.findings import Category
from stockade.guard.detectors.patterns import Pattern
from stockade.guard.detectors.pii_personal import birth, contact, crypto, identity, network, payment


@dataclass(frozen=True, slots=True)
class PersonalData:
    """Personal data with a format.

    Finds: e-mail addresses, telephone numbers, payment cards, IBANs, identity numbers of some twenty countries with
    their check digits, public IP and MAC addresses, dates of birth behind a word of birth, crypto addresses.
    Why it matters: a prompt that names a person to a vendor is a transfer of personal data (GDPR article 4(1)), and a
    card number brings whoever handles it into PCI DSS.
    Example: "Reach Ana at ana.silva@company.pt or +351 912 345 678."
    Known misses: names and postal addresses; telephone numbers in a national form without a word for them, outside
    North America, the United Kingdom and France; dates with words between the numbers ("5 de marzo de 1980"); IBANs in
    groups that put a space between two letters; numbers whose naming word stands behind them or more than 60
    characters before. Reserved names (example.com), addresses of machines and private networks are left on purpose.
    Cost: part of the one Hyperscan pass; about 25 microseconds for each telephone number, 15 for an address.
    """

    id: str = "pii.personal"
    version: str = "3"
    category: Category = Category.PERSONAL_DATA
    opens_views: bool = True
    patterns: tuple[Pattern, ...] = (
        *contact.PATTERNS,
        *birth.PATTERNS,
        *payment.PATTERNS,
        *identity.PATTERNS,
        *network.PATTERNS,
        *crypto.PATTERNS,
    )


DETECTOR = PersonalData()
