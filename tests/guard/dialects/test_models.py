"""Every place in which a request can name a model is read; what is said in a conversation is none."""

from __future__ import annotations

import json

import pytest

from stockade.app import discover_dialects
from stockade.core.errors import InvalidRequestError
from stockade.guard.dialects.models import MODELS_MAX, VENDOR_FALLBACK, is_model_id, models_asked

SCHEMA = {"type": "object", "properties": {"model": {"type": "string"}}, "default": {"model": "not-asked"}}


@pytest.mark.parametrize(
    ("field", "models"),
    [
        ({"fallbacks": [{"model": "b"}, {"model": "c", "max_tokens": 1}]}, ("b", "c")),
        ({"fallbacks": "default"}, (VENDOR_FALLBACK,)),
        (
            {"tools": [{"type": "advisor_20260301", "model": "b"}, {"type": "image_generation", "model": "c"}]},
            ("b", "c"),
        ),
        ({"tools": [{"type": "namespace", "tools": [{"type": "image_generation", "model": "b"}]}]}, ("b",)),
        ({"moderation": {"model": "b", "policy": {}}}, ("b",)),
        ({"models": ["b", "c", "b", "a"]}, ("b", "c")),
        ({"new_setting": [{"inner": {"model": "b"}}]}, ("b",)),
        ({"new_setting": {"models": [{"model": "b"}, {"id": "x"}]}}, ("b",)),
        ({"input": [{"type": "tool_search_output", "tools": [{"type": "image_generation", "model": "b"}]}]}, ("b",)),
        ({"messages": [{"content": [{"type": "tool_addition", "tool": {"model": "b"}}]}]}, ("b",)),
        ({"messages": [{"content": [{"type": "compaction", "tool_changes": [{"tool": {"model": "b"}}]}]}]}, ("b",)),
        ({"tools": [{"name": "t", "input_schema": SCHEMA, "input_examples": [{"model": "not-asked"}]}]}, ()),
        ({"messages": [{"content": [{"type": "tool_use", "input": {"model": "not-asked"}}]}]}, ()),
        ({"messages": [{"content": [{"type": "fallback", "to": {"model": "ran-before"}}]}]}, ()),
        ({"metadata": {"model": "not-asked"}, "text": {"format": {"schema": SCHEMA}}}, ()),
        ({"tools": "x", "fallbacks": 7, "messages": None, "new": None, "models": {"x": 1}}, ()),
    ],
)
def test_a_model_is_named(field: dict[str, object], models: tuple[str, ...]) -> None:
    assert models_asked({**field, "model": "a"}) == ("a", *models)


@pytest.mark.parametrize("models", [[f"m{n}" for n in range(MODELS_MAX + 1)], ["m" * 1000]])
def test_models_have_a_bound(models: list[str]) -> None:
    with pytest.raises(InvalidRequestError):
        models_asked({"model": "a", "fallbacks": [{"model": model} for model in models]})


@pytest.mark.parametrize("model", ["", "claude-x\nfoo", "a\0", "a\x7f", "a\x85b", "a\u2028b", "m" * 257, 7, None])
def test_what_is_no_model_id_never_meets_a_pattern(model: object) -> None:
    assert not is_model_id(model)
    for dialect in discover_dialects():
        body = json.dumps({"model": model, "max_tokens": 1, "messages": [], "input": "x"}).encode()
        with pytest.raises(InvalidRequestError, match="/model must be"):
            dialect.parse_request(dialect.routes[0], body, "")
