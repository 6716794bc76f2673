"""The catalogue of mutations. Owns their names, which stand in published tables and are stable for ever."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from stockade.testing.mutations import encodings, letters, words, wrappings
from stockade.testing.mutations.mutation import Mutation

MUTATIONS: Mapping[str, Mutation] = MappingProxyType(
    {
        mutation.name: mutation
        for mutation in (
            Mutation("base64", encodings.base64_text, encodings.from_base64),
            Mutation("base64_twice", encodings.base64_in_base64, encodings.from_base64_in_base64),
            Mutation("camel_case", words.camel_case),
            Mutation("code_comment", wrappings.code_comment),
            Mutation("combining_marks", letters.combining_marks, letters.without_marks),
            Mutation("emoji_selectors", encodings.emoji_selectors, encodings.from_emoji_selectors),
            Mutation("fullwidth", letters.fullwidth, letters.compatible),
            Mutation("hex", encodings.hexadecimal, encodings.from_hexadecimal),
            Mutation("homoglyphs", letters.homoglyphs, letters.without_homoglyphs),
            Mutation("html_entities", encodings.html_entities, encodings.from_html_entities),
            Mutation("html_markup", wrappings.html_markup, wrappings.without_html_markup),
            Mutation("hyphenated", wrappings.hyphenated),
            Mutation("json_nesting", wrappings.json_nesting, wrappings.from_json_nesting),
            Mutation("leet", letters.leet),
            Mutation("markdown_emphasis", wrappings.markdown_emphasis),
            Mutation("quoted_lines", wrappings.quoted_lines),
            Mutation("random_case", letters.random_case),
            Mutation("reversed", encodings.reversed_text, encodings.from_reversed),
            Mutation("rot13", encodings.rot13, encodings.from_rot13),
            Mutation("snake_case", words.snake_case),
            Mutation("spaced_letters", letters.spaced_letters),
            Mutation("split_segments", wrappings.split_segments, wrappings.unchanged),
            Mutation("string_concatenation", wrappings.string_concatenation, wrappings.from_string_concatenation),
            Mutation("styled_letters", letters.styled_letters, letters.compatible),
            Mutation("tag_block", encodings.tag_block, encodings.from_tag_block),
            Mutation("translation", words.translation),
            Mutation("typos", letters.typos),
            Mutation("unicode_escapes", encodings.unicode_escapes, encodings.from_unicode_escapes),
            Mutation("url_encoding", encodings.url_encoding, encodings.from_url_encoding),
            Mutation("wide_gaps", words.wide_gaps),
            Mutation("zero_width", letters.zero_width, letters.without_zero_width),
        )
    }
)
