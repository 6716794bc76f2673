"""Identity: who calls, proven from what the request carries."""

from stockade.guard.identity.keyring import Keyring, authenticate
from stockade.guard.identity.keys import ENTROPY_BYTES, KeyRecord, NewKey, generate_key
from stockade.guard.identity.workspaces import Workspaces

__all__ = ["ENTROPY_BYTES", "KeyRecord", "Keyring", "NewKey", "Workspaces", "authenticate", "generate_key"]
