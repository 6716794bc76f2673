"""Transforms: what becomes of found text: masks, tokens and their way back."""
