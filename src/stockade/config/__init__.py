"""Configuration: what a file or the environment may say, and what it means."""

from stockade.config.credentials import upstream_key
from stockade.config.reader import parse_settings, read_settings
from stockade.config.schema import Guards, Limits, Placeholders, Settings, Upstream, Upstreams

__all__ = [
    "Guards",
    "Limits",
    "Placeholders",
    "Settings",
    "Upstream",
    "Upstreams",
    "parse_settings",
    "read_settings",
    "upstream_key",
]
