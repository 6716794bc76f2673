"""Identity: who calls, proven from what the request carries, and where from."""

from stockade.guard.identity.issuer_keys import IssuerKeys, IssuerKeysError, read_keys
from stockade.guard.identity.issuers import ALGORITHMS, Issuer, TokenKind, person_id
from stockade.guard.identity.keyring import Keyring, credential_of
from stockade.guard.identity.keys import ENTROPY_BYTES, KeyRecord, NewKey, generate_key
from stockade.guard.identity.people import NO_KEYS, KeyWantedError, People
from stockade.guard.identity.revocations import Revocation, RevocationKind, Revocations, token_digest
from stockade.guard.identity.tokens import Proof, SignIn, is_token
from stockade.guard.identity.workspaces import Workspaces

__all__ = [
    "ALGORITHMS",
    "ENTROPY_BYTES",
    "NO_KEYS",
    "Issuer",
    "IssuerKeys",
    "IssuerKeysError",
    "KeyRecord",
    "KeyWantedError",
    "Keyring",
    "NewKey",
    "People",
    "Proof",
    "Revocation",
    "RevocationKind",
    "Revocations",
    "SignIn",
    "TokenKind",
    "Workspaces",
    "credential_of",
    "generate_key",
    "is_token",
    "person_id",
    "read_keys",
    "token_digest",
]
