"""Refusals that stick to content, in memory: a client that asks again is told the same, and the vendor is not asked."""

from __future__ import annotations

from collections import OrderedDict

from stockade.guard.pipeline.commands import Block

BLOCKS_MAX = 10_000
"""Refusals kept, all tenants together; the oldest go first."""


class MemoryBlocks:
    """The refusals of one process. A change of policy begins with an empty one."""

    def __init__(self, blocks_max: int = BLOCKS_MAX) -> None:
        """Keep at most `blocks_max`."""
        self._blocks: OrderedDict[tuple[str, str], Block] = OrderedDict()
        self._blocks_max = blocks_max

    def seek(self, tenant: str, content: str) -> Block | None:
        """Return the refusal of this content."""
        return self._blocks.get((tenant, content))

    def stick(self, tenant: str, content: str, block: Block) -> None:
        """Keep a refusal."""
        self._blocks[(tenant, content)] = block
        self._blocks.move_to_end((tenant, content))
        if len(self._blocks) > self._blocks_max:
            self._blocks.popitem(last=False)

    def clear(self) -> None:
        """Forget all: what policy refused before it may allow now."""
        self._blocks.clear()
