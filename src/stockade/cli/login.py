"""`stockade login`: sign in at an OpenID provider, with the browser of this machine or a code typed in elsewhere."""

from __future__ import annotations

import asyncio
import os
import webbrowser
from pathlib import Path

import click

from stockade.cli.access import anybody
from stockade.cli.main import CONFIG_FILE, config_option, settings_of


@click.command("login")
@click.option("--device", is_flag=True, help="Show a code to type in elsewhere: for machines without a browser.")
@click.option("--issuer", metavar="URL", help="At whom to sign in; needed where stockade.yaml names none, or several.")
@click.option("--client-id", metavar="ID", help="The gate's name at that issuer, where no stockade.yaml is here.")
@click.option(
    "--scope", "scopes", multiple=True, help="What to ask for (repeatable).  [default: openid, offline_access]"
)
@click.option("--resource", default="", help="Which service the token is for (RFC 8707).")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Port of the browser's answer; 0: a free one.")
@click.option("--no-browser", is_flag=True, help="Only print the address to open.")
@config_option
@anybody
def command(
    *,
    device: bool,
    issuer: str | None,
    client_id: str | None,
    scopes: tuple[str, ...],
    resource: str,
    port: int,
    no_browser: bool,
    config_path: Path | None,
) -> None:
    """Sign in, so that `stockade token` has a token for the gate."""
    from stockade.cli.credentials import CredentialsFile
    from stockade.cli.person import configured_target, named_target
    from stockade.cli.signing_in import by_browser, by_device

    if client_id is not None:
        if issuer is None:
            raise click.UsageError("--client-id needs --issuer")
        target = named_target(issuer, client_id, scopes or ("openid", "offline_access"), resource)
    else:
        settings = settings_of(config_path) if config_path or CONFIG_FILE.exists() else None
        target = configured_target(settings.identity.issuers if settings else (), issuer)

    def open_browser(url: str) -> None:
        click.echo(f"Sign in here:\n\n{url}\n", err=True)
        if not no_browser:
            webbrowser.open(url)

    def show_code(url: str, code: str, both: str) -> None:
        click.echo(f"Open {url} on any device and type in: {code}", err=True)
        if both:
            click.echo(f"Or open {both}", err=True)

    coroutine = by_device(target, show_code) if device else by_browser(target, open_browser, port)
    credentials = asyncio.run(coroutine)
    file = CredentialsFile(os.environ)
    with file.alone():
        file.write(credentials)
    click.echo(f"Signed in at {credentials.issuer}.", err=True)
