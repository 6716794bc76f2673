"""Passwords that people chose: told from labels, names and dummies by where they stand."""

import pytest

from stockade.guard.detectors.patterns import Seen
from stockade.guard.detectors.secrets_credentials.words import is_chosen, is_given


@pytest.mark.parametrize(
    ("before", "value", "after"),
    [
        ("JWT_SECRET=", "correcthorsebatterystaple", "\n"),
        ("PGPASSWORD=", "quietmeadow", " psql"),
        ("--password ", "Meadow!lark", " run"),
        ('password: "', "Winter25!", '"'),
        ('password = "', "my-own-example-is-Zebra7!", '"'),
        ("secret: ", "copper-lantern-walnut-harbor", "\n"),
        ('"password": "', "kJhGfDsAqWeRtY", '"'),
    ],
)
def test_a_chosen_password_is_one(before: str, value: str, after: str) -> None:
    assert is_chosen(Seen(before, value, after))


@pytest.mark.parametrize(
    ("before", "value", "after"),
    [
        ('password: "', "Password", '"'),
        ("--password ", "argument", " is"),
        ("password=", "user_password", ")"),
        ('"password": "', "required", '"'),
        ("SECRET_NAME=", "lemontree", "\n"),
        ("DB_PASSWORD=", "certificates", "\n"),
        ("password: ", "passwordSchema", ","),
        ("DB_PASSWORD=", "changeme-changeme", "\n"),
        ("PASSWORD=", "12345678", "\n"),
        ("password = ", "getpasswordof", "("),
        ('"passwordPolicy": "', "strongest!", '"'),
        ("password: ", "[REDACTED:PASSWORD_ASSIGNMENT]", "\n"),
    ],
)
def test_a_label_a_name_or_a_dummy_is_none(before: str, value: str, after: str) -> None:
    assert not is_chosen(Seen(before, value, after))


def test_a_place_for_a_secret_makes_a_word_one_but_no_variable() -> None:
    assert is_given(Seen("<password>", "lemontree", "</"))
    assert not is_given(Seen("<password>", "${env.PASS}", "</"))
    assert not is_given(Seen("<password>", "inherited", "</"))
