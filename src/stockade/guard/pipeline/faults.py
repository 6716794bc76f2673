"""Faults: how an unexpected exception is named where an operator reads it, without a word of what it was about."""

from __future__ import annotations


def place(error: BaseException) -> str:
    """Return the exception's type and where it was raised, never its text (which may quote content)."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f" at {trace.tb_frame.f_code.co_qualname}:{trace.tb_lineno}" if trace is not None else ""
    return type(error).__name__ + where
