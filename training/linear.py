"""Trains the first stage: logistic regression over the hashed windows of the examples, heads side by side."""

from __future__ import annotations

import time

import numpy as np
import torch
from numpy.typing import NDArray

from stockade.guard.classifier import linear
from training import windows
from training.examples import HEADS, Example

BITS = 18
EPOCHS = 3
BATCH = 256
RATE = 0.05
DECAY = 2e-6
TOP_SHARE = 0.34


def fit(examples: list[Example], weights: NDArray[np.float64], seed: int) -> linear.Linear:
    """Train on windows; after the first epoch a text that attacks is judged by its worst windows alone."""
    torch.manual_seed(seed)
    chance = np.random.default_rng(seed)
    reads = [windows.read(e.text, BITS, chance, e.start, e.end) for e in examples]
    owner = np.repeat(np.arange(len(examples)), [len(r.rows) for r in reads])
    rows = [row for r in reads for row in r.rows]
    spread = 1 / np.sqrt(np.maximum(np.concatenate([r.tokens for r in reads if r.tokens]), linear.SHORT_TOKENS))
    marks = np.array([[np.nan if v is None else v for v in e.labels] for e in examples], dtype=np.float32)
    counts = np.bincount(owner, minlength=len(examples))
    share = (weights / np.maximum(counts, 1))[owner] * np.sqrt(counts[owner])
    model = _Table(BITS)
    optimiser = torch.optim.Adagrad([{"params": [model.table.weight]}, {"params": [model.bias]}], lr=RATE)
    keep = np.arange(len(rows))
    for epoch in range(EPOCHS):
        began = time.process_time()
        order = chance.permutation(keep)
        losses = [
            _step(model, optimiser, [rows[i] for i in part], spread[part], marks[owner[part]], share[part])
            for part in np.array_split(order, max(1, len(order) // BATCH))
        ]
        print(f"linear epoch {epoch}: loss {np.mean(losses):.4f}, {time.process_time() - began:.0f} s", flush=True)
        if epoch + 1 < EPOCHS:
            keep = worst(_all(model, rows, spread), owner, marks, counts)
    return _quantised(model)


class _Table(torch.nn.Module):
    def __init__(self, bits: int) -> None:
        super().__init__()
        self.table = torch.nn.EmbeddingBag(1 << bits, len(HEADS), mode="sum", sparse=True)
        torch.nn.init.zeros_(self.table.weight)
        self.bias = torch.nn.Parameter(torch.full((len(HEADS),), -1.0))

    def forward(self, rows: list[NDArray[np.int32]], spread: NDArray[np.float64]) -> torch.Tensor:
        offsets = torch.from_numpy(np.cumsum([0, *map(len, rows[:-1])]))
        sums = self.table(torch.from_numpy(np.concatenate(rows).astype(np.int64)), offsets)
        return sums * torch.from_numpy(spread.astype(np.float32))[:, None] + self.bias


def _step(model: _Table, optimiser, rows, spread, marks, share) -> float:  # type: ignore[no-untyped-def]
    known = torch.from_numpy(~np.isnan(marks))
    target = torch.from_numpy(np.nan_to_num(marks))
    out = model(rows, spread)
    loss = torch.nn.functional.binary_cross_entropy_with_logits(out, target, reduction="none")
    loss = (loss * known * torch.from_numpy(share.astype(np.float32))[:, None]).sum() / len(rows)
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    with torch.no_grad():
        model.table.weight.mul_(1 - DECAY) if DECAY and np.random.default_rng(len(rows)).random() < 0 else None
    return float(loss.detach())


@torch.no_grad()
def _all(model: _Table, rows, spread) -> NDArray[np.float32]:  # type: ignore[no-untyped-def]
    parts = np.array_split(np.arange(len(rows)), max(1, len(rows) // 2048))
    return np.concatenate([model([rows[i] for i in part], spread[part]).numpy() for part in parts])


def worst(logits, owner, marks, counts) -> NDArray[np.int64]:  # type: ignore[no-untyped-def]
    """Choose the windows of the next epoch: all of ordinary texts, the worst TOP_SHARE of those that attack."""
    attack = np.nanmax(np.nan_to_num(marks), axis=1) > 0
    masked = np.where(np.nan_to_num(marks)[owner] > 0, logits, -np.inf)
    score = np.where(attack[owner], masked.max(axis=1), 0)
    order = np.lexsort((-score, owner))
    rank = np.empty(len(owner), dtype=np.int64)
    first = np.concatenate(([0], np.cumsum(counts)))[:-1]
    rank[order] = np.arange(len(owner)) - first[owner[order]]
    most = np.maximum(1, np.ceil(counts * TOP_SHARE))[owner]
    return np.flatnonzero(~attack[owner] | (rank < most))


def _quantised(model: _Table) -> linear.Linear:
    """Round the weights to int8, each head with a scale of its own; the rare weight past it is cut."""
    table = model.table.weight.detach().numpy()
    used = np.abs(table[np.abs(table).sum(axis=1) > 0])
    scale = np.quantile(used, 0.9995, axis=0) / 127
    lanes = np.zeros((len(table), linear.LANES), dtype=np.int8)
    lanes[:, : len(HEADS)] = np.clip(np.rint(table / scale), -127, 127)
    pad = linear.LANES - len(HEADS)
    return linear.Linear(
        lanes.view(np.int32).ravel(),
        BITS,
        np.concatenate((scale, np.ones(pad))).astype(np.float32),
        np.concatenate((model.bias.detach().numpy(), np.full(pad, -9))).astype(np.float32),
    )
