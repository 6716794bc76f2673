"""Computation: pure work of a stage that may take long for a large body, handed to the driver when it is large.

Owns where the line is. A small body is worked on at once; a large one where it holds no other client up.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from functools import partial
from typing import Any

from stockade.core.limits import INLINE_BYTES_MAX
from stockade.guard.pipeline.commands import Command, Compute


def compute(size: int, work: Callable[..., Any], *arguments: Any) -> Generator[Command, Any, Any]:
    """Return `work(*arguments)`, which is about `size` bytes.

    Contract: `work` reads nothing that changes meanwhile and changes nothing but what it returns.
    """
    if size <= INLINE_BYTES_MAX:
        return work(*arguments)
    return (yield Compute(partial(work, *arguments)))
