"""Workspaces: chosen by key, header or repository in that order; a wrong one is refused, an odd header names none."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockade.core.errors import InvalidRequestError
from stockade.core.principal import DataClass, Environment, Principal, Workspace, WorkspaceSource
from stockade.guard.identity.workspaces import NOT_SAID, TURN_BYTES_MAX, Workspaces, repository

PAYMENTS = Workspace("payments", Environment.PRODUCTION, 4, DataClass.RESTRICTED)
DOCS = Workspace("docs", Environment.DEVELOPMENT, 1, DataClass.PUBLIC)
ALL = Workspaces([(PAYMENTS, ["github.com/acme/pay*"]), (DOCS, ["github.com/acme/docs", "git.acme.test/*"])])
ANNA = Principal("k1", "anna", "acme")
BOUND = Principal("k2", "robot", "acme", workspace="payments")


def turn(*remotes: str) -> tuple[bytes, bytes]:
    """Return the header as Codex 0.169 writes it."""
    folders = {f"/home/a/{n}": {"associated_remote_urls": {"origin": url}} for n, url in enumerate(remotes)}
    return b"x-codex-turn-metadata", json.dumps({"turn_id": "t", "workspaces": folders, "sandbox": "seccomp"}).encode()


def header(name: str) -> tuple[bytes, bytes]:
    return b"x-stockade-workspace", name.encode()


def test_a_key_s_workspace_is_the_operator_s_word() -> None:
    assert ALL.choose(BOUND, [turn("git@github.com:acme/docs.git")]) == (PAYMENTS, WorkspaceSource.KEY)
    assert ALL.choose(BOUND, [header("payments")]) == (PAYMENTS, WorkspaceSource.KEY)


def test_a_header_is_the_caller_s_word_and_goes_before_a_repository() -> None:
    chosen = ALL.choose(ANNA, [header("docs"), turn("git@github.com:acme/payments.git")])
    assert chosen == (DOCS, WorkspaceSource.HEADER)


def test_a_repository_that_a_pattern_matches_names_the_workspace() -> None:
    for address in (
        "git@github.com:acme/payments.git",
        "https://github.com/Acme/Payments",
        "ssh://git@github.com/acme/pay",
    ):
        assert ALL.choose(ANNA, [turn("https://elsewhere.test/x", address)]) == (PAYMENTS, WorkspaceSource.REPOSITORY)


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [turn("https://github.com/other/payments")],
        [turn("https://evil.test/github.com/acme/payments")],
        [(b"x-codex-turn-metadata", b"{")],
        [(b"x-codex-turn-metadata", b"\xff" * 9)],
        [(b"x-codex-turn-metadata", json.dumps("git@github.com:acme/payments " * 999).encode())],
        [(turn("git@github.com:acme/pay")[0], turn("git@github.com:acme/pay")[1].ljust(TURN_BYTES_MAX + 1))],
        [header("")],
    ],
)
def test_nothing_is_guessed(headers: list[tuple[bytes, bytes]]) -> None:
    assert ALL.choose(ANNA, headers) == NOT_SAID


@pytest.mark.parametrize(
    ("who", "headers", "said"),
    [
        (ANNA, [header("payment")], "knows no workspace"),
        (ANNA, [header("../etc")], "knows no workspace"),
        (ANNA, [header("docs"), header("payments")], "two workspaces"),
        (BOUND, [header("docs")], "another workspace"),
        (Principal("k3", "old", "acme", workspace="gone"), [], "knows no workspace"),
    ],
)
def test_a_wrong_workspace_is_refused(who: Principal, headers: list[tuple[bytes, bytes]], said: str) -> None:
    with pytest.raises(InvalidRequestError, match=said):
        ALL.choose(who, headers)


@pytest.mark.parametrize(
    ("address", "read"),
    [
        ("git@github.com:Acme/Payments.git", "github.com/acme/payments"),
        ("https://user:word@github.com/acme/payments.git", "github.com/acme/payments"),
        ("ssh://git@git.acme.test:2222/a/b", "git.acme.test/a/b"),
        ("https://github.com/", ""),
        ("https://[", ""),
        ("/srv/git/a", ""),
        ("", ""),
    ],
)
def test_an_address_is_read_as_patterns_write_it(address: str, read: str) -> None:
    assert repository(address) == read


@given(st.binary(max_size=300))
def test_no_header_breaks_the_choice(value: bytes) -> None:
    assert ALL.choose(ANNA, [(b"x-codex-turn-metadata", value)]).workspace in (PAYMENTS, DOCS, NOT_SAID.workspace)
