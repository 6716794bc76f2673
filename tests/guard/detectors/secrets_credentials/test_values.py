"""What is a credential and what only stands where one could."""

import pytest

from stockade.guard.detectors.patterns import Seen
from stockade.guard.detectors.secrets_credentials.values import (
    entropy,
    is_assigned,
    is_basic,
    is_jwt,
    is_password,
    not_dummy,
)


def quoted(value: str) -> Seen:
    return Seen('password = "', value, '"')


def bare(value: str, after: str = "\n") -> Seen:
    return Seen("PASSWORD=", value, after)


def test_entropy_is_that_of_shannon() -> None:
    assert entropy("") == entropy("aaaa") == 0
    assert entropy("abab") == 1
    assert entropy("abcdefgh") == 3


@pytest.mark.parametrize(
    "value", ["hunter2hunter2", "Tr0ub4dor&3", "s3cr3tpass", "Winter2025!", "a8f5f167f44f4964e6c998dee827110c"]
)
def test_a_password_is_one_quoted_and_bare(value: str) -> None:
    assert is_assigned(quoted(value))
    assert is_assigned(bare(value))


@pytest.mark.parametrize(
    "value",
    [
        "changeme123",
        "${DB_PASSWORD_1}",
        "your-password-1",
        "xxxxxxxx1",
        "3f0c2a9e-7b14-4c8d-9e2f-5a6b7c8d9e0f",
        "20481024",
        "password",
        "config.password2",
        "APP_PASSWORD_2",
        "https://corp.example/1",
        "projects/p1/secrets/s2",
        "os.environ['X1']",
    ],
)
def test_a_dummy_a_name_or_code_is_none(value: str) -> None:
    assert not is_assigned(quoted(value))


def test_what_follows_tells_code_from_a_value() -> None:
    assert not is_assigned(bare("get_token2", "("))
    assert not is_assigned(bare("tokens9Ab", "["))


@pytest.mark.parametrize("name", ["sha256 = ", '"integrity": ', '"nextPageToken": ', "'AWS::IAM::AccessKey': "])
def test_the_name_before_may_say_that_it_is_none(name: str) -> None:
    assert is_assigned(Seen('x: "', "48205d4ffd7feba3", '"'))
    assert not is_assigned(Seen(f'{name}"', "48205d4ffd7feba3", '"'))


def test_the_password_of_a_url_may_be_words_but_no_variable() -> None:
    assert is_password(Seen("", "quietmeadow", "@"))
    assert not is_password(Seen("", "${PGPASSWORD}", "@"))
    assert not is_password(Seen("", "password", "@"))


def test_a_token_of_examples_is_a_dummy() -> None:
    assert not not_dummy(Seen("", "AKIA" + "IOSFODNN7EXAMPLE", ""))
    assert not not_dummy(Seen("", "ghp_" + "x" * 36, ""))
    assert not_dummy(Seen("", "ghp_" + "a1B2c3D4e5F6" * 3, ""))


def test_a_jwt_has_a_header_that_says_so() -> None:
    assert is_jwt(Seen("", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", ""))
    assert not is_jwt(Seen("", "eyJub3QiOiJvbmUifQ.eyJzdWIiOiIxIn0.c2ln", ""))
    assert not is_jwt(Seen("", "eyJhbG.eyJzdWIiOiIxIn0.c2ln", ""))


def test_basic_credentials_hold_a_colon() -> None:
    assert is_basic(Seen("", "b3BzOmExQjJjM0Q0", ""))
    assert not is_basic(Seen("", "b3BzYTFCMmMzRDQ=", ""))
    assert not is_basic(Seen("", "not base64", ""))
