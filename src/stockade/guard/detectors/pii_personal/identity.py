"""National identity numbers, with their check digits, and which of them need a word that names them.

Owns which format is strong enough alone: two check digits, a date inside, or a shape of its own; all others are taken
for true only behind a word such as "PESEL". Each check is in `identity_checks`.
"""

from __future__ import annotations

from collections.abc import Callable

from stockade.core.findings import Severity
from stockade.guard.detectors.patterns import Pattern, Seen
from stockade.guard.detectors.pii_personal import identity_checks as checks
from stockade.guard.detectors.pii_personal.context import NamedBy, alone, named_by


def _id(rule: str, shape: str, validator: Callable[[Seen], bool], source: str, score: float = 0.8) -> Pattern:
    return Pattern(
        rule=rule,
        expression=rf"\b{shape}\b",
        confirm=rf"\b({shape})\b",
        label=rule.upper(),
        severity=Severity.HIGH,
        score=score,
        source=source,
        validator=validator,
        needs=validator.needs if isinstance(validator, NamedBy) else "",
    )


_NINE = r"[0-9]{3}[ .\-]?[0-9]{3}[ .\-]?[0-9]{3}"
_ELEVEN = r"[0-9]{2}[ ]?[0-9]{3}[ ]?[0-9]{3}[ ]?[0-9]{3}"

PATTERNS = (
    _id("us_ssn", r"[0-9]{3}-[0-9]{2}-[0-9]{4}", alone(checks.us_ssn), "SSA, randomised since 2011", 0.85),
    _id(
        "us_ssn_undashed",
        r"[0-9]{3}[ ]?[0-9]{2}[ ]?[0-9]{4}",
        named_by("ssn|social.?security|soc.?sec", checks.us_ssn),
        "SSA, randomised since 2011",
        0.82,
    ),
    _id("us_itin", r"9[0-9]{2}-[0-9]{2}-[0-9]{4}", alone(checks.us_itin), "IRS publication 1915", 0.85),
    _id(
        "uk_nino",
        r"[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z][ ]?[0-9]{2}[ ]?[0-9]{2}[ ]?[0-9]{2}[ ]?[A-D]",
        alone(checks.uk_nino),
        "HMRC NIM39110",
    ),
    _id(
        "uk_nhs_number", r"[0-9]{3}[ \-]?[0-9]{3}[ \-]?[0-9]{4}", named_by("nhs", checks.uk_nhs), "NHS data dictionary"
    ),
    _id(
        "de_tax_id",
        _ELEVEN,
        named_by("steuer|identifikationsnummer|idnr|tin|tax", checks.de_tax_id),
        "Bundeszentralamt, ISO 7064 mod 11,10",
    ),
    _id(
        "fr_nir",
        r"[12][ ]?[0-9]{2}[ ]?[0-9]{2}[ ]?[0-9][0-9AB][ ]?[0-9]{3}[ ]?[0-9]{3}[ ]?[0-9]{2}",
        alone(checks.fr_nir),
        "INSEE, key 97",
        0.93,
    ),
    _id("es_dni", r"[0-9]{8}-?[A-HJ-NP-TV-Z]", alone(checks.es_dni), "Ministerio del Interior, mod 23"),
    _id("es_nie", r"[XYZ]-?[0-9]{7}-?[A-HJ-NP-TV-Z]", alone(checks.es_dni), "Ministerio del Interior, mod 23"),
    _id(
        "it_codice_fiscale",
        r"[A-Z]{6}[0-9LMNP-V]{2}[A-EHLMPRST][0-9LMNP-V]{2}[A-Z][0-9LMNP-V]{3}[A-Z]",
        alone(checks.it_codice_fiscale),
        "DM 345/1976",
        0.95,
    ),
    _id("nl_bsn", _NINE, named_by("bsn|burgerservice|sofi", checks.nl_bsn), "RvIG, eleven test"),
    _id(
        "be_national_number",
        r"[0-9]{2}\.[0-9]{2}\.[0-9]{2}-[0-9]{3}\.[0-9]{2}",
        alone(checks.be_national_number),
        "IBZ, mod 97",
        0.93,
    ),
    _id(
        "be_national_number_plain",
        r"[0-9]{6}[ \-]?[0-9]{3}[ .\-]?[0-9]{2}",
        named_by("rijksregister|national.?n|registre national|insz|niss|nn", checks.be_national_number),
        "IBZ, mod 97",
        0.92,
    ),
    _id("pl_pesel", r"[0-9]{11}", named_by("pesel", checks.pl_pesel), "MSWiA", 0.92),
    _id(
        "se_personnummer",
        r"(?:[0-9]{2})?[0-9]{6}[+\-]?[0-9]{4}",
        named_by("personnummer|personnr|pnr|samordningsnummer|swedish", checks.se_personnummer),
        "Skatteverket, Luhn",
        0.92,
    ),
    _id("fi_hetu", r"[0-9]{6}[-+A-FU-Y][0-9]{3}[0-9A-FHJ-NPR-Y]", alone(checks.fi_hetu), "DVV, mod 31", 0.92),
    _id("pt_nif", _NINE, named_by("nif|contribuinte", checks.pt_nif), "Autoridade Tributaria, mod 11"),
    _id("br_cpf", r"[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}", alone(checks.br_cpf), "Receita Federal, mod 11", 0.94),
    _id("br_cpf_plain", r"[0-9]{9}-?[0-9]{2}", named_by("cpf", checks.br_cpf), "Receita Federal, mod 11", 0.93),
    _id(
        "in_aadhaar",
        r"[2-9][0-9]{3}[ \-]?[0-9]{4}[ \-]?[0-9]{4}",
        named_by("aadhaar|aadhar|adhaar|uidai|uid", checks.in_aadhaar),
        "UIDAI, Verhoeff",
        0.92,
    ),
    _id("cn_resident_id", r"[1-8][0-9]{16}[0-9Xx]", alone(checks.cn_resident_id), "GB 11643-1999", 0.95),
    _id("ca_sin", _NINE, named_by("sin|social insurance|nas", checks.ca_sin), "ESDC, Luhn"),
    _id("au_tfn", _NINE + r"|[0-9]{8}", named_by("tfn|tax file", checks.au_tfn), "ATO, mod 11"),
    _id("ch_ahv", r"756[.]?[0-9]{4}[.]?[0-9]{4}[.]?[0-9]{2}", alone(checks.ch_ahv), "BSV, EAN-13", 0.93),
    _id(
        "no_fodselsnummer",
        r"[0-9]{6}[ ]?[0-9]{5}",
        named_by("f\u00f8dselsnummer|fodselsnummer|personnummer|fnr", checks.no_fodselsnummer),
        "Skatteetaten, mod 11 twice",
        0.93,
    ),
    _id("kr_rrn", r"[0-9]{6}-[1-8][0-9]{6}", alone(checks.kr_rrn), "Resident registration, mod 11", 0.85),
    _id(
        "us_driver_license",
        r"[A-Za-z]{0,2}[0-9]{5,14}[A-Za-z]?",
        named_by("driver'?s?.{0,2}licen[cs]e|driving licen[cs]e|dl (?:no|number|#)", checks.any_number),
        "word before it only; formats differ by state",
        0.6,
    ),
    _id(
        "passport_number",
        r"[A-Za-z]{0,2}[0-9]{6,9}",
        named_by("passport|reisepass|passeport|pasaporte|passaporto", checks.any_number),
        "word before it only; ICAO 9303 says nothing of the number",
        0.6,
    ),
)
