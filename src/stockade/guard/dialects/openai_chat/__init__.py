"""OpenAI Chat Completions. Hands on `DIALECT`."""

from stockade.guard.dialects.openai_chat.dialect import ChatDialect

DIALECT = ChatDialect()

__all__ = ["DIALECT"]
