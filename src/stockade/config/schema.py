"""The one schema of `stockade.yaml`: each key with its unit, its default and its reason.

Owns what may be written and what it means when it is not. Reads no file and no environment (`config/reader.py` does).
The reference page is generated from here, so a key without a reason fails a test.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from stockade.config.identity import Control, Identity
from stockade.config.keys import (
    Complaint,
    Key,
    address_complaint,
    base_url_complaint,
    glob_complaint,
    name_complaint,
    variable_complaint,
)
from stockade.config.limiting import Budget, Estimates, Redis
from stockade.core.limits import BODY_BYTES_MAX, PLACEHOLDERS_MAX, RECORDING_BYTES_MAX
from stockade.core.principal import DataClass, Environment

_CANARY = re.compile(r"[!-~]{8,128}")
_LISTED_HOST = re.compile(r"(?:\*\.)?[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*")


def _host_complaint(text: str) -> str:
    if _LISTED_HOST.fullmatch(text):
        return ""
    return (
        "must be a host name in small letters without scheme, port or path, such as docs.example.com or *.example.com"
    )


def _canary_complaint(text: str) -> str:
    return "" if _CANARY.fullmatch(text) else "must be 8 to 128 visible ASCII characters without a space"


def _database_complaint(text: str) -> str:
    if text.startswith(("sqlite:///", "postgresql+psycopg://", "postgresql://")):
        return ""
    return "must be a SQLAlchemy URL that starts with sqlite:/// or postgresql://"


def _environment_complaint(text: str) -> str:
    return "" if text in set(Environment) else "must be one of " + ", ".join(sorted(Environment))


def _data_class_complaint(text: str) -> str:
    return "" if text in set(DataClass) else "must be one of " + ", ".join(sorted(DataClass))


@dataclass(frozen=True, slots=True)
class Upstream:
    """One vendor: where it is, whose key is used there, and how long the gate waits."""

    base_url: Annotated[
        str,
        Key("URL", "Vendors are named by configuration only, never by a request.", check=base_url_complaint),
    ]
    key_env: Annotated[
        str | None,
        Key("variable name", "The vendor's key stays out of the file, which is kept in git.", check=variable_complaint),
    ] = None
    key_file: Annotated[
        Path | None,
        Key("path", "For secrets that an orchestrator mounts as files. Give this or key_env, not both."),
    ] = None
    allow_private: Annotated[
        bool,
        Key("true or false", "Loopback and private addresses are refused, so that a name cannot lead inside; a model"
            " of your own needs true. Plain http is possible only then."),
    ] = False  # fmt: skip
    connect_timeout_s: Annotated[
        float, Key("seconds", "A vendor that cannot be reached is told at once.", low=0.1, high=120)
    ] = 10.0
    first_byte_timeout_s: Annotated[
        float, Key("seconds", "A long prompt is silent for minutes before its first token.", low=1, high=3600)
    ] = 600.0
    idle_timeout_s: Annotated[
        float, Key("seconds", "A stream that stopped is ended, so that it does not hold its place.", low=1, high=3600)
    ] = 300.0

    def complaint(self) -> Complaint | None:
        """Say what is wrong with the keys together."""
        parts = urlsplit(self.base_url)
        if parts.scheme == "http" and not self.allow_private:
            return Complaint(
                "base_url",
                "plain http carries the key in the clear; use https, or allow_private: true for a model of your own",
            )
        if parts.scheme == "http" and _is_public_address(parts.hostname or ""):
            return Complaint("base_url", "plain http to a public address carries the key in the clear; use https")
        if self.key_env is not None and self.key_file is not None:
            return Complaint("key_file", "give key_env or key_file, not both")
        if self.key_env is None and self.key_file is None and not self.allow_private:
            return Complaint("base_url", "needs key_env or key_file: the gate, not its callers, holds the vendor's key")
        return None


def _is_public_address(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class Upstreams:
    """The vendors, by the wire format that they speak."""

    anthropic: Annotated[Upstream | None, Key("section", "Serves the Anthropic Messages routes.")] = None
    openai: Annotated[Upstream | None, Key("section", "Serves Chat Completions and Responses.")] = None


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request and one key may take."""

    body_bytes_max: Annotated[
        int, Key("bytes", "Largest request body; the vendors accept 32 MB.", low=1024, high=256 * 1024 * 1024)
    ] = BODY_BYTES_MAX
    requests_per_minute: Annotated[
        int, Key("requests a minute and key", "One runaway loop must not use up everybody's vendor quota.",
                 low=1, high=1_000_000)
    ] = 600  # fmt: skip
    requests_burst: Annotated[
        int, Key("requests and key", "Agents start with a burst of calls; so many may come at once after a pause.",
                 low=1, high=1_000_000)
    ] = 100  # fmt: skip
    concurrent_requests: Annotated[
        int, Key("requests and key", "Streams are long; so many of one key may be open at the same time.",
                 low=1, high=100_000)
    ] = 64  # fmt: skip
    concurrent_requests_global: Annotated[
        int, Key("requests", "Bounds the memory of the gate: so many requests may be open in all.", low=1, high=100_000)
    ] = 1024  # fmt: skip


