"""Anthropic Messages: the wire format of the Anthropic SDKs and of Claude Code."""

from stockade.guard.dialects.anthropic_messages.dialect import DIALECT as DIALECT
