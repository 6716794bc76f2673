"""Every bound of the gate, with its unit. Past a bound the answer is a clear error, never a guess on half the data.

Operators may lower or raise those that `config/schema.py` names; these are the defaults and the hard ends.
"""

from __future__ import annotations

BODY_BYTES_MAX = 32 * 1024 * 1024
"""Largest request body. Source: Anthropic Messages accepts 32 MB (docs.anthropic.com, read November 2026)."""

ANSWER_BYTES_MAX = 64 * 1024 * 1024
"""Largest body of a vendor's whole (not streamed) answer."""

STREAM_BYTES_MAX = 256 * 1024 * 1024
"""Most bytes of one vendor stream; past it the stream is stopped with an error event."""

SSE_EVENT_BYTES_MAX = 64 * 1024 * 1024
"""Largest single server-sent event: OpenAI Responses repeats the whole answer in its last one."""

HEADER_BYTES_MAX = 64 * 1024
"""All request headers together (uvicorn's httptools parser stops at 64 KiB as well)."""

HEAD_TIMEOUT_S = 30.0
"""Longest time from a connection's opening, or a request's first byte, to the end of the request's head."""

BODY_PAUSE_S = 30.0
"""Longest pause between two parts of a request body; a client that is slower holds a place for nothing."""

JSON_DEPTH_MAX = 128
"""Deepest nesting of a body; tool schemas of real clients stay under 30."""

JSON_STRINGS_MAX = 500_000
"""Most strings (keys and values) in one body."""

JSON_PATH_PARTS_MAX = 8_000_000
"""Most steps of the paths to all strings of one body together; each costs 8 bytes, so many deep strings cost memory."""

INLINE_BYTES_MAX = 256 * 1024
"""A body up to this size is read and edited on the event loop (some milliseconds); a larger one in a thread."""

INLINE_CHARS_MAX = 16 * 1024
"""Text up to this size is inspected on the event loop (mostly under 1 ms, 0.3 s at the worst); more in a thread."""

PATH_CHARS_MAX = 2048
"""Longest path with query."""

MODEL_CHARS_MAX = 256
"""Longest model id."""

HOLD_CHARS_MAX = 16_384
"""Most characters of streamed text that wait because they can still become a match: the longest private key fits."""

CONTEXT_CHARS = 256
"""Characters of already released text that a detector may look back at while judging new text."""

PASSAGE_CHARS = 1200
"""Characters of a streamed answer that are judged for meaning together: some two windows of the encoder."""

PASSAGE_CONTEXT_CHARS = 200
"""Characters of the passage before that are read with it: a sentence or two."""

TOOL_CALL_CHARS_MAX = 8 * 1024 * 1024
"""Largest arguments of one streamed tool call, which is judged whole before a client may run it."""

KEEPALIVE_EVENTS = 64
"""Held stream events after which the client is sent one SSE comment, so that it does not take the stream for dead."""

VIEW_DEPTH_MAX = 3
"""Encodings opened inside one another (base64 in JSON in URL encoding)."""

VIEW_CHARS_MAX = 8 * 1024 * 1024
"""Most characters that all views opened from one segment may hold together; past it the guard has failed."""

HITS_MAX = 2_000_000
"""Most hits of one scan for patterns; past it the guard has failed. Ordinary code has one in a few hundred bytes."""

WINDOW_BYTES_MAX = 65_536
"""Bytes in which the end of one value is looked for; a longer value is cut there."""

FINDINGS_MAX = 10_000
"""Most findings on one side of an exchange; past it the body is refused."""

CLASSIFIED_ROUNDS_MAX = 16
"""Times that what is left of one message is looked at again without its worst text; then all that is left is found."""

VERDICTS_MAX = 200_000
"""Verdicts kept in memory: a turn of a coding agent has two, so the history of some hundreds of sessions fits."""

VERDICT_BYTES_MAX = 64 * 1024 * 1024
"""Bytes of all verdicts kept in memory; without findings one has 250."""

LEAK_WORDS_MAX = 65_536
"""Words of one request's system prompt that are each compared with an answer; of a longer prompt every second, or every
third shingle is (some 5 MB of digests at the most)."""

INDEXES_MAX = 64
"""Indexes of system prompts kept in memory, of all tenants together."""

LINK_CHARS_MAX = 4096
"""Most characters of a streamed address with spaces in it that wait for its closing bracket or quote."""

PLACEHOLDERS_MAX = 1_000_000
"""Placeholders kept for one tenant; the least recently used go first."""

RECORD_BYTES_MAX = 60_000
"""Largest ledger record; a tlog-tiles entry bundle stores sizes in 16 bits."""

RECORDING_BYTES_MAX = 32 * 1024 * 1024
"""Most bytes of request and answer together that a recording holds; a larger exchange is counted, not recorded."""

RECORDED_BYTES_MAX = 320 * 1024 * 1024
"""Largest unpacked recording that is read: the largest that configuration allows, with its facts."""

RECORDINGS_PENDING_BYTES_MAX = 64 * 1024 * 1024
"""Most bytes of recordings that wait for the disk; past it exchanges are counted, not recorded."""

TOKEN_BYTES_MAX = 16 * 1024
"""Largest bearer token; those of large directories stay below 8 KB, and all headers together end at 64 KB."""

CLAIMS_MAX = 200
"""Most claims of one token; ordinary ones have 10 to 40."""

GROUPS_MAX = 500
"""Most groups of one token; Microsoft Entra itself stops at 200 (learn.microsoft.com, read November 2026)."""

CLAIM_CHARS_MAX = 512
"""Longest subject, name, group or other text of a claim that is read."""

TOKENS_MAX = 10_000
"""Proven tokens kept in memory; a gate of more people at once proves some of them anew."""

ISSUER_BYTES_MAX = 256 * 1024
"""Largest document that an issuer of tokens may answer with: metadata, keys, tokens."""

ISSUER_KEYS_MAX = 64
"""Most keys of one issuer; large public ones have ten."""

APPROVAL_WAIT_S = 24 * 3600
"""How long what is held waits for a person, and how long a no holds; past it the next retry asks anew."""

APPROVAL_UNTIL_S_MAX = 30 * 86_400
"""Longest time for which a person can approve something at once."""

APPROVALS_WAITING_MAX = 1000
"""Things of one tenant that may wait for a person at once; past it they are refused, not written down."""

APPROVAL_SHOWN_CHARS_MAX = 400
"""Most characters of one argument that an approver is shown; the rest is counted."""

APPROVAL_LISTED_MAX = 40
"""Most arguments, and most decisive values, of one held call that an approver is shown; the rest are counted."""
