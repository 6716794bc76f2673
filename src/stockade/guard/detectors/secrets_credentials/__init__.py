"""Credentials: keys, tokens, passwords and private keys, by their published formats and by their context."""
