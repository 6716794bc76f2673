"""Write the held-out sources of ../shared/data in the form that `stockade bench detect` reads.

Which sources are held out is written in training/examples.py; training sees none of them. The file is for measuring
only and stays outside the repository: `./dev bench held_out --out FILE`, then `stockade bench detect --data FILE`.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
from collections import Counter
from pathlib import Path

from training.examples import HEADS, Example, shared

SHARED = Path("../shared/data")


def main() -> None:
    """Write the rows and print how many there are of each source."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="JSON lines, gzip")
    parser.add_argument("--shared", type=Path, default=SHARED, help="the folder of the labelled texts")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if options.out.resolve().is_relative_to(Path.cwd()):
        sys.exit("the texts are not ours to ship: name a file outside the repository")
    counts: Counter[tuple[str, int]] = Counter()
    with gzip.open(options.out, "wt", encoding="utf-8") as file:
        for example in shared(options.shared, options.seed):
            if not example.held_out:
                continue
            file.write(json.dumps(row(example)) + "\n")
            counts[example.source, example.attack] += 1
    for (source, attack), count in sorted(counts.items()):
        print(f"{count:6}  {'attacks' if attack else 'benign '}  {source}")


def row(example: Example) -> dict[str, object]:
    """Return one example as a row: what its label is about are the heads that it says something of."""
    label = example.attack
    spoken = [head for head, said in zip(HEADS, example.labels, strict=True) if said is not None and said == label]
    return {
        "text": example.text,
        "label": label,
        "head": "+".join(spoken),
        "source": example.source,
        "category": example.category,
        "channel": example.channel,
    }


if __name__ == "__main__":
    main()
