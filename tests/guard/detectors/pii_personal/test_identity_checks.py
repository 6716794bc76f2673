"""Identity numbers: published specimens pass, and no single wrong digit does."""

import pytest

from stockade.guard.detectors.pii_personal import identity_checks as checks

# Specimens from the authorities' own descriptions and from encyclopaedias; none belongs to a person.
SPECIMENS = [
    (checks.uk_nhs, "9434765919"),
    (checks.de_tax_id, "36574261809"),
    (checks.fr_nir, "295109912611193"),
    (checks.es_dni, "54362315K"),
    (checks.es_dni, "X2482300W"),
    (checks.it_codice_fiscale, "RCCMNL83S18D969H"),
    (checks.nl_bsn, "111222333"),
    (checks.be_national_number, "85.07.30-033.28"),
    (checks.pl_pesel, "44051401359"),
    (checks.se_personnummer, "880320-0016"),
    (checks.fi_hetu, "131052-308T"),
    (checks.pt_nif, "501964843"),
    (checks.br_cpf, "390.533.447-05"),
    (checks.in_aadhaar, "234123412346"),
    (checks.cn_resident_id, "11010519491231002X"),
    (checks.ca_sin, "123-456-782"),
    (checks.au_tfn, "123456782"),
    (checks.ch_ahv, "7569217076985"),
    (checks.no_fodselsnummer, "15108695088"),
    (checks.kr_rrn, "800101-1234560"),
]


@pytest.mark.parametrize(("check", "number"), SPECIMENS)
def test_a_specimen_passes(check, number: str) -> None:
    assert check(number)


@pytest.mark.parametrize(("check", "number"), SPECIMENS)
def test_a_wrong_last_sign_does_not_pass(check, number: str) -> None:
    others = "0123456789" if number[-1].isdigit() else "ABCDEFGHJKLMNPQRSTUVWXY"
    passing = [sign for sign in others if sign != number[-1] and check(number[:-1] + sign)]
    assert passing == []


@pytest.mark.parametrize(
    ("number", "issued"),
    [
        ("536-90-4399", True),
        ("000-12-3456", False),
        ("666-12-3456", False),
        ("912-12-3456", False),
        ("123-00-4567", False),
        ("123-45-0000", False),
        ("078-05-1120", False),
    ],
)
def test_a_social_security_number_follows_its_rules(number: str, issued: bool) -> None:
    assert checks.us_ssn(number) is issued


def test_french_numbers_of_corsica_are_read() -> None:
    key = 97 - int("1850619004005"[:13]) % 97
    assert checks.fr_nir(f"185062A004005{key:02d}")
