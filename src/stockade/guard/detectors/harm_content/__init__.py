"""Texts that ask for harm, or do it."""
