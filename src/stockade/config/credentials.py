"""The vendor's key: read once at start from where configuration points.

Never logs, repeats or quotes it; a complaint names the variable or the file only.
"""

from __future__ import annotations

from collections.abc import Mapping

from stockade.config.limiting import Redis
from stockade.config.schema import Upstream
from stockade.core.errors import ConfigError

_KEY_CHARS_MAX = 8192


def redis_url(redis: Redis, environ: Mapping[str, str]) -> str:
    """Return where the store of counts is. Fails: ConfigError when the variable is not set."""
    if redis.url_env is None:
        assert redis.url is not None
        return redis.url
    url = environ.get(redis.url_env, "").strip()
    if not url:
        raise ConfigError(
            f"redis: the environment variable {redis.url_env} is not set", hint=f"Set it: export {redis.url_env}=..."
        )
    return url


def upstream_key(name: str, upstream: Upstream, environ: Mapping[str, str]) -> str:
    """Return the key for the vendor `name`, or an empty text where configuration asks for none.

    Fails: ConfigError when the variable or the file is missing, empty, or holds what cannot stand in a header.
    """
    if upstream.key_env is not None:
        source, text = f"the environment variable {upstream.key_env}", environ.get(upstream.key_env)
        hint = f"Set it: export {upstream.key_env}=..."
    elif upstream.key_file is not None:
        source, hint = f"the file {upstream.key_file}", "Put the vendor's key, and nothing else, into it."
        try:
            with upstream.key_file.open("rb") as file:
                text = file.read(_KEY_CHARS_MAX + 1).decode("ascii")
        except OSError as error:
            raise ConfigError(
                f"upstreams.{name}: {source} cannot be read: {error.strerror}", hint="Check its path and its mode."
            ) from error
        except UnicodeDecodeError as error:
            raise ConfigError(f"upstreams.{name}: {source} is not ASCII text", hint=hint) from error
    else:
        return ""
    key = (text or "").strip()
    if not key:
        raise ConfigError(f"upstreams.{name}: {source} is not set", hint=hint)
    if len(key) > _KEY_CHARS_MAX or not all("!" <= character <= "~" for character in key):
        raise ConfigError(f"upstreams.{name}: {source} does not hold one key", hint=hint)
    return key


def client_secret(issuer: str, variable: str | None, environ: Mapping[str, str]) -> str:
    """Return the secret that the gate has at `issuer`, "" where it is a public client. Fails: ConfigError."""
    if variable is None:
        return ""
    secret = environ.get(variable, "").strip()
    if not secret or len(secret) > _KEY_CHARS_MAX:
        raise ConfigError(
            f"identity: issuer {issuer}: the environment variable {variable} is not set",
            hint=f"Set it: export {variable}=...",
        )
    return secret
