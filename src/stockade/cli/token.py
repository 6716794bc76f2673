"""`stockade token`: a fresh access token on stdout, for Claude Code's apiKeyHelper and scripts."""

from __future__ import annotations

import os

import click

from stockade.cli.access import anybody


@click.command("token")
@anybody
def command() -> None:
    """Print an access token that lives for at least a minute, refreshed where it must be."""
    from stockade.cli.credentials import CredentialsFile
    from stockade.cli.person import fresh_token

    click.echo(fresh_token(CredentialsFile(os.environ)))
