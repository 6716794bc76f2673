"""Selection: which findings a scan is about. Owns the test of one finding; refuses a name that no detector knows.

A rule is named `detector/rule` (`secrets.credentials/aws_access_key_id`), with `*` and `?`; a name without a slash is
the rule's own, in whatever detector.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from stockade.core.errors import ConfigError
from stockade.core.findings import Finding, Severity
from stockade.guard.detectors.detector import Detector, PatternDetector


def rule_names(detectors: Iterable[Detector]) -> tuple[str, ...]:
    """Return `detector/rule` of every rule, sorted."""
    names: set[str] = set()
    for detector in detectors:
        rules = (
            tuple(pattern.rule for pattern in detector.patterns)
            if isinstance(detector, PatternDetector)
            else detector.rules
        )
        names.update(f"{detector.id}/{rule}" for rule in rules)
    return tuple(sorted(names))


@dataclass(frozen=True, slots=True)
class Selection:
    """Findings of at least `min_severity`, of `rules` (empty: all), and not of `excluded`."""

    min_severity: Severity = Severity.LOW
    rules: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()

    def check(self, known: Sequence[str]) -> None:
        """Fail when a pattern names no known rule: a typing error must not make a text look clean.

        Fails: ConfigError.
        """
        for pattern in (*self.rules, *self.excluded):
            if not any(_named(pattern, name) for name in known):
                raise ConfigError(
                    f"No rule is named {pattern}.",
                    hint="Rules are named detector/rule, with * for anything: secrets.credentials/*.",
                )

    def keeps(self, finding: Finding) -> bool:
        """Say whether a finding belongs to the scan."""
        if finding.severity < self.min_severity:
            return False
        if not self.rules and not self.excluded:
            return True
        name = f"{finding.detector}/{finding.rule}"
        if self.rules and not any(_named(pattern, name) for pattern in self.rules):
            return False
        return not any(_named(pattern, name) for pattern in self.excluded)


def _named(pattern: str, name: str) -> bool:
    return fnmatchcase(name if "/" in pattern else name.partition("/")[2], pattern)
