"""From the plain values of a YAML document to a `Script`. Owns every check."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar, cast

import yaml

from stockade.core.errors import ConfigError
from stockade.testing.vendor.script import (
    DIALECTS,
    ECHO,
    Answer,
    Failure,
    Fault,
    Raw,
    Refusal,
    Rule,
    Script,
    Thinking,
    Tokens,
    ToolCall,
    When,
    nearest,
)

T = TypeVar("T")

DEMO = Path(__file__).with_name("demo.yaml")
"""The script of `./dev up` without a vendor's key."""


def load(path: Path) -> Script:
    """Read a script file. Fails: ConfigError with file, place and what is wrong."""
    try:
        return parse(path.read_text(encoding="utf-8"), path.name)
    except OSError as e:
        raise ConfigError(f"{path.name}: the script cannot be read", hint=e.strerror or "") from e


def parse(text: str, name: str = "script") -> Script:
    """Read a script from YAML text. Fails: ConfigError."""
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as e:
        mark = getattr(e, "problem_mark", None)
        where = f"{name}, line {mark.line + 1}" if mark else name
        raise ConfigError(f"{where}: not YAML", hint=getattr(e, "problem", "") or "") from e
    return read_script({} if document is None else document, name)


def read_script(document: object, place: str) -> Script:
    """Return the script. Fails: ConfigError with the place of the first fault."""
    known = _mapping(document, place, ("rules", "default", "models", "keys"))
    rules = _list(known.get("rules", []), f"{place}.rules")
    return Script(
        rules=tuple(_rule(rule, f"{place}.rules[{n}]") for n, rule in enumerate(rules)),
        default=_rule(known["default"], f"{place}.default") if "default" in known else ECHO,
        models=tuple(_value(m, str, f"{place}.models") for m in _list(known["models"], f"{place}.models"))
        if "models" in known
        else Script().models,
        keys=tuple(_value(k, str, f"{place}.keys") for k in _list(known.get("keys", []), f"{place}.keys")),
    )


def _rule(value: object, place: str) -> Rule:
    keys = ("when", "answer", "chunks", "wire_bytes", "delay_s", "event_delay_s", "fail", "bench")
    known = _mapping(value, place, keys)
    if "answer" not in known:
        raise ConfigError(f"{place}: a rule needs an answer")
    fail = _mapping(known.get("fail", {}), f"{place}.fail", ("after_events", "how"))
    if fail and "how" not in fail:
        raise ConfigError(f"{place}.fail: say how", hint=f"one of {', '.join(Fault)}")
    rule = Rule(
        answer=_answer(known["answer"], f"{place}.answer"),
        when=_when(known.get("when", {}), f"{place}.when"),
        chunks=_chunks(known.get("chunks", "words"), f"{place}.chunks"),
        wire_bytes=_count(known.get("wire_bytes", 0), f"{place}.wire_bytes"),
        delay_s=_seconds(known.get("delay_s", 0), f"{place}.delay_s"),
        event_delay_s=_seconds(known.get("event_delay_s", 0), f"{place}.event_delay_s"),
        fault=_word(fail["how"], Fault, f"{place}.fail.how") if fail else None,
        after_events=_count(fail.get("after_events", 0), f"{place}.fail.after_events"),
        bench=_value(known.get("bench", False), bool, f"{place}.bench"),
    )
    if rule.bench and (rule.fault or rule.delay_s or rule.event_delay_s or rule.wire_bytes):
        raise ConfigError(f"{place}: a bench rule has no delay and no fault")
    if rule.bench and rule.when != When(dialect=rule.when.dialect):
        raise ConfigError(f"{place}: a bench rule may ask for a dialect only, it does not read requests")
    return rule


def _when(value: object, place: str) -> When:
    known = _mapping(value, place, tuple(f.name for f in fields(When)))
    dialect = known.get("dialect")
    if dialect is not None and dialect not in DIALECTS:
        raise ConfigError(f"{place}.dialect: not a dialect", hint=nearest(str(dialect), DIALECTS))
    return When(
        contains=_optional(known, "contains", str, place),
        matches=_pattern(known.get("matches"), f"{place}.matches"),
        dialect=_optional(known, "dialect", str, place),
        turn=_optional(known, "turn", int, place),
        has_tool_result=_optional(known, "has_tool_result", bool, place),
        stream=_optional(known, "stream", bool, place),
    )


