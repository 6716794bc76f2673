"""Writes the weights that ship: the files, their digests and nothing else. Owns the folder src/stockade/weights."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from stockade.guard.classifier import features, linear, weights
from stockade.guard.classifier.cascade import HEADS, Calibration

FOLDER = Path(__file__).resolve().parents[1] / "src" / "stockade" / "weights"
DIGESTS = "digests.json"


def files(
    first: linear.Linear,
    calibrations: Sequence[Calibration],
    encoder: bytes | None = None,
    vocabulary: bytes | None = None,
) -> dict[str, bytes]:
    """Give the files by name; the version is a digest of all that decides a score."""
    table = first.table.tobytes()
    values = {
        "features": features.VERSION,
        "heads": HEADS,
        "bits": first.bits,
        "scale": first.scale.tolist(),
        "bias": first.bias.tolist(),
        "calibrations": [list(c) for c in calibrations],
    }
    parts = [table, encoder or b"", vocabulary or b"", json.dumps(values).encode()]
    version = hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()[:12]
    held = {weights.TABLE: table, weights.SETTINGS: weights.settings({"version": version, **values})}
    if encoder is not None and vocabulary is not None:
        held |= {weights.MODEL: encoder, weights.VOCABULARY: vocabulary}
    return held


def write(held: Mapping[str, bytes], folder: Path = FOLDER) -> None:
    """Write the files and their digests, and remove what an earlier run left beside them."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.iterdir():
        if path.name not in held and path.suffix != ".md":
            path.unlink()
    for name, content in held.items():
        (folder / name).write_bytes(content)
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in sorted(held.items())}
    (folder / DIGESTS).write_text(json.dumps(digests, indent=2) + "\n", encoding="utf-8")
