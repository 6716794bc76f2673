"""OpenAI Responses. Hands on `DIALECT`."""

from stockade.guard.dialects.openai_responses.dialect import ResponsesDialect

DIALECT = ResponsesDialect()

__all__ = ["DIALECT"]
