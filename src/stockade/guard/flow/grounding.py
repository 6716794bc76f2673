"""Grounding: where a decisive value comes from.

What the person or the system prompt named is theirs; a whole field of a first-party record is a record's; what stands
in free text that a tool brought is untrusted; the rest nobody wrote.

Owns the comparison. A value is grounded only where it is found: one that is spelled otherwise, split or encoded to hide
where it came from is found nowhere, and that is no ground either. Never looks at what a text says about itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property
from typing import NamedTuple

from stockade.core.facts import Ground
from stockade.core.segments import Channel, Path
from stockade.guard.flow.commands import quiet
from stockade.guard.flow.comparing import COMMON, WORD, alike, contains, fold, is_id, named, named_in_part, same
from stockade.guard.flow.conversation import Conversation, Result, ToolDefinition
from stockade.guard.flow.danger import COMMANDS, FILES, spoken_of
from stockade.guard.flow.labels import Label, Labels, label
from stockade.guard.flow.records import Field, fields
from stockade.guard.flow.values import EMAIL, IBAN, URL, Decisive, Sort

WORST = {
    Ground.NONE: -1,
    Ground.PERSON: 0,
    Ground.SYSTEM: 1,
    Ground.RECORD: 2,
    Ground.COMPOSED: 3,
    Ground.INVENTED: 4,
    Ground.UNTRUSTED: 5,
}


class Traced(NamedTuple):
    """A decisive value with its ground; `path` is where in the request it was found, `tool` who returned it there."""

    value: Decisive
    ground: Ground
    path: Path = ()
    tool: str = ""


_MONEY = re.compile(r"(?i)[$€£] ?[0-9][0-9.,]*|[0-9][0-9.,]* ?(?:eur|usd|gbp|chf|€|\$|£)|\b[0-9]+[.,][0-9]{2}\b")
_FORMS: dict[Sort, tuple[tuple[re.Pattern[str], ...], re.Pattern[str]]] = {
    Sort.ADDRESS: (
        (EMAIL, IBAN),
        re.compile(r"\b(?:address|iban|account|bill|invoice|pay|(?:named|listed|given|mentioned) in)"),
    ),
    Sort.AMOUNT: ((_MONEY,), re.compile(r"\b(?:bill|invoice|pay|amount|price|total)")),
    Sort.URL: ((URL,), re.compile(r"\b(?:link|url|page|website|site|article|address|open)")),
}
"""Forms of values that a person can point at by naming where they stand, and the words by which they speak of one."""

_STEM = 6
"""Letters by which words are the same: "applied", "application"."""

_PLAIN_ADDRESS = re.compile(r"https?://(?:[a-z-]{1,20}\.)+[a-z]{2,12}(?::[0-9]{2,5})?(?:/[a-z._-]{0,20}){0,6}")
"""An address too plain to carry anything out: short words, no query, no numbers."""

_PROSE = re.compile(r"(?:\w+[^\w\n]{1,3}){6}")


class Sources:
    """All texts of a conversation, made ready for comparison once for all values of a call."""

    def __init__(self, conversation: Conversation, known: Labels) -> None:
        """Take the conversation; `known` are the labels of tools that configuration lists."""
        self._conversation = conversation
        self._known = known
        self._results = [_Source(result) for result in conversation.results]

    @cached_property
    def person(self) -> str:
        """Return all that the person said, folded."""
        return fold("\n".join(self._conversation.person()))

    @cached_property
    def _messages(self) -> list[str]:
        return [fold(text) for text in self._conversation.person()]

    @cached_property
    def system(self) -> str:
        """Return the system prompt, folded."""
        return fold("\n".join(said.text for said in self._conversation.said if said.channel is Channel.SYSTEM))

    @cached_property
    def untrusted(self) -> bool:
        """Say whether any text was read that somebody outside may have written."""
        return any(source.free or Label.READS_UNTRUSTED in self.labels(source.result.tool) for source in self._results)

    @cached_property
    def private(self) -> bool:
        """Say whether private data was touched."""
        return any(Label.READS_PRIVATE in self.labels(source.result.tool) for source in self._results)

    def labels(self, tool: str) -> frozenset[Label]:
        """Return what a tool can do, as its definition in this conversation tells."""
        definition = self._conversation.tools.get(tool) or ToolDefinition(tool)
        return label(definition, self._known).labels

    def trace(self, value: Decisive, *, only_reads: bool = False) -> Traced:
        """Return where a value comes from.

        An address that is only read may be any that was read somewhere or is too plain to carry anything out: what
        would be taken out stands in no text that came in.
        """
        text = fold(value.text)
        if named(value.sort, text, self.person):
            return Traced(value, Ground.PERSON)
        if value.sort is not Sort.COMMAND and named(value.sort, text, self.system):
            return Traced(value, Ground.SYSTEM)
        if value.sort is Sort.COMMAND:
            return self._command(value, text)
        if only_reads and value.sort is Sort.URL and (read := self._read_address(value, text)) is not None:
            return read
        return self._elsewhere(value, text)

    def _read_address(self, value: Decisive, text: str) -> Traced | None:
        for source in self._results:
            if source.holds(text):
                return Traced(value, Ground.RECORD, source.result.path, source.result.tool)
        return Traced(value, Ground.COMPOSED) if _PLAIN_ADDRESS.fullmatch(text) else None

    def _elsewhere(self, value: Decisive, text: str) -> Traced:
        """Return the ground of a value that neither the person nor the system prompt named."""
        found = self._in_results(value, text)
        if found is not None and found.ground is Ground.RECORD:
            return found
        if (pointed := self._pointed(value, text)) is not None:
            return pointed
        if value.sort is Sort.PATH and spoken_of(FILES, value.text, self.person) is not False:
            return Traced(value, Ground.COMPOSED, found.path if found else (), found.tool if found else "")
        if found is not None:
            return found
        if value.sort is Sort.NAME or (value.sort is Sort.ADDRESS and named_in_part(text, self.person)):
            return Traced(value, Ground.COMPOSED)
        return Traced(value, Ground.INVENTED)

    def _command(self, value: Decisive, text: str) -> Traced:
        """Return the ground of a command line: untrusted where a part of it that does something was copied."""
        for part in re.split(r"\s*(?:&&|\|\||;|\|)\s*", text):
            if len(part) < 4 or quiet(part):
                continue
            risky = spoken_of(COMMANDS, part, "") is not None
            for source in self._results:
                if source.holds(part) and (risky or not self._pointed_at(source)):
                    return Traced(value, Ground.UNTRUSTED, source.result.path, source.result.tool)
        if spoken_of(COMMANDS, value.text, self.person) is False and not self._names_program(text):
            return Traced(value, Ground.INVENTED)
        return Traced(value, Ground.COMPOSED)

    def _names_program(self, text: str) -> bool:
        """Say whether the person named one of the first words of a command."""
        words = {token.rpartition("/")[2] for token in re.findall(r"[a-z][\w./-]{1,30}", text)[:3]}
        return any(contains(self.person, word) for word in words if len(word) > 2)

    def _in_results(self, value: Decisive, text: str) -> Traced | None:
        """Return the best ground among the results that hold the value, None where none does."""
        found: Traced | None = None
        for source in self._results:
            if not (source.names(text) if value.sort is Sort.NAME else source.holds(text)):
                continue
            place = (source.result.path, source.result.tool)
            if self._is_record(source, value, text):
                return Traced(value, Ground.RECORD, *place)
            found = found or Traced(value, Ground.UNTRUSTED, *place)
        return found

    def _is_record(self, source: _Source, value: Decisive, text: str) -> bool:
        """Say whether the value is a whole field of a record that may be gone by."""
        listed = source.fields
        if listed is None:
            return False
        holding = [field for field in listed if not field.free and same(field.value, text, value.sort)]
        if not holding:
            return False
        if Label.READS_UNTRUSTED not in self.labels(source.result.tool) or is_id(holding[0].key):
            return True
        records = {field.record for field in listed}
        return len(records) == 1 or any(self._anchored(listed, field) for field in holding)

    def _anchored(self, listed: Iterable[Field], held: Field) -> bool:
        """Say whether the person spoke of this record: a word of one of its values is a word of theirs."""
        spoken = {word[:_STEM] for word in WORD.findall(self.person) if word not in COMMON}
        near = [fold(field.value) for field in listed if field.record == held.record and not field.free]
        return any(word[:_STEM] in spoken for value in near for word in WORD.findall(value))

    def _pointed(self, value: Decisive, text: str) -> Traced | None:
        """Return the source that the person named and spoke of such a value in, where it is the only one of its kind.

        "Pay the bill in bill.txt": the file holds one account. With a second one in it nobody knows which was meant.
        """
        form, spoken = _FORMS.get(value.sort, (None, None))
        if form is None or spoken is None or not spoken.search(self.person):
            return None
        for source in self._results:
            if self._pointed_at(source, spoken):
                kinds = {fold(found[0]).rstrip(".,;:!?") for one in form for found in one.finditer(source.result.text)}
                if len(kinds) == 1 and same(kinds.pop(), text, value.sort):
                    return Traced(value, Ground.RECORD, source.result.path, source.result.tool)
        return None

    def _pointed_at(self, source: _Source, spoken: re.Pattern[str] | None = None) -> bool:
        """Say whether the person named what this result was read from, in one message with such a word."""
        return any(
            named(Sort.PATH, fold(argument), said)
            for said in self._messages
            if spoken is None or spoken.search(said)
            for argument in source.result.asked
        )


class _Source:
    """One result, folded and read for structure when first asked."""

    def __init__(self, result: Result) -> None:
        self.result = result

    @cached_property
    def _text(self) -> str:
        return alike(self.result.text)

    @cached_property
    def _spaced(self) -> str:
        return " ".join(self._text.split())

    def holds(self, text: str) -> bool:
        """Say whether this folded text stands in it. White space is only looked at where the text has any."""
        first, spaced, _ = text.partition(" ")
        if not spaced:
            return text in self._text
        return first in self._text and text in self._spaced

    def names(self, text: str) -> bool:
        """Say whether this folded text stands in it as a whole word."""
        return self.holds(text) and contains(self._text, text)

    @cached_property
    def fields(self) -> list[Field] | None:
        return fields(self.result.text)

    @cached_property
    def free(self) -> bool:
        """Say whether anything in it is prose that somebody wrote."""
        return (
            any(field.free for field in self.fields)
            if self.fields is not None
            else _PROSE.search(self.result.text) is not None
        )