def _answer(value: object, place: str) -> Answer:
    if isinstance(value, str):
        return Answer(text=value)
    keys = (*(f.name for f in fields(Answer)), "html")
    known = _mapping(value, place, keys)
    alone = [key for key in ("error", "raw", "html", "refusal") if key in known]
    if len(alone) > 1 or (alone and {"text", "tool_calls", "thinking"} & known.keys()):
        raise ConfigError(f"{place}: {alone[0]} stands alone")
    calls = _list(known.get("tool_calls", []), f"{place}.tool_calls")
    raw = _raw(known["raw"], f"{place}.raw") if "raw" in known else None
    if "html" in known:
        raw = _html(known["html"], f"{place}.html")
    headers = _mapping(known.get("headers", {}), f"{place}.headers", None)
    return Answer(
        text=_value(known.get("text", ""), str, f"{place}.text"),
        thinking=_thinking(known["thinking"], f"{place}.thinking") if "thinking" in known else None,
        tool_calls=tuple(_tool_call(call, f"{place}.tool_calls[{n}]") for n, call in enumerate(calls)),
        refusal=_refusal(known["refusal"], f"{place}.refusal") if "refusal" in known else None,
        error=_record(Failure, known["error"], f"{place}.error") if "error" in known else None,
        raw=raw,
        model=_value(known.get("model", ""), str, f"{place}.model"),
        stop_reason=_value(known.get("stop_reason", ""), str, f"{place}.stop_reason"),
        usage=_record(Tokens, known.get("usage", {}), f"{place}.usage"),
        headers={name: _value(text, str, f"{place}.headers.{name}") for name, text in headers.items()},
    )


def _tool_call(value: object, place: str) -> ToolCall:
    known = _mapping(value, place, ("name", "arguments", "id", "custom"))
    arguments = known.get("arguments", {})
    if not isinstance(arguments, str):
        arguments = _mapping(arguments, f"{place}.arguments", None)
    name = _value(known.get("name"), str, f"{place}.name")
    custom = _value(known.get("custom", False), bool, f"{place}.custom")
    return ToolCall(name, arguments, _value(known.get("id", ""), str, f"{place}.id"), custom)


def _thinking(value: object, place: str) -> Thinking:
    return Thinking(value) if isinstance(value, str) else _record(Thinking, value, place)


def _refusal(value: object, place: str) -> Refusal:
    return Refusal(value) if isinstance(value, str) else _record(Refusal, value, place)


def _html(value: object, place: str) -> Raw:
    if isinstance(value, str):
        return Raw(value.encode(), 502, "text/html")
    known = _mapping(value, place, ("status", "body"))
    body = _value(known.get("body", "<html><body>Bad Gateway</body></html>"), str, f"{place}.body")
    return Raw(body.encode(), _count(known.get("status", 502), f"{place}.status"), "text/html")


def _raw(value: object, place: str) -> Raw:
    known = _mapping(value, place, ("status", "content_type", "body", "body_base64"))
    body = _value(known.get("body", ""), str, f"{place}.body").encode()
    if "body_base64" in known:
        try:
            body = base64.b64decode(_value(known["body_base64"], str, f"{place}.body_base64"), validate=True)
        except binascii.Error as e:
            raise ConfigError(f"{place}.body_base64: not base64") from e
    content_type = _value(known.get("content_type", "application/json"), str, f"{place}.content_type")
    return Raw(body, _count(known.get("status", 200), f"{place}.status"), content_type)


def _chunks(value: object, place: str) -> int | str | tuple[int, ...] | tuple[str, ...]:
    if value == "words":
        return "words"
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value
    if isinstance(value, list) and value:
        if all(isinstance(item, str) for item in value):
            return tuple(cast("list[str]", value))
        if all(isinstance(item, int) and item > 0 for item in value):
            return tuple(cast("list[int]", value))
    raise ConfigError(f"{place}: a number of characters, words, or a list of strings or of numbers")


def _pattern(value: object, place: str) -> re.Pattern[str] | None:
    if value is None:
        return None
    try:
        return re.compile(_value(value, str, place))
    except re.error as e:
        raise ConfigError(f"{place}: not a pattern") from e


def _mapping(value: object, place: str, known: tuple[str, ...] | None) -> dict[str, object]:
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise ConfigError(f"{place}: keys and values are wanted here")
    for key in value:
        if known is not None and key not in known:
            raise ConfigError(f"{place}.{key}: unknown key", hint=nearest(key, known))
    return value


def _list(value: object, place: str) -> list[object]:
    if not isinstance(value, list):
        raise ConfigError(f"{place}: a list is wanted here")
    return value


def _value(value: object, kind: type[T], place: str) -> T:
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise ConfigError(f"{place}: a value of type {kind.__name__} is wanted here")
    return value


def _optional(known: Mapping[str, object], key: str, kind: type[T], place: str) -> T | None:
    return _value(known[key], kind, f"{place}.{key}") if key in known else None


def _count(value: object, place: str) -> int:
    number = _value(value, int, place)
    if number < 0:
        raise ConfigError(f"{place}: not below zero")
    return number


def _seconds(value: object, place: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise ConfigError(f"{place}: seconds are wanted here")
    return float(value)


def _word(value: object, words: type[Fault], place: str) -> Fault:
    if value not in list(words):
        raise ConfigError(f"{place}: not one of the words", hint=nearest(str(value), tuple(words)))
    return words(cast("str", value))


def _record(kind: Callable[..., T], value: object, place: str) -> T:
    """Build a dataclass of strings and integers from a mapping with its field names."""
    types = {f.name: int if f.type == "int" else str for f in fields(cast("Any", kind))}
    known = _mapping(value, place, tuple(types))
    values = {name: _value(item, types[name], f"{place}.{name}") for name, item in known.items()}
    try:
        return kind(**values)
    except TypeError as e:
        raise ConfigError(f"{place}: a needed key is missing", hint=f"known here: {', '.join(types)}") from e
