"""Write rows of the project's own generators and of installed, permissively licensed text as JSON lines.

    python -m training.data --out FILE --split train|heldout --limit N --seed S

Owns the command line alone. The file is for training and stays outside the repository; a name that ends in .gz is
compressed, the same bytes each time.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
from pathlib import Path

from training.data.mixture import rows, summary
from training.data.rows import SPLITS

ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    """Write the file and print what each source gave."""
    parser = argparse.ArgumentParser(prog="python -m training.data", description=__doc__)
    parser.add_argument(
        "--out", type=Path, required=True, help="a JSON lines file outside the repository; may end in .gz"
    )
    parser.add_argument("--split", choices=SPLITS, required=True)
    parser.add_argument("--limit", type=int, help="about how many rows (default: 30000 train, 6000 held out)")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    out: Path = options.out.resolve()
    if out.is_relative_to(ROOT):
        parser.error("--out lies in the repository; rows are not kept there")
    limit = options.limit or {"train": 30_000, "heldout": 6_000}[options.split]
    made = rows(options.split, limit, options.seed)
    lines = "".join(json.dumps(row.json(), ensure_ascii=False) + "\n" for row in made)
    data = lines.encode("utf-8", errors="replace")
    out.write_bytes(gzip.compress(data, mtime=0) if out.suffix == ".gz" else data)
    print(summary(made))
    print(f"{len(made)} rows", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
