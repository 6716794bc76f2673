"""Scanning: the guard over texts and files that nobody is sending yet."""

from stockade.govern.scan.scanner import Scanner, ScanResult, Text
from stockade.govern.scan.selection import Selection

__all__ = ["ScanResult", "Scanner", "Selection", "Text"]
