from __future__ import annotations

import pytest

from stockade.core.errors import UnauthenticatedError
from stockade.guard.identity import KeyWantedError, People, Revocation, RevocationKind, Revocations, read_keys
from tests.guard.identity.forging import CLAIMS, ISSUER, NOW, URL, document, key, people, token


def proven(known: People, text: bytes) -> None:
    proof = known.prove(text, NOW)
    known.remember(text, proof.principal, proof.expires_at_s)


def test_what_was_proven_is_recalled_until_it_ends() -> None:
    known, text = people(), token()
    assert known.recall(text, NOW) is None
    proven(known, text)
    assert known.recall(text, NOW) == known.prove(text, NOW).principal
    assert known.recall(text, NOW + 659) is not None
    assert known.recall(text, NOW + 660) is None
    assert known.recall(text, NOW) is None, "what has ended is forgotten, also when the clock goes back"


def test_two_tokens_with_a_common_prefix_are_two_people() -> None:
    known = people()
    anna, ben = token(sub="anna"), token(sub="ben")
    common = next(at for at in range(len(anna)) if anna[at] != ben[at])
    assert common > 60
    proven(known, anna)
    assert known.recall(ben, NOW) is None
    assert known.recall(anna[:-1], NOW) is None
    assert known.prove(ben, NOW).principal != known.recall(anna, NOW)


def test_the_memory_is_bounded_and_keeps_what_was_used_last() -> None:
    known = people(tokens_max=2)
    first, second, third = (token(jti=name) for name in ("a", "b", "c"))
    proven(known, first)
    proven(known, second)
    assert known.recall(first, NOW) is not None
    proven(known, third)
    assert [known.recall(text, NOW) is not None for text in (first, second, third)] == [True, False, True]


def test_a_rotated_key_proves_nothing_any_more_not_even_what_was_proven() -> None:
    known, text = people(), token()
    proven(known, text)
    rotated = known.with_keys(URL, read_keys(document(key("RSA", "second"))))
    assert rotated.recall(text, NOW) is None
    with pytest.raises(KeyWantedError) as caught:
        rotated.prove(text, NOW)
    assert caught.value.issuer == URL


@pytest.mark.parametrize(
    ("revocation", "reached"),
    [
        (lambda person, token: Revocation(RevocationKind.PERSON, person, None, 0), True),
        (lambda person, token: Revocation(RevocationKind.PERSON, person, int(NOW), 0), True),
        (lambda person, token: Revocation(RevocationKind.PERSON, person, int(NOW) - 60, 0), False),
        (lambda person, token: Revocation(RevocationKind.PERSON, "p-" + "a" * 32, None, 0), False),
        (lambda person, token: Revocation(RevocationKind.TOKEN, token, None, 0), True),
        (lambda person, token: Revocation(RevocationKind.TOKEN, "0" * 64, None, 0), False),
        (lambda person, token: Revocation(RevocationKind.EVERYBODY, "", int(NOW), 0), True),
        (lambda person, token: Revocation(RevocationKind.EVERYBODY, "", int(NOW) - 60, 0), False),
    ],
)
def test_who_was_revoked_is_refused_at_once(revocation, reached: bool) -> None:  # type: ignore[no-untyped-def]
    known, text = people(), token()
    proven(known, text)
    proof = known.prove(text, NOW)
    after = known.with_revocations(Revocations([revocation(proof.principal.id, proof.token)]))
    assert after.recall(text, NOW) is None
    if reached:
        with pytest.raises(UnauthenticatedError, match="revoked"):
            after.prove(text, NOW)
    else:
        assert after.prove(text, NOW) == proof


def test_without_an_issuer_no_token_opens_anything() -> None:
    with pytest.raises(UnauthenticatedError, match="does not know the issuer"):
        People().prove(token(), NOW)


def test_a_token_of_one_issuer_is_not_signed_by_another() -> None:
    other = type(ISSUER)("https://other.example.com", frozenset({"stockade"}))
    both = People([ISSUER, other], {URL: read_keys(document(key())), other.url: read_keys(document(key("RSA", "x")))})
    assert both.prove(token(), NOW).issuer == URL
    with pytest.raises(UnauthenticatedError):
        both.prove(token(iss=other.url), NOW)
    assert CLAIMS["iss"] == URL
