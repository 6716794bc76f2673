"""`stockade up`: starts the gate; without a configuration one to try out, with a fake vendor where no key is set."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import click

from stockade.app import App, open_store
from stockade.cli.access import anybody
from stockade.config.reader import read_settings
from stockade.config.schema import Settings, Upstream, Upstreams
from stockade.core.errors import ConfigError
from stockade.gateway.server import run, start
from stockade.testing.fake_vendor import FakeVendor

LOCAL_KEY_NAME = "stockade-up"
"""The key that a gate without configuration makes for its terminal; the one of the last start is revoked."""

_VENDORS = {
    "anthropic": ("https://api.anthropic.com", "ANTHROPIC_API_KEY"),
    "openai": ("https://api.openai.com", "OPENAI_API_KEY"),
}
_MODELS = ("claude-*", "gpt-*", "o[0-9]*", "codex-*")


@click.command("up")
@click.option("--config", "config", type=click.Path(path_type=Path), help="The configuration (default: stockade.yaml).")
@click.option("--demo", is_flag=True, help="Use the built-in fake vendor even where a vendor's key is set.")
@click.option("--listen", help="host:port instead of the configured one; port 0 takes a free one.")
@click.option("--script", type=click.Path(exists=True, path_type=Path), help="What the fake vendor answers (YAML).")
@anybody
def command(config: Path | None, *, demo: bool, listen: str | None, script: Path | None) -> None:
    """Start the gate and print how to point a client at it."""
    path = config or Path(os.environ.get("STOCKADE_CONFIG", "stockade.yaml"))
    with ExitStack() as stack:
        if path.exists() and not demo:
            settings = read_settings(path)
            key = ""
        elif config is not None and not path.exists():
            raise ConfigError(
                f"{path} does not exist.", hint="Name another file, or leave --config out to try the gate."
            )
        else:
            base = read_settings(path) if path.exists() else Settings()
            fake = _Fake(stack, script)
            settings = trial_settings(base, os.environ, fake.base_url, demo=demo)
            key = trial_key(settings)
        if listen:
            settings = _listening(settings, listen)
        app = App(settings, os.environ)
        start(run(app.application(), settings.host, settings.port, lambda url: announce(url, key, app.control_url)))


def trial_settings(base: Settings, environ: Mapping[str, str], fake: Callable[[], str], *, demo: bool) -> Settings:
    """Return settings that need no configuration: real vendors whose key is set, a fake one for the others."""
    upstreams = {}
    for name, (base_url, key_env) in _VENDORS.items():
        if environ.get(key_env) and not demo:
            upstreams[name] = Upstream(base_url=base_url, key_env=key_env)
        else:
            upstreams[name] = Upstream(base_url=fake(), allow_private=True)
            click.echo(f"No {key_env}: the built-in fake vendor answers for {name}.", err=True)
    return replace(base, upstreams=Upstreams(**upstreams), models=base.models or _MODELS)


def trial_key(settings: Settings) -> str:
    """Return a fresh key for this terminal and revoke the one of the last start."""
    store = open_store(settings)
    try:
        for record in store.keys.list():
            if record.name == LOCAL_KEY_NAME and not record.revoked:
                store.keys.revoke(record.id)
        return store.keys.create(LOCAL_KEY_NAME).text
    finally:
        store.close()


def announce(url: str, key: str, control_url: str) -> None:
    """Print where the gate listens and the lines for another terminal.

    Source: Codex 0.169, measured November 2026: it reads no address from the environment and asks the vendor past us.
    """
    shown = key or "$STOCKADE_KEY"
    click.echo(f"Stockade listens on {url}")
    click.echo(f"Its control plane listens on {control_url}\n")
    if not key:
        click.echo("Make a key (shown once):  export STOCKADE_KEY=$(stockade keys create --name me --quiet)\n")
    click.echo("In another terminal, for Claude Code and the Anthropic SDK, or for the OpenAI SDK:\n")
    click.echo(f"export ANTHROPIC_BASE_URL={url} ANTHROPIC_AUTH_TOKEN={shown}")
    click.echo(f"export OPENAI_BASE_URL={url}/v1 OPENAI_API_KEY={shown}\n")
    provider = f'model_providers.stockade={{name="Stockade",base_url="{url}/v1",env_key="OPENAI_API_KEY"}}'
    click.echo("Codex needs its address as configuration, the second line alone does not lead it here:\n")
    click.echo(f"codex -c model_provider=stockade -c '{provider}'\n")
    sys.stdout.flush()


class _Fake:
    """The fake vendor, started when a vendor's key is missing."""

    def __init__(self, stack: ExitStack, script: Path | None) -> None:
        self._stack, self._script = stack, script
        self._vendor: FakeVendor | None = None

    def base_url(self) -> str:
        """Return where the one fake vendor listens."""
        if self._vendor is None:
            self._vendor = self._stack.enter_context(FakeVendor.start(self._script))
            click.echo(f"What the fake vendor receives can be read at {self._vendor.base_url}/__received", err=True)
        return self._vendor.base_url


def _listening(settings: Settings, listen: str) -> Settings:
    return replace(settings, listen=listen)
