"""What every test stands on: no keys or proxies of the person at the keyboard; properties are never timed."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

# A deadline would make a property fail by the load of the machine. In CI the failing example is printed as a blob.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("house"), print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "house")

FOREIGN_VARIABLES = (
    "ALL_PROXY",
    "ANTHROPIC_API_KEY",
    "ANTHROPIC_AUTH_TOKEN",
    "ANTHROPIC_BASE_URL",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "OPENAI_API_KEY",
    "OPENAI_BASE_URL",
    "OPENAI_ORG_ID",
)


@pytest.fixture(autouse=True, scope="session")
def clean_environment() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        for name in FOREIGN_VARIABLES:
            monkeypatch.delenv(name, raising=False)
            monkeypatch.delenv(name.lower(), raising=False)
        yield
