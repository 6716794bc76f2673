"""A vendor that echoes and a gate before it, started once for each module; each test begins with nothing received."""

from collections.abc import Iterator

import pytest

from stockade.config.schema import Guards, Limits
from stockade.testing.fake_vendor import FakeVendor
from stockade.testing.gate import RunningGate, settings_for

ROOMY = Limits(requests_burst=1_000_000, requests_per_minute=1_000_000)
PATIENT = Guards(inspect_timeout_s=300)
"""Bounds that no test reaches by accident, on however slow a machine."""


@pytest.fixture(scope="module")
def running_vendor() -> Iterator[FakeVendor]:
    with FakeVendor.start() as vendor:
        yield vendor


@pytest.fixture(scope="module")
def running_gate(running_vendor: FakeVendor, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGate]:
    folder = tmp_path_factory.mktemp("gate")
    with RunningGate.start(settings_for(running_vendor.base_url, folder, limits=ROOMY, guards=PATIENT)) as gate:
        yield gate


@pytest.fixture
def vendor(running_vendor: FakeVendor) -> FakeVendor:
    running_vendor.clear()
    return running_vendor


@pytest.fixture
def gate(running_gate: RunningGate, vendor: FakeVendor) -> RunningGate:
    return running_gate
