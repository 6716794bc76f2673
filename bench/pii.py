"""Measure the detector of personal data on labelled sentences: recall by type, and what it flags beside the labels.

Reads JSON lines, gzip, with `text` and `spans` of (type, start, end). A labelled span counts as found when findings
cover at least half of it. `--benign FOLDER` counts what is flagged in the source and documentation below a folder.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
from collections import Counter
from hashlib import sha256
from pathlib import Path

from stockade.core.segments import Channel, Kind, Segment
from stockade.guard.detectors.inspector import Inspector
from stockade.guard.detectors.pii_personal.detector import DETECTOR

LABELS = {
    "CREDIT_CARD": {"PAYMENT_CARD"},
    "DATE_TIME": {"DATE_OF_BIRTH"},
    "EMAIL_ADDRESS": {"EMAIL_ADDRESS"},
    "IBAN_CODE": {"IBAN"},
    "IP_ADDRESS": {"IP_ADDRESS"},
    "PHONE_NUMBER": {"PHONE_NUMBER"},
    "US_DRIVER_LICENSE": {"US_DRIVER_LICENSE"},
    "US_SSN": {"US_SSN", "US_SSN_UNDASHED", "US_ITIN"},
}
BENIGN_ENDINGS = {".py", ".md", ".rst", ".txt", ".json", ".toml", ".js", ".css", ".html"}
BENIGN_BYTES_MAX = 200_000


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="labelled sentences, JSON lines, gzip")
    parser.add_argument("--benign", type=Path, action="append", default=[], help="a folder of texts without people")
    parser.add_argument("--files", type=int, default=2000, help="most files read of all benign folders together")
    parser.add_argument("--show", action="store_true", help="print what was missed and what was flagged wrongly")
    options = parser.parse_args()
    inspector = Inspector([DETECTOR])
    if options.data:
        labelled(inspector, options.data, show=options.show)
    if options.benign:
        benign(inspector, options.benign, options.files, show=options.show)


def labelled(inspector: Inspector, data: Path, *, show: bool) -> None:
    """Print recall by type and the findings that touch no label of their type."""
    total: Counter[str] = Counter()
    found: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    rows = 0
    with gzip.open(data, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            rows += 1
            findings = seen(inspector, row["text"])
            for span in row["spans"]:
                labels = LABELS.get(span["type"])
                if labels is None:
                    continue
                total[span["type"]] += 1
                covered = sum(
                    max(0, min(end, span["end"]) - max(start, span["start"]))
                    for start, end, label, _ in findings
                    if label in labels
                )
                if covered * 2 >= span["end"] - span["start"]:
                    found[span["type"]] += 1
                elif show:
                    print("missed", span["type"], repr(row["text"][max(0, span["start"] - 40) : span["end"] + 10]))
            for start, end, label, rule in findings:
                kinds = {kind for kind, labels in LABELS.items() if label in labels}
                touched = [s for s in row["spans"] if s["start"] < end and start < s["end"]]
                if not any(span["type"] in kinds for span in touched):
                    wrong[rule] += 1
                    if show:
                        print("flagged", rule, repr(row["text"][max(0, start - 30) : end + 10]), touched[:1])
    print(f"\n{rows} sentences\n\n| type | spans | found | recall |\n|---|---|---|---|")
    for kind in sorted(total):
        print(f"| {kind} | {total[kind]} | {found[kind]} | {found[kind] / total[kind]:.2f} |")
    print("\n| rule | findings beside the labels |\n|---|---|")
    for rule, count in wrong.most_common():
        print(f"| {rule} | {count} |")


def benign(inspector: Inspector, folders: list[Path], most: int, *, show: bool) -> None:
    """Print how many findings each rule has in files without people."""
    counts: Counter[str] = Counter()
    files = chars = touched = 0
    paths = [path for folder in folders for path in folder.rglob("*") if path.suffix in BENIGN_ENDINGS]
    for path in sorted(paths, key=lambda path: sha256(path.name.encode()).digest()):  # a sample, the same each time
        if files >= most or path.stat().st_size > BENIGN_BYTES_MAX:
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        files, chars = files + 1, chars + len(text)
        findings = seen(inspector, text)
        touched += bool(findings)
        for start, end, _, rule in findings:
            counts[rule] += 1
            if show:
                print("flagged", rule, repr(text[max(0, start - 40) : end + 10]))
    print(f"\n{files} files, {chars} characters, {touched} files with a finding\n")
    print("| rule | findings | per million characters |")
    print("|---|---|---|")
    for rule, count in counts.most_common():
        print(f"| {rule} | {count} | {count * 1e6 / max(chars, 1):.1f} |")


def seen(inspector: Inspector, text: str) -> list[tuple[int, int, str, str]]:
    """Return (start, end, label, rule) of every finding in one text."""
    segment = Segment((), text, "user", Channel.USER, Kind.TEXT, 0)
    inspection = inspector.inspect([segment], b"bench")
    if not inspection.complete:
        sys.exit(f"a detector did not run: {[run.reason for run in inspection.runs]}")
    return [(each.start, each.end, each.label, each.rule) for each in inspection.findings]


if __name__ == "__main__":
    main()
