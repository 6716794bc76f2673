"""The weights of the classifier, read from the package and checked. Owns the check; knows nothing of what they mean.

Weights that are missing or are not those that were published are never used: a classifier that scores everything 0
looks like a quiet day. `digests.json` beside them says what was published; it ships with the code and is as trusted.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import msgspec

from stockade.core.errors import ConfigError
from stockade.guard.classifier.cascade import Cascade
from stockade.guard.classifier.weights import load

WEIGHTS = Path(__file__).parents[1] / "weights"
"""The folder of the weights that ship."""

DIGESTS = "digests.json"

_HINT = "Install Stockade again; it does not start without the classifier that it was published with."


def load_classifier(folder: Path = WEIGHTS) -> Cascade:
    """Return the classifier over the weights in `folder`.

    Fails: ConfigError naming the file, the digest that was expected and the one that was found.
    """
    try:
        return load(read_weights(folder))
    except (ValueError, KeyError) as error:
        raise ConfigError(f"The classifier's weights cannot be used: {error}", hint=_HINT) from error


def read_weights(folder: Path) -> dict[str, bytes]:
    """Return the bytes of every file that the digests name. Fails: ConfigError."""
    try:
        digests = msgspec.json.decode(_bytes(folder / DIGESTS), type=dict[str, str])
    except msgspec.DecodeError as error:
        raise ConfigError(f"The classifier's {DIGESTS} is damaged: {error}", hint=_HINT) from error
    files: dict[str, bytes] = {}
    for name, expected in sorted(digests.items()):
        if name != Path(name).name:
            raise ConfigError(f"The classifier's {DIGESTS} names {name!r}, which is no file beside it.", hint=_HINT)
        files[name] = _bytes(folder / name, expected)
        found = sha256(files[name]).hexdigest()
        if found != expected:
            raise ConfigError(
                f"The classifier's weights {name} were altered: expected sha256 {expected}, found {found}.", hint=_HINT
            )
    return files


def _bytes(path: Path, expected: str = "") -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        reason = (error.strerror or "it cannot be read").lower()
        wanted = f" (expected sha256 {expected})" if expected else ""
        raise ConfigError(f"The classifier's weights {path.name} are missing: {reason}{wanted}.", hint=_HINT) from error
