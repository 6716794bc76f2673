"""The gate of the property tests: all detectors, all dialects, the built-in policy, and no socket.

Its classifier goes by markers: what holds for every string of every shape is asked thousands of times.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from stockade.app import discover_dialects, routes
from stockade.guard import dialects
from stockade.guard.detectors.catalog import discover
from stockade.guard.detectors.detector import ComparingDetector
from stockade.guard.detectors.inspector import Inspector
from stockade.guard.pipeline.exchange import Gate
from stockade.guard.pipeline.models import ModelList
from stockade.guard.policy.engine import PolicyEngine
from stockade.guard.policy.rules import PolicySource
from stockade.stores.policy_files import load_policy
from stockade.testing.playbook import KEYRING, Playbook
from tests.guard.detectors.stand_in import StandIn

# Built from parts: a scanner of commits would take the whole for a live token.
SECRET = "ghp_" + "Zx81kQw92LmN4vB7tY6uR3eW5qA0sD2fG1hJ"
OTHER_SECRET = "xoxb-" + "2345678901-2345678901234-" + "q7ZkP2mVx9RtY4wBn8LsD3fH"


@cache
def inspector() -> Inspector:
    """Return the detectors, compiled once."""
    return Inspector(discover(), classifier=StandIn())


def gate(policy: str = "") -> Gate:
    """Return a gate under the built-in policy with `policy` added to it."""
    comparing = tuple(each for each in discover() if isinstance(each, ComparingDetector))
    vendors = frozenset({"anthropic", "openai"})
    return Gate(routes(), KEYRING, engine(policy), ModelList(["*"]), vendors, 32 * 2**20, comparing)


@cache
def engine(policy: str = "") -> PolicyEngine:
    """Return the built-in rules and `policy` beside them."""
    if not policy:
        return load_policy(())
    folder = Path(dialects.__file__).parents[2] / "policies"
    baseline = PolicySource("baseline.cedar", (folder / "baseline.cedar").read_text())
    return PolicyEngine.load([baseline, PolicySource("own.cedar", policy)], (folder / "schema.cedarschema").read_text())


def playbook(policy: str = "") -> Playbook:
    """Return a fresh playbook."""
    return Playbook(gate(policy), lambda segments, key, scope: inspector().inspect(segments, key, scope))


def samples(kind: str) -> list[tuple[str, str, Path]]:
    """Return (dialect, path of its first route, file) of every sample of a kind: requests, answers, streams."""
    found = []
    for dialect in discover_dialects():
        folder = Path(dialects.__file__).parent / dialect.name / "samples" / kind
        found.extend((dialect.name, dialect.routes[0].path, file) for file in sorted(folder.iterdir()))
    return found


def sample_ids(kind: str) -> list[str]:
    """Return readable ids of the samples."""
    return [f"{name}-{file.stem}" for name, _, file in samples(kind)]
