"""A coding agent's whole request is read: every string accounted for, nothing moved, the session known."""

import json

from stockade.core.segments import Channel, Kind
from tests.contracts.dialect_agent_sample import SESSION, coding_agent_request
from tests.contracts.dialect_samples import applied, check_accounted, parsed, tokens

RAW = coding_agent_request()
SAMPLE = ("anthropic_messages", "coding_agent", RAW)


def test_it_is_as_large_as_a_real_one_and_always_the_same() -> None:
    assert 60_000 <= len(RAW) <= 80_000
    assert coding_agent_request() == RAW
    body = json.loads(RAW)
    assert (len(body["tools"]), len(body["messages"])) == (25, 12)


def test_every_string_is_accounted_for_and_nothing_applied_is_the_same_bytes() -> None:
    read = parsed("requests", SAMPLE)
    check_accounted(SAMPLE[0], tokens(RAW), read.segments)
    assert applied("requests", SAMPLE, read, {}) == RAW
    assert (read.session, read.models) == (SESSION, ("claude-opus-5",))


def test_each_channel_is_told_and_nothing_of_a_known_client_is_opaque() -> None:
    segments = parsed("requests", SAMPLE).segments
    assert {segment.channel for segment in segments} == set(Channel) - {Channel.DOCUMENT}
    assert not [segment.pointer for segment in segments if segment.kind is Kind.OPAQUE]
    assert sum(segment.kind is Kind.THINKING for segment in segments) == 5


def test_one_edit_in_each_channel_changes_only_its_string() -> None:
    read = parsed("requests", SAMPLE)
    before = tokens(RAW)
    for channel in Channel:
        numbers = [n for n, segment in enumerate(read.segments) if segment.channel is channel]
        for number in numbers[-1:]:
            token = read.segments[number].token
            after = tokens(applied("requests", SAMPLE, read, {number: 'new "x"\n'}))
            assert [n for n, (old, now) in enumerate(zip(before, after, strict=True)) if old[1] != now[1]] == [token]
