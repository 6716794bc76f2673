"""What the gate put in is not found again; what only looks a little like it is."""

import pytest

from stockade.guard.detectors.placeholders import is_placeholder

LABELS = frozenset({b"AWS_ACCESS_KEY_ID", b"GITHUB_TOKEN", b"PASSWORD_ASSIGNMENT"})


def judged(value: str, before: str = "key = ", after: str = " end") -> bool:
    return is_placeholder((before + value + after).encode(), len(before), len(before) + len(value), LABELS)


@pytest.mark.parametrize(
    "value",
    [
        "AWS_ACCESS_KEY_ID_abcdefgh23456777",
        "email-abcdefgh23456777@pseudonym.example",
        "KEY_AWS_ACCESS_KEY_ID_abcdefgh23456777",
        "GITHUB_TOKEN_abcdefgh23456777;",
    ],
)
def test_a_placeholder_is_known(value: str) -> None:
    assert judged(value)


@pytest.mark.parametrize(
    "value",
    [
        "abcdefgh23456777",
        "AWS_abcdefgh2345677",
        "email-abcdefgh23456777@corp.example",
        "PASSWORD_abcdefghijklmnop",
        "CLIENT_SECRET_abcdefgh23456777",
        "KEY_abcdefgh23456777-and-a-secret-beside-it",
    ],
)
def test_anything_else_is_not(value: str) -> None:
    assert not judged(value)


def test_a_part_of_a_placeholder_is_one() -> None:
    text = b"password: PASSWORD_ASSIGNMENT_abcdefgh23456777"
    assert is_placeholder(text, len(text) - 16, len(text), LABELS)
    assert is_placeholder(text, len(text) - 25, len(text) - 2, LABELS)
