"""The catalogue: finds the detectors that lie beside this file. Owns discovery; holds no list of names.

A new folder is in the catalogue by being there. Modules are imported by name only; nothing else is read.
"""

from __future__ import annotations

import importlib
import pkgutil

from stockade.guard import detectors
from stockade.guard.detectors.detector import ComparingDetector, Detector, PatternDetector, ScoreDetector, TextDetector

_KINDS = (ComparingDetector, PatternDetector, ScoreDetector, TextDetector)


def discover() -> tuple[Detector, ...]:
    """Return every detector, in order of its id.

    Fails: TypeError for a folder whose `DETECTOR` is no detector or whose id does not fit the folder's name.
    """
    found: dict[str, Detector] = {}
    for module in pkgutil.iter_modules(detectors.__path__):
        if not module.ispkg:
            continue
        detector = importlib.import_module(f"{detectors.__name__}.{module.name}.detector").DETECTOR
        if not isinstance(detector, _KINDS):
            raise TypeError(f"{module.name}: DETECTOR is none of {', '.join(kind.__name__ for kind in _KINDS)}")
        if detector.id.replace(".", "_") != module.name:
            raise TypeError(f"{module.name}: its detector calls itself {detector.id}")
        found[detector.id] = detector
    return tuple(found[name] for name in sorted(found))
