"""Reads the weights that ship into a classifier. Owns the names and the form of the files; opens none of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from stockade.guard.classifier import features
from stockade.guard.classifier.cascade import HEADS, Calibration, Cascade
from stockade.guard.classifier.encoder import Encoder
from stockade.guard.classifier.linear import LANES, Linear

SETTINGS, TABLE, MODEL, VOCABULARY = "classifier.json", "linear.bin", "encoder.onnx", "vocabulary.txt"
FILES = (SETTINGS, TABLE, MODEL, VOCABULARY)


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `classifier.json` holds; lists stand in the order of `heads`."""

    version: str
    features: int
    heads: tuple[str, ...]
    bits: int
    scale: tuple[float, ...]
    bias: tuple[float, ...]
    calibrations: tuple[Calibration, ...]


def load(files: Mapping[str, bytes]) -> Cascade:
    """Build the classifier from the bytes of its files, by name; without a model the first stage answers.

    Fails: ValueError when the files do not belong together or are not of this version of the code.
    """
    settings = msgspec.json.decode(files[SETTINGS], type=Settings)
    table = files[TABLE]
    if settings.features != features.VERSION or settings.heads != HEADS:
        raise ValueError(f"weights {settings.version} are of other features or heads than this code")
    if len(table) != LANES << settings.bits or len(settings.calibrations) != len(HEADS):
        raise ValueError(f"weights {settings.version}: {len(table)} bytes are no table of {settings.bits} bits")
    linear = Linear(np.frombuffer(table, dtype=np.int32), settings.bits, _lanes(settings.scale), _lanes(settings.bias))
    encoder = Encoder(files[MODEL], files[VOCABULARY]) if MODEL in files else None
    return Cascade(settings.version, linear, encoder, settings.calibrations)


def settings(value: Mapping[str, Any]) -> bytes:
    """Write `classifier.json` for training, checked against what is read."""
    return msgspec.json.format(msgspec.json.encode(msgspec.convert(value, Settings)), indent=2)


def _lanes(values: tuple[float, ...]) -> NDArray[np.float32]:
    if len(values) != LANES:
        raise ValueError(f"{len(values)} numbers where the table has {LANES} lanes")
    return np.array(values, dtype=np.float32)
