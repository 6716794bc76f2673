"""Recordings: what of an exchange is kept so that it can be played again, and its one encoding."""
