"""Dialects: how each provider's wire format maps to and from the neutral exchange."""