@dataclass(frozen=True, slots=True)
class Guards:
    """How the guards run, and which."""

    classifier: Annotated[
        bool,
        Key(
            "true or false",
            "Injection, jailbreak and harm are judged by a model, which costs CPU; off, nobody looks for them.",
        ),
    ] = True
    inspect_timeout_s: Annotated[
        float, Key("seconds", "A guard that does not end is a failed guard: the request is denied.", low=0.05, high=300)
    ] = 10.0


@dataclass(frozen=True, slots=True)
class Exfiltration:
    """Where an answer may point."""

    hosts: Annotated[
        tuple[str, ...],
        Key("host names (*.name for all below)",
            "Images and links of an answer, and addresses a tool fetches, lead to these hosts alone. None listed: an"
            " address is judged by the data that it carries.", check=_host_complaint),
    ] = ()  # fmt: skip


@dataclass(frozen=True, slots=True)
class PromptLeak:
    """What of a request may not come back in its answer, beside its system prompt."""

    canaries: Annotated[
        tuple[str, ...],
        Key("tokens of 8 to 128 visible ASCII characters",
            "You write a token into a system prompt; an answer that holds it proves a leak. The gate plants none.",
            check=_canary_complaint),
    ] = ()  # fmt: skip
    tools: Annotated[
        tuple[str, ...],
        Key("patterns (* and ?)", "Definitions of tools with such a name are as secret as the system prompt.",
            check=glob_complaint),
    ] = ()  # fmt: skip


@dataclass(frozen=True, slots=True)
class Workspace:
    """A named development context that policy can speak of."""

    name: Annotated[str, Key("name", "Policy, records and keys name the workspace so.", check=name_complaint)]
    repositories: Annotated[
        tuple[str, ...],
        Key("patterns (* and ?)",
            "A client that tells the address of its repository, such as github.com/acme/payments, is put here.",
            check=glob_complaint),
    ] = ()  # fmt: skip
    environment: Annotated[
        str,
        Key("development, test, staging, production or unknown", "What runs on what is developed here.",
            check=_environment_complaint),
    ] = "unknown"  # fmt: skip
    sensitivity: Annotated[
        int, Key("1 low to 4 critical, 0 unknown", "How much harm a hole in this code would do.", low=0, high=4)
    ] = 0
    data_class: Annotated[
        str,
        Key("public, internal, confidential, restricted or unknown", "The most confidential data that stands here.",
            check=_data_class_complaint),
    ] = "unknown"  # fmt: skip

    def complaint(self) -> Complaint | None:
        """Say what is wrong with the keys together."""
        return Complaint("name", '"none" stands for no workspace; choose another name') if self.name == "none" else None


@dataclass(frozen=True, slots=True)
class Placeholders:
    """The map from a stand-in back to its value."""

    entries_max: Annotated[
        int, Key("entries a tenant", "Bounds the encrypted map on disk; the least recently used go first.",
                 low=1, high=100_000_000)
    ] = PLACEHOLDERS_MAX  # fmt: skip


