"""Trains the second stage: a BERT encoder with one logit a head, in bfloat16 where the processor multiplies it.

Owns the network, its start from the weights of all-MiniLM-L6-v2, and one pass over windows sorted into even batches.
Embeddings of words stay as they were: they hold what the heads must not forget of words that training never shows.

Source: J. Devlin et al., BERT, 2019; W. Wang et al., MiniLM, 2020.
"""

from __future__ import annotations

import math
import random
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from torch import nn

from training.examples import HEADS

WIDTH, INNER, ATTENTION_HEADS = 384, 1536, 12
BATCH = 32
WARM_SHARE = 0.08
SMOOTHING = 0.02
MASK, MASKED_SHARE = 103, 0.08
KEPT_STEPS = 200


class Item(NamedTuple):
    """One window to learn from: the ids of its pieces, a label by head (NaN where silent) and its weight."""

    ids: list[int]
    labels: tuple[float, float, float]
    weight: float


class Layer(nn.Module):
    """One layer of the encoder."""

    def __init__(self) -> None:
        super().__init__()
        self.qkv, self.out = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.up, self.down = nn.Linear(WIDTH, INNER), nn.Linear(INNER, WIDTH)
        self.norm1, self.norm2 = nn.LayerNorm(WIDTH, eps=1e-12), nn.LayerNorm(WIDTH, eps=1e-12)

    def forward(self, x: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        """Attend, then transform each piece."""
        batch, length, _ = x.shape
        qkv = self.qkv(x).view(batch, length, 3, ATTENTION_HEADS, WIDTH // ATTENTION_HEADS)
        query, key, value = qkv.permute(2, 0, 3, 1, 4)
        scores = torch.matmul(query, key.transpose(-1, -2)) * (WIDTH // ATTENTION_HEADS) ** -0.5 + bias
        mixed = torch.softmax(scores, -1) @ value
        x = self.norm1(x + self.out(mixed.transpose(1, 2).reshape(batch, length, WIDTH)))
        return self.norm2(x + self.down(nn.functional.gelu(self.up(x))))


class Network(nn.Module):
    """The encoder with its heads over the mean of all pieces and the first piece."""

    def __init__(self, vocabulary: int, layers: int) -> None:
        super().__init__()
        self.word, self.place = nn.Embedding(vocabulary, WIDTH), nn.Embedding(512, WIDTH)
        self.kind = nn.Parameter(torch.zeros(WIDTH))
        self.norm = nn.LayerNorm(WIDTH, eps=1e-12)
        self.layers = nn.ModuleList(Layer() for _ in range(layers))
        self.head = nn.Linear(2 * WIDTH, len(HEADS))

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Return a logit for each head; `mask` is 1 where a piece stands and 0 where a row is filled up."""
        x = self.norm(self.word(ids) + self.place.weight[: ids.shape[1]] + self.kind)
        bias = ((1 - mask) * -1e4)[:, None, None, :].to(x.dtype)
        for layer in self.layers:
            x = layer(x, bias.to(x.dtype))
        mean = (x * mask[:, :, None].to(x.dtype)).sum(1) / mask.sum(1, keepdim=True).to(x.dtype)
        return self.head(torch.cat([mean, x[:, 0]], dim=1))


def start(folder: Path, layers: int) -> Network:
    """Build the network with the weights of the published encoder in its lowest `layers` layers."""
    held = load_file(folder / "model.safetensors")
    network = Network(held["embeddings.word_embeddings.weight"].shape[0], layers)
    state = {
        "word.weight": held["embeddings.word_embeddings.weight"],
        "place.weight": held["embeddings.position_embeddings.weight"],
        "kind": held["embeddings.token_type_embeddings.weight"][0],
        "norm.weight": held["embeddings.LayerNorm.weight"],
        "norm.bias": held["embeddings.LayerNorm.bias"],
    }
    names = {
        "out": "attention.output.dense",
        "norm1": "attention.output.LayerNorm",
        "up": "intermediate.dense",
        "down": "output.dense",
        "norm2": "output.LayerNorm",
    }
    for i in range(layers):
        for kind in ("weight", "bias"):
            parts = [held[f"encoder.layer.{i}.attention.self.{name}.{kind}"] for name in ("query", "key", "value")]
            state[f"layers.{i}.qkv.{kind}"] = torch.cat(parts)
            for ours, theirs in names.items():
                state[f"layers.{i}.{ours}.{kind}"] = held[f"encoder.layer.{i}.{theirs}.{kind}"]
    missing = network.load_state_dict(state, strict=False).missing_keys
    assert set(missing) == {"head.weight", "head.bias"}, missing
    nn.init.normal_(network.head.weight, std=0.02)
    nn.init.constant_(network.head.bias, -0.5)
    return network


def fit(network: Network, items: list[Item], rate: float, seed: int, state: Path) -> None:
    """Train for one pass; the rate rises to `rate`, then falls as a cosine.

    Every KEPT_STEPS steps all that is needed to go on is kept in the file `state`: a pass that was broken off is taken
    up there when it is asked for again with the same items, rate and seed, and gives the same weights.
    """
    torch.manual_seed(seed)
    network.word.weight.requires_grad_(False)
    network.place.weight.requires_grad_(False)
    trained = [p for p in network.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in trained if p.ndim > 1], "weight_decay": 0.01},
        {"params": [p for p in trained if p.ndim == 1], "weight_decay": 0.0},
    ]
    optimiser = torch.optim.AdamW(groups, lr=rate, betas=(0.9, 0.98))
    batches = _batches(items, seed)
    first = _take_up(network, optimiser, state, len(batches))
    network.train()
    began, losses = time.monotonic(), []
    for step, batch in enumerate(batches[first:], first):
        done = step / len(batches)
        factor = min(1.0, done / WARM_SHARE) if done < WARM_SHARE else 0.5 * (1 + math.cos(math.pi * done))
        for group in optimiser.param_groups:
            group["lr"] = rate * max(factor, 0.02)
        losses.append(_step(network, optimiser, trained, _masked(batch, random.Random(f"{seed}:{step}"))))
        if step % 100 == 99:
            spent = time.monotonic() - began
            print(
                f"encoder: {step + 1} of {len(batches)}, loss {np.mean(losses[-100:]):.4f}, {spent:.0f} s", flush=True
            )
        if step % KEPT_STEPS == KEPT_STEPS - 1 or step + 1 == len(batches):
            kept = {"steps": len(batches), "next": step + 1, "network": network.state_dict()}
            torch.save(kept | {"optimiser": optimiser.state_dict()}, state)
    network.eval()


def _take_up(network: Network, optimiser: torch.optim.Optimizer, state: Path, steps: int) -> int:
    """Go back to where a pass of as many steps was broken off; give its next step, 0 where there is none."""
    if not state.exists():
        return 0
    kept = torch.load(state)
    if kept["steps"] != steps:
        return 0
    network.load_state_dict(kept["network"])
    optimiser.load_state_dict(kept["optimiser"])
    return int(kept["next"])


def _masked(batch: list[Item], rng: random.Random) -> list[Item]:
    """Hide some pieces of half of the windows: no single word may decide alone."""
    masked = []
    for item in batch:
        share = MASKED_SHARE if rng.random() < 0.5 else 0.0
        inner = [MASK if rng.random() < share else piece for piece in item.ids[1:-1]]
        masked.append(item._replace(ids=[item.ids[0], *inner, item.ids[-1]]))
    return masked


def _batches(items: list[Item], seed: int) -> list[list[Item]]:
    """Sort stretches of the shuffled items by length, so that batches need little filling up."""
    rng = random.Random(seed)
    order = items[:]
    rng.shuffle(order)
    batches = []
    for i in range(0, len(order), BATCH * 32):
        stretch = sorted(order[i : i + BATCH * 32], key=lambda item: len(item.ids))
        parts = [stretch[j : j + BATCH] for j in range(0, len(stretch), BATCH)]
        rng.shuffle(parts)
        batches += parts
    return batches


def _step(network: Network, optimiser: torch.optim.Optimizer, trained: list[nn.Parameter], batch: list[Item]) -> float:
    ids, mask = filled([item.ids for item in batch])
    labels = torch.tensor([item.labels for item in batch])
    known = ~torch.isnan(labels)
    target = torch.nan_to_num(labels) * (1 - 2 * SMOOTHING) + SMOOTHING
    weight = torch.tensor([item.weight for item in batch])[:, None] * known
    with torch.autocast("cpu", dtype=torch.bfloat16):
        out = network(ids, mask)
    losses = nn.functional.binary_cross_entropy_with_logits(out.float(), target, reduction="none")
    loss = (losses * weight).sum() / weight.sum().clamp(min=1)
    optimiser.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(trained, 1.0)
    optimiser.step()
    return float(loss.detach())


def filled(rows: list[list[int]]) -> tuple[torch.Tensor, torch.Tensor]:
    """Fill rows of ids up to one length; give the mask of what stands."""
    length = max(map(len, rows))
    ids = torch.zeros((len(rows), length), dtype=torch.long)
    mask = torch.zeros((len(rows), length))
    for i, row in enumerate(rows):
        ids[i, : len(row)] = torch.tensor(row)
        mask[i, : len(row)] = 1
    return ids, mask


@torch.no_grad()
def logits(network: Network, rows: list[list[int]]) -> NDArray[np.float32]:
    """Score rows of ids in float32, in the order given."""
    network.eval()
    order = sorted(range(len(rows)), key=lambda i: len(rows[i]))
    found = np.zeros((len(rows), len(HEADS)), dtype=np.float32)
    for i in range(0, len(order), 64):
        part = order[i : i + 64]
        with torch.autocast("cpu", dtype=torch.bfloat16):
            found[part] = network(*filled([rows[j] for j in part])).float().numpy()
    return found
