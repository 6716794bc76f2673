"""`stockade logout`: forget the sign-in of this machine, and tell the issuer so."""

from __future__ import annotations

import asyncio
import os

import click

from stockade.cli.access import anybody
from stockade.core.errors import ConfigError


@click.command("logout")
@anybody
def command() -> None:
    """Forget who is signed in on this machine; its refresh token is withdrawn where the issuer can do that."""
    from stockade.cli.credentials import CredentialsFile
    from stockade.cli.person import target_of
    from stockade.cli.signing_in import revoked

    file = CredentialsFile(os.environ)
    try:
        credentials = file.read()
    except ConfigError:
        file.forget()
        click.echo("Nobody is signed in.", err=True)
        return
    file.forget()
    asyncio.run(revoked(target_of(credentials), credentials))
    click.echo(f"Signed out of {credentials.issuer}.", err=True)
