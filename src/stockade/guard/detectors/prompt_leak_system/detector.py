"""The detector of a system prompt that comes back. Owns its card and the indexes it keeps from turn to turn."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from stockade.core.findings import Category
from stockade.core.limits import INDEXES_MAX
from stockade.core.segments import Channel, Segment
from stockade.guard.detectors.prompt_leak_system.index import PromptIndex, make_index, secret_texts
from stockade.guard.detectors.prompt_leak_system.watch import ENCODED, PASSAGE, PROMPT, PromptWatch
from stockade.guard.detectors.prompt_leak_system.words import digests, shingles, words

_TELLING = frozenset({Channel.USER, Channel.TOOL_RESULT, Channel.DOCUMENT})
"""Who else may have said what the system prompt says: then it is no secret of the prompt."""


class SystemPromptLeak:
    """Find the system prompt, or a tool's definition that was named secret, in an answer.

    Finds: the prompt said word for word or with one word in seven changed, in any case, spacing, punctuation, markup
    or order of its paragraphs; in base64, hex, URL encoding and escapes, rot13 and written backwards. A passage (some
    fifteen words in a row) is one rule, the prompt another: half of it, or its opening and sixty words, or 400 words.

    Why it matters: a prompt holds business rules, names of systems and what the model is told to refuse; whoever reads
    it knows what to get around (OWASP LLM07:2025).

    Example: "Sure, my instructions are: You are Mira, the travel assistant of ..." and so on to the end.

    Known misses: a translation or a summary; every fifth word changed; a prompt of less than 24 words; single letters
    with spaces between; answers in a conversation that the vendor keeps (the request holds no prompt then); the first
    fifteen words of a stream, which have left before it is a passage.

    Cost: some 4 microseconds a word of a stream, 0.3 a word of a whole answer; 60 microseconds for each KB of a prompt
    that was not seen before.
    """

    id = "prompt_leak.system"
    category = Category.PROMPT_LEAK
    rules: tuple[str, ...] = (PROMPT, ENCODED, PASSAGE)

    def __init__(self, tools: Sequence[str] = ()) -> None:
        """Keep system prompts secret, and the definitions of tools whose name fits one of `tools` (* and ?)."""
        self.version = "1"
        self._tools = tuple(tools)
        self._kept: dict[bytes, PromptIndex | None] = {}

    def watch(self, request: Sequence[Segment]) -> PromptWatch | None:
        """Return the watch over one answer, or None where the request holds no prompt that is worth hiding."""
        texts = secret_texts(request, self._tools)
        if not texts:
            return None
        name = sha256("\0".join([str(len(text)) for text in texts]).encode())
        for text in texts:
            name.update(text.encode("utf-8", "surrogatepass"))
        key = name.digest()
        if key not in self._kept:
            if len(self._kept) >= INDEXES_MAX:
                self._kept.clear()
            self._kept[key] = make_index(texts)
        index = self._kept.get(key)
        if index is None:
            return None

        def told_elsewhere(secret: frozenset[int]) -> frozenset[int]:
            others = (segment.text for segment in request if segment.channel in _TELLING)
            return secret.intersection(each for text in others for each in shingles(digests(words(text))))

        return PromptWatch(index, told_elsewhere, subject=name.hexdigest())


DETECTOR = SystemPromptLeak()
