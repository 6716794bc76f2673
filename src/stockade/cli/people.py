"""`stockade people`: revoke people and tokens that an issuer still vouches for; a gate follows within a second."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from pathlib import Path

import click

from stockade.cli.access import needs
from stockade.cli.main import config_option, settings_of
from stockade.config.schema import Settings
from stockade.core.permissions import Permission
from stockade.guard.identity import Revocation, RevocationKind, person_id, token_digest


class Moment(click.ParamType[int]):
    """A time: ISO 8601, Unix seconds, or "now"."""

    name = "TIME"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return Unix seconds. A time without a zone is UTC."""
        text = str(value)
        if text == "now":
            return int(time.time()) + 1  # what was issued in this very second counts as before
        try:
            if text.isdigit():
                return int(text)
            given = datetime.fromisoformat(text)
            return int((given if given.tzinfo else given.replace(tzinfo=UTC)).timestamp())
        except (ValueError, OverflowError):
            self.fail('must be a time such as 2026-11-22T08:00:00Z, Unix seconds, or "now"', param, ctx)


@click.group()
def command() -> None:
    """Revoke people and their tokens, and let them in again."""


@command.command()
@click.argument("subject", required=False)
@click.option("--issuer", metavar="URL", help="Whose subject it is, where stockade.yaml names several issuers.")
@click.option("--before", "before_s", type=Moment(), help="Only tokens issued before this; a new sign-in is let in.")
@click.option("--token", "token_id", metavar="JTI", help="One token by its id, instead of a person.")
@click.option("--all-before", "all_before_s", type=Moment(), help="All tokens of everybody issued before this.")
@config_option
@needs(Permission.ACCESS_PEOPLE_REVOKE)
def revoke(
    *,
    subject: str | None,
    issuer: str | None,
    before_s: int | None,
    token_id: str | None,
    all_before_s: int | None,
    config_path: Path | None,
) -> None:
    """Refuse SUBJECT from now on: an id from the record (p-...), or what the issuer calls the person (`sub`)."""
    if sum(each is not None for each in (subject, token_id, all_before_s)) != 1:
        raise click.UsageError("name a SUBJECT, or --token JTI, or --all-before TIME")
    settings = settings_of(config_path)
    if all_before_s is not None:
        kind, named, before_s = RevocationKind.EVERYBODY, "", all_before_s
    elif token_id is not None:
        kind, named, before_s = RevocationKind.TOKEN, token_digest(_issuer(settings, issuer), token_id), None
    else:
        kind, named = RevocationKind.PERSON, _person(settings, issuer, subject or "")
    from stockade.app import open_store

    store = open_store(settings)
    try:
        made = store.revocations.revoke(kind, named, before_s)
    finally:
        store.close()
    click.echo(_line(made))


@command.command()
@click.argument("subject", required=False)
@click.option("--issuer", metavar="URL", help="Whose subject it is, where stockade.yaml names several issuers.")
@click.option("--token", "token_id", metavar="JTI", help="One token by its id, instead of a person.")
@click.option("--all", "everybody", is_flag=True, help="Take back what was said of everybody.")
@config_option
@needs(Permission.ACCESS_PEOPLE_REVOKE)
def restore(
    *, subject: str | None, issuer: str | None, token_id: str | None, everybody: bool, config_path: Path | None
) -> None:
    """Take a revocation back."""
    if sum((subject is not None, token_id is not None, everybody)) != 1:
        raise click.UsageError("name a SUBJECT, or --token JTI, or --all")
    settings = settings_of(config_path)
    if everybody:
        kind, named = RevocationKind.EVERYBODY, ""
    elif token_id is not None:
        kind, named = RevocationKind.TOKEN, token_digest(_issuer(settings, issuer), token_id)
    else:
        kind, named = RevocationKind.PERSON, _person(settings, issuer, subject or "")
    from stockade.app import open_store

    store = open_store(settings)
    try:
        there = store.revocations.restore(kind, named)
    finally:
        store.close()
    click.echo("The revocation is taken back." if there else "There was no such revocation.")


@command.command(name="revoked")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
@config_option
@needs(Permission.ACCESS_PEOPLE_LIST)
def list_revoked(*, as_json: bool, config_path: Path | None) -> None:
    """Show what is revoked, oldest first."""
    from stockade.app import open_store

    store = open_store(settings_of(config_path))
    try:
        records = store.revocations.list()
    finally:
        store.close()
    if as_json:
        shown = [
            {"kind": each.kind, "subject": each.subject, "before_s": each.before_s, "created_at_s": each.created_at_s}
            for each in records
        ]
        click.echo(json.dumps(shown, indent=2))
        return
    for each in records:
        click.echo(_line(each))


def _person(settings: Settings, issuer: str | None, subject: str) -> str:
    return subject if subject.startswith("p-") else person_id(_issuer(settings, issuer), subject)


def _issuer(settings: Settings, named: str | None) -> str:
    urls = [each.url for each in settings.identity.issuers]
    if named is None and len(urls) == 1:
        return urls[0]
    if named not in urls:
        raise click.UsageError("name one of the configured issuers with --issuer: " + ", ".join(urls))
    return named


def _line(record: Revocation) -> str:
    until = "" if record.before_s is None else f", tokens issued before {_time(record.before_s)}"
    return f"{record.kind} {record.subject or 'all'} revoked since {_time(record.created_at_s)}{until}"


def _time(at_s: int) -> str:
    return datetime.fromtimestamp(at_s, UTC).isoformat().replace("+00:00", "Z")
