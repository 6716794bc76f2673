"""JSON Schema as clients send it in tool definitions and output formats: which of its strings are fixed words.

Owns the shape of a schema. Keywords and type names are on the allow-list; descriptions, names, defaults, patterns and
enumerated values are segments, because a server of tools writes them (tool poisoning) and people put values into them.
Source: JSON Schema 2020-12, core and validation vocabularies (read November 2026).
"""

from __future__ import annotations

from stockade.core.segments import Kind
from stockade.guard.dialects.shape import Either, Free, Items, Leaf, Map, Record, Setting, Shape, Voice, Word

_TYPES = ("array", "boolean", "integer", "null", "number", "object", "string")
_FORMATS = (
    "binary", "byte", "date", "date-time", "double", "duration", "email", "float", "hostname", "int32", "int64", "ipv4",
    "ipv6", "json-pointer", "password", "regex", "time", "uri", "uri-reference", "uuid",
)  # fmt: skip
_DRAFTS = (
    "http://json-schema.org/draft-04/schema#",
    "http://json-schema.org/draft-06/schema#",
    "http://json-schema.org/draft-07/schema#",
    "https://json-schema.org/draft/2019-09/schema",
    "https://json-schema.org/draft/2020-12/schema",
)
_NO_STRINGS = (
    "deprecated", "exclusiveMaximum", "exclusiveMinimum", "maxContains", "maxItems", "maxLength", "maxProperties",
    "maximum", "minContains", "minItems", "minLength", "minProperties", "minimum", "multipleOf", "nullable", "readOnly",
    "uniqueItems", "writeOnly",
)  # fmt: skip
_SCHEMAS_BY_NAME = ("$defs", "definitions", "dependentSchemas", "patternProperties", "properties")
_LISTS_OF_SCHEMAS = ("allOf", "anyOf", "oneOf", "prefixItems")
_ONE_SCHEMA = (
    "additionalItems", "additionalProperties", "contains", "else", "if", "items", "not", "propertyNames", "then",
    "unevaluatedItems", "unevaluatedProperties",
)  # fmt: skip
_TEXTS = ("$anchor", "$comment", "$dynamicAnchor", "$dynamicRef", "$id", "$ref", "contentEncoding", "contentMediaType",
          "description", "pattern", "title")  # fmt: skip
_VALUES = ("const", "default", "enum", "example", "examples")


def json_schema(voice: Voice) -> Shape:
    """Return the shape of one schema; it contains itself."""
    word = Word(voice, *_TYPES)
    text = Leaf(voice)
    setting = Setting(voice)
    values = Free(voice, Kind.TEXT, Kind.IDENTIFIER)
    names = Items(voice, Leaf(voice, Kind.IDENTIFIER))
    record = Record(voice, {})
    schema = Either(voice, record=record, items=Items(voice, record))
    record.fields.update(
        {
            "$schema": Word(voice, *_DRAFTS),
            "dependentRequired": Map(voice, names),
            "format": Word(voice, *_FORMATS),
            "required": names,
            "type": Either(voice, text=word, items=Items(voice, word)),
        }
    )
    record.fields.update(dict.fromkeys(_TEXTS, text))
    record.fields.update(dict.fromkeys(_VALUES, values))
    record.fields.update(dict.fromkeys(_NO_STRINGS, setting))
    record.fields.update(dict.fromkeys(_ONE_SCHEMA, schema))
    record.fields.update(dict.fromkeys(_LISTS_OF_SCHEMAS, schema))
    record.fields.update(dict.fromkeys(_SCHEMAS_BY_NAME, Map(voice, schema)))
    return schema
