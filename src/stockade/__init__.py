"""Stockade: a guarding gate between people, applications and agents on one side and frontier models on the other."""

__version__ = "0.1.0"