@dataclass(frozen=True, slots=True)
class Recording:
    """Whose exchanges are kept whole, encrypted, so that a new policy can be tried on them."""

    tenants: Annotated[
        tuple[str, ...],
        Key("tenants", "Recordings hold what people wrote, so nobody is recorded who is not named here.",
            check=name_complaint),
    ] = ()  # fmt: skip
    retention_days: Annotated[
        int, Key("days after their own", "Older recordings are erased by destroying their key.", low=0, high=3650)
    ] = 30
    exchange_bytes_max: Annotated[
        int, Key("bytes of request and answer", "A larger exchange is counted, not recorded: never half of one.",
                 low=1024, high=256 * 1024 * 1024)
    ] = RECORDING_BYTES_MAX  # fmt: skip
    day_bytes_max: Annotated[
        int, Key("bytes on disk a tenant and day", "Recordings must not take the disk that the ledger needs.",
                 low=64 * 1024, high=1024**4)
    ] = 8 * 1024**3  # fmt: skip
    required: Annotated[
        bool,
        Key("true or false", "Recording is no guard: what cannot be kept is counted, and traffic goes on. With true a"
            " request of these tenants is denied unless it was recorded before."),
    ] = False  # fmt: skip

    def complaint(self) -> Complaint | None:
        """Say what is wrong with the keys together."""
        if self.required and not self.tenants:
            return Complaint("required", "is true for nobody: name whom in tenants")
        return None


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that `stockade.yaml` says. Paths are relative to the file that names them."""

    listen: Annotated[
        str, Key("host:port", "Loopback until you decide who may reach the gate.", check=address_complaint)
    ] = "127.0.0.1:8700"
    data_dir: Annotated[
        Path,
        Key("path", "Holds the ledger, the control store and the installation key; keep it on one disk, mode 0700."),
    ] = Path(".stockade")
    upstreams: Annotated[Upstreams, Key("section", "The vendors that the gate may call.")] = field(
        default_factory=Upstreams
    )
    models: Annotated[
        tuple[str, ...],
        Key("patterns (* and ?)", "A model that nobody listed is not called. Nothing listed: nothing is called.",
            check=glob_complaint),
    ] = ()  # fmt: skip
    evaluating: Annotated[
        tuple[str, ...],
        Key("patterns (* and ?)", "Models that are tried before they are approved: policy lets evaluators call them.",
            check=glob_complaint),
    ] = ()  # fmt: skip
    workspaces: Annotated[
        tuple[Workspace, ...], Key("list of sections", "The development contexts that policy may speak of.")
    ] = ()
    policy: Annotated[
        tuple[str, ...],
        Key("names of packs, paths of .cedar files and of folders of them",
            "The rules: baseline, coding-agent, strict, shadow and your own, which may build on a pack.",
            default="baseline", name=re.compile(r"[a-z][a-z0-9-]*")),
    ] = ()  # fmt: skip
    database: Annotated[
        str | None,
        Key("SQLAlchemy URL", "PostgreSQL when there is more than one machine.", check=_database_complaint,
            default="SQLite in data_dir"),
    ] = None  # fmt: skip
    limits: Annotated[Limits, Key("section", "What one request and one key may take.")] = field(default_factory=Limits)
    budgets: Annotated[tuple[Budget, ...], Key("list of sections", "What each may use over a time.")] = ()
    estimates: Annotated[Estimates, Key("section", "How requests are measured ahead.")] = field(
        default_factory=Estimates
    )
    prices: Annotated[
        Path | None,
        Key("path of a YAML file", "Your prices, tried before the built-in ones.", default="the built-in prices"),
    ] = None
    redis: Annotated[
        Redis | None, Key("section", "Where several gates count together; without it each counts alone.")
    ] = None
    guards: Annotated[Guards, Key("section", "How the guards run.")] = field(default_factory=Guards)
    exfiltration: Annotated[Exfiltration, Key("section", "Where an answer may point.")] = field(
        default_factory=Exfiltration
    )
    prompt_leak: Annotated[PromptLeak, Key("section", "What may not come back in an answer.")] = field(
        default_factory=PromptLeak
    )
    identity: Annotated[Identity, Key("section", "Whose tokens open the gate beside its own keys.")] = field(
        default_factory=Identity
    )
    control: Annotated[Control, Key("section", "The control plane.")] = field(default_factory=Control)
    placeholders: Annotated[Placeholders, Key("section", "The map of stand-ins.")] = field(default_factory=Placeholders)
    recording: Annotated[Recording, Key("section", "Whose exchanges are kept, encrypted.")] = field(
        default_factory=Recording
    )

    @property
    def host(self) -> str:
        """Return the address to listen on."""
        return self.listen.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        """Return the port to listen on."""
        return int(self.listen.rpartition(":")[2])

    @property
    def control_host(self) -> str:
        """Return the address on which the control plane listens: loopback, unless it is named."""
        return self.control.listen.rpartition(":")[0].strip("[]") if self.control.listen else "127.0.0.1"

    @property
    def control_port(self) -> int:
        """Return the port of the control plane: the one after the gate's, unless it is named; free after a free one."""
        if self.control.listen:
            return int(self.control.listen.rpartition(":")[2])
        return self.port + 1 if 0 < self.port < 65535 else 0

    @property
    def database_url(self) -> str:
        """Return the URL of the control store; the default is SQLite in `data_dir`."""
        return self.database or f"sqlite:///{self.data_dir / 'control.sqlite'}"

    def complaint(self) -> Complaint | None:
        """Say what is wrong with the keys together."""
        if self.upstreams.anthropic is None and self.upstreams.openai is None:
            return Complaint("upstreams", "needs at least one vendor: anthropic or openai")
        names = [workspace.name for workspace in self.workspaces]
        if len(set(names)) < len(names):
            return Complaint("workspaces", "two have one name")
        budgets = [budget.name for budget in self.budgets]
        if len(set(budgets)) < len(budgets):
            return Complaint("budgets", "two have one name")
        return None
