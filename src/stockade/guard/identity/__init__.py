"""Identity: who calls, proven from what the request carries."""

from stockade.guard.identity.keyring import Keyring, authenticate
from stockade.guard.identity.keys import ENTROPY_BYTES, KeyRecord, NewKey, generate_key

__all__ = ["ENTROPY_BYTES", "KeyRecord", "Keyring", "NewKey", "authenticate", "generate_key"]
