"""What must not leave in the tests of the clients, and how to look for it. Credentials are built from parts."""

from __future__ import annotations

from stockade.testing.fake_vendor import FakeVendor
from stockade.testing.gate import Gate

GITHUB = "ghp_" + "Zx81kQw92LmN4vB7tY6uR3eW5qA0sD2fG1hJ"
SLACK = "xoxb-" + "2345678901-2345678901234-" + "q7ZkP2mVx9RtY4wBn8LsD3fH"
PASSWORD = "h7Rk2pQz" + "9wLm"
DATABASE = f"postgresql://app:{PASSWORD}@db.internal:5432/orders"
MAIL = "ines.garcia@corp-mail.com"
IBAN = "DE89370400440532013000"
PHONE = "+4915112345678"

PRIVATE = (GITHUB, SLACK, PASSWORD, MAIL, IBAN, PHONE)
"""Every value of these tests that only the client may see."""


def wire(vendor: FakeVendor) -> str:
    """Return everything that the vendor received."""
    return "\n".join(f"{one.path}?{one.query}\n{one.headers}\n{one.body.decode()}" for one in vendor.received)


def assert_private(vendor: FakeVendor, gate: Gate) -> None:
    """Assert that neither the vendor nor log nor ledger holds a private value, and that the vendor was asked."""
    assert vendor.received, "the vendor was not asked at all"
    places = {"vendor": wire(vendor), "log": gate.log, "ledger": repr(gate.records())}
    assert [(name, value[:4]) for name, text in places.items() for value in PRIVATE if value in text] == []
