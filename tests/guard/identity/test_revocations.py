import pytest

from stockade.guard.identity.revocations import Revocation, RevocationKind, Revocations, token_digest

ANNA = "p-" + "a" * 32


def test_the_latest_time_for_everybody_counts() -> None:
    both = Revocations([Revocation(RevocationKind.EVERYBODY, "", at, 0) for at in (20, 10)])
    assert both.reached(ANNA, "", 19)
    assert not both.reached(ANNA, "", 20)


def test_nobody_is_revoked_by_nothing() -> None:
    assert not Revocations().reached(ANNA, "", 0)
    assert not Revocations([Revocation(RevocationKind.TOKEN, "0" * 64, None, 0)]).reached(ANNA, "", 0)


@pytest.mark.parametrize(
    ("kind", "subject", "before_s"),
    [
        (RevocationKind.EVERYBODY, "", None),
        (RevocationKind.EVERYBODY, ANNA, 1),
        (RevocationKind.PERSON, "anna@example.com", None),
        (RevocationKind.PERSON, "", None),
        (RevocationKind.TOKEN, "one", None),
    ],
)
def test_what_names_nobody_is_refused(kind: RevocationKind, subject: str, before_s: int | None) -> None:
    with pytest.raises(ValueError, match=r"named by|up to a time"):
        Revocation(kind, subject, before_s, 0)


def test_a_token_is_named_by_its_issuer_too() -> None:
    assert token_digest("https://a.test", "1") != token_digest("https://b.test", "1")
