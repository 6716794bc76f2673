"""People: an unchanging snapshot of issuers, their keys and what was revoked, and the proof of who calls by token.

Whatever changes (a key rotates, somebody is revoked) makes a new snapshot, and with it an empty memory of proven
tokens: nothing that was believed under the old facts is believed under the new. Never asks anybody.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from hashlib import sha256

from stockade.core.errors import UnauthenticatedError
from stockade.core.limits import TOKENS_MAX
from stockade.core.principal import Principal
from stockade.guard.identity.issuer_keys import IssuerKeys
from stockade.guard.identity.issuers import Issuer
from stockade.guard.identity.revocations import Revocations
from stockade.guard.identity.tokens import Proof, SignIn, read_token, verify_identity, verify_token

NO_KEYS = IssuerKeys(())
"""Of an issuer that was not reached yet, or not for so long that its keys are no longer believed."""


class KeyWantedError(UnauthenticatedError):
    """The token names a key that this snapshot does not hold: the issuer may have made a new one."""

    def __init__(self, issuer: str) -> None:
        """Keep whose keys are wanted."""
        super().__init__(
            "The issuer of this token does not publish the key that signed it, or cannot be reached.",
            hint="Sign in again; if that does not help, an administrator looks for issuer_unreachable in the log.",
        )
        self.issuer = issuer


class People:
    """Who is believed at one moment. Used by one thread."""

    __slots__ = ("_issuers", "_keys", "_proven", "_revocations", "_tokens_max")

    def __init__(
        self,
        issuers: Iterable[Issuer] = (),
        keys: Mapping[str, IssuerKeys] | None = None,
        revocations: Revocations | None = None,
        tokens_max: int = TOKENS_MAX,
    ) -> None:
        """Take the facts over; `keys` by the issuer's url."""
        self._issuers = {issuer.url: issuer for issuer in issuers}
        self._keys = dict(keys or {})
        self._revocations = revocations or Revocations()
        self._proven: OrderedDict[bytes, tuple[Principal, float]] = OrderedDict()
        self._tokens_max = tokens_max

    def with_keys(self, issuer: str, keys: IssuerKeys) -> People:
        """Return a snapshot in which an issuer has these keys."""
        return People(self._issuers.values(), {**self._keys, issuer: keys}, self._revocations, self._tokens_max)

    def with_revocations(self, revocations: Revocations) -> People:
        """Return a snapshot in which these are revoked."""
        return People(self._issuers.values(), self._keys, revocations, self._tokens_max)

    def keys(self, issuer: str) -> IssuerKeys:
        """Return the keys that an issuer has here."""
        return self._keys.get(issuer, NO_KEYS)

    def issuer(self, url: str) -> Issuer:
        """Return a configured issuer. Fails: UnauthenticatedError."""
        issuer = self._issuers.get(url)
        if issuer is None:
            raise UnauthenticatedError(
                "This gate does not know the issuer of the token.",
                hint="`identity: issuers:` in stockade.yaml names those that it knows, as they write themselves.",
            )
        return issuer

    def recall(self, token: bytes, now_s: float) -> Principal | None:
        """Return whom this very token was proven to name, by the digest of all of it (never a part: CVE-2026-35030)."""
        digest = sha256(token).digest()
        known = self._proven.get(digest)
        if known is None:
            return None
        principal, until_s = known
        if now_s >= until_s:
            del self._proven[digest]
            return None
        self._proven.move_to_end(digest)
        return principal

    def prove(self, text: bytes, now_s: float, sign_in: SignIn | None = None) -> Proof:
        """Return what a token proves under the facts of this snapshot; with `sign_in`, what an ID token proves of it.

        Fails: KeyWantedError where another look at the issuer's keys may help, UnauthenticatedError otherwise.
        """
        token = read_token(text)
        issuer = self.issuer(token.issuer)
        if token.algorithm not in issuer.algorithms:
            raise UnauthenticatedError("The token is signed by an algorithm that this gate does not take.")
        key = self.keys(issuer.url).find(token.key_id, token.algorithm)
        if key is None:
            raise KeyWantedError(issuer.url)
        if sign_in is None:
            proof = verify_token(token, issuer, key, now_s)
        else:
            proof = verify_identity(token, issuer, key, sign_in, now_s)
        self.check(proof)
        return proof

    def check(self, proof: Proof) -> None:
        """Refuse what was revoked. Fails: UnauthenticatedError."""
        self.issuer(proof.issuer)
        if self._revocations.reached(proof.principal.id, proof.token, proof.issued_at_s):
            raise UnauthenticatedError(
                "This sign-in has been revoked.", hint="Ask an administrator, then sign in again."
            )

    def remember(self, token: bytes, principal: Principal, until_s: float) -> None:
        """Keep a proven token until a time; the least recently used goes when there are too many."""
        self._proven[sha256(token).digest()] = (principal, until_s)
        while len(self._proven) > self._tokens_max:
            self._proven.popitem(last=False)
