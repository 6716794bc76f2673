"""Detectors: pure functions from text to findings, one folder a family."""
