"""A process that appends to a ledger as fast as it can and prints each number once it is acknowledged. To be killed."""

import asyncio
import itertools
import os
import sys
from pathlib import Path

from stockade.stores.ledger import Ledger


async def append(ledger: Ledger, numbers: "itertools.count[int]", name: str) -> None:
    while True:
        number = next(numbers)
        await ledger.append(f"{name}-{number}".encode() + b" " * (number % 700))
        os.write(1, b"%s-%d\n" % (name.encode(), number))


async def main() -> None:
    ledger = Ledger.open(Path(sys.argv[1]), file_bytes_max=200_000)
    numbers = itertools.count()
    await asyncio.gather(*(append(ledger, numbers, sys.argv[2]) for _ in range(16)))


asyncio.run(main())
