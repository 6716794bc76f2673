"""Tokens that an operator planted in a system prompt, coming back in an answer."""
