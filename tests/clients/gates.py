"""A gate between a real client and a scripted vendor, and what the tests ask of the two.

Owns the policies that the tests add and the values that must not leave, made up and in parts for scanners of commits.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stockade.config.schema import Limits
from stockade.testing.fake_vendor import FakeVendor
from stockade.testing.gate import RunningGate, settings_for
from stockade.testing.vendor.recording import Received
from stockade.testing.vendor.script import Rule, Script

CARD = "4111 1111 1111 1111"
TOKEN = "ghp_" + "Zx81kQw92LmN4vB7tY6uR3eW5qA0sD2fG1hJ"
VALUES = (
    TOKEN,
    "AKIA" + "Q3EGRZ5LZ7WMB2XC",
    "N0t-a-real-0ne",
    "maria.schmidt@firma-beispiel.de",
    CARD,
    "DE89 3704 0044 0532 0130 00",
)
SETTINGS = f"""\
GITHUB_TOKEN={VALUES[0]}
AWS_ACCESS_KEY_ID={VALUES[1]}
DATABASE_URL=postgres://app:{VALUES[2]}@db.internal.example.net:5432/shop
ADMIN_EMAIL={VALUES[3]}
TEST_CARD={VALUES[4]}
REFUND_IBAN={VALUES[5]}
"""
"""A file as it lies in many working folders."""

NO_CARDS = """\
@id("own-no-cards") @effect("deny") @reason("Our house rule: no card numbers here.")
forbid (principal, action == Stockade::Action::"{action}", resource)
when {{ context.rule == "payment_card" }};
"""
NO_CARDS_IN_PROMPTS = NO_CARDS.format(action="prompt")
NO_CARDS_IN_ANSWERS = NO_CARDS.format(action="complete")
NO_CARDS_IN_RESULTS = """\
@id("own-withheld") @effect("withhold") @reason("Our house rule: no card numbers from files.")
forbid (principal, action == Stockade::Action::"prompt", resource)
when { context.rule == "payment_card" && context.channel == "tool_result" };
"""
REASON = "Our house rule: no card numbers here."


@dataclass(frozen=True, slots=True)
class Between:
    """A running gate and the vendor behind it."""

    gate: RunningGate
    vendor: FakeVendor

    @property
    def asked(self) -> list[Received]:
        """Return the requests for an answer that reached the vendor, oldest first."""
        return [one for one in self.vendor.received if one.method == "POST" and not one.path.endswith("count_tokens")]

    @property
    def bodies(self) -> list[dict[str, Any]]:
        """Return their bodies."""
        return [body for one in self.asked if isinstance(body := one.json(), dict)]

    @property
    def leaked(self) -> list[int]:
        """Return which of `VALUES` the vendor received, in any request, header or encoding of JSON, by number."""
        everything = "\n".join(
            repr((one.path, one.query, one.headers)) + one.body.decode() for one in self.vendor.received
        )
        return [number for number, value in enumerate(VALUES) if value in everything]

    @property
    def statuses(self) -> list[int]:
        """Return how each exchange with a known caller ended, oldest first."""
        return [record["status"] for record in self.gate.records("outcome")]


@contextmanager
def between(folder: Path, rules: Sequence[Rule], policy: str = "", limits: Limits | None = None) -> Iterator[Between]:
    """Run a gate before a vendor that follows `rules`; `policy` is added to the built-in pack."""
    folder.mkdir()
    changes: dict[str, Any] = {"limits": limits} if limits else {}
    if policy:
        own = folder / "own.cedar"
        own.write_text(policy)
        changes["policy"] = ("baseline", str(own))
    with (
        FakeVendor.start(Script(tuple(rules))) as vendor,
        RunningGate.start(settings_for(vendor.base_url, folder / "state", **changes)) as gate,
    ):
        yield Between(gate, vendor)
