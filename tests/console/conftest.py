from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from stockade.core.principal import Principal
from tests.console.desk import Desk


@pytest.fixture
def open_desk(tmp_path: Path) -> Iterator[Callable[..., Desk]]:
    """Make control planes that are closed after the test."""
    opened: list[Desk] = []

    def make(principal: Principal | BaseException, **control: Any) -> Desk:
        opened.append(Desk(tmp_path, principal, **control))
        return opened[-1]

    yield make
    for desk in opened:
        desk.close()
