"""Models that a request names: the one that is to answer, and every other that the vendor may run for it.

Owns where a request can name a model: its settings (known ones and such as the gate does not know yet), its fallbacks
and its tools, also those that a conversation brings along. What is said in a conversation names no model to run.
Never judges one: the pipeline authorises each.
Source: `BetaFallbackParam`, `BetaAdvisorTool20260301Param` (PyPI anthropic 2.12), `Moderation`, `ImageGeneration` (PyPI
openai 3.54); routers behind the gate take `models: [...]` as fallbacks. Read November 2026.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeGuard

from stockade.core.errors import InvalidRequestError
from stockade.core.limits import MODEL_CHARS_MAX
from stockade.guard.dialects.tools import TURNS, brought, offered

VENDOR_FALLBACK = "fallbacks:default"
"""Stands for the model that the vendor picks when a request asks for its default fallback."""

MODELS_MAX = 32
"""Most models that one request may name; policy is asked about each."""

MODEL_ID_MUST = f"a string of 1 to {MODEL_CHARS_MAX} characters, none of them a control character"

_SAID = frozenset(
    {
        "functions", "instructions", "messages", "metadata", "output_config", "output_format", "prediction", "prompt",
        "response_format", "system", "text",
    }
)  # fmt: skip
_CONTROL = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029]")
_NAMED = ("model", "models")


def is_model_id(value: object) -> TypeGuard[str]:
    """Say whether `value` can be a model's id. A line break in one would slip through an operator's pattern."""
    return isinstance(value, str) and 0 < len(value) <= MODEL_CHARS_MAX and _CONTROL.search(value) is None


def models_asked(request: Mapping[str, object]) -> tuple[str, ...]:
    """Return every model id that a request names, each once, the one that is to answer first.

    Fails: InvalidRequestError past MODELS_MAX, or for what is no id.
    """
    found: list[str] = [request["model"]] if isinstance(request.get("model"), str) else []  # type: ignore[list-item]
    if request.get("fallbacks") == "default":
        found.append(VENDOR_FALLBACK)
    for key, value in request.items():
        if key == "tools":
            found.extend(_of_tools(offered(value)))
        elif key in TURNS:
            found.extend(_of_tools(brought(value)))
        elif key in _NAMED:
            found.extend(_ids(value))
        elif key not in _SAID:
            found.extend(_of_settings(value))
    models = tuple(dict.fromkeys(found))
    if len(models) > MODELS_MAX or not all(map(is_model_id, models)):
        raise InvalidRequestError(f"The body names more than {MODELS_MAX} models, or one that is no model's name.")
    return models


def _of_settings(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, child in value.items():
            yield from _ids(child) if key in _NAMED else _of_settings(child)
    elif isinstance(value, list):
        for child in value:
            yield from _of_settings(child)


def _of_tools(tools: Iterable[Mapping[str, object]]) -> Iterator[str]:
    """Yield the models of tools; schemas and examples name none to run."""
    for tool in tools:
        for key in _NAMED:
            yield from _ids(tool.get(key))


def _ids(value: object) -> Iterator[str]:
    """Yield a model id, the ids of a list, or those in the objects of one."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for child in value:
            yield from _ids(child)
    else:
        yield from _of_settings(value)
