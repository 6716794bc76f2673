"""The index: which texts of a request are secret, and what is kept of them."""

from stockade.core import limits
from stockade.core.segments import Channel, Kind, Segment
from stockade.guard.detectors.prompt_leak_system import index as module
from stockade.guard.detectors.prompt_leak_system.index import PROMPT_WORDS_MIN, make_index, secret_texts, weigh

LONG = " ".join(f"word{n}" for n in range(100))


def segment(channel: Channel, text: str, *path: str | int, kind: Kind = Kind.TEXT) -> Segment:
    return Segment(path, text, "x", channel, kind, 0)


def test_the_system_prompt_is_secret_and_nothing_else() -> None:
    request = [segment(channel, str(channel), "messages", n) for n, channel in enumerate(Channel)]
    assert secret_texts(request, ()) == ["system"]


def test_names_in_the_system_channel_are_no_prompt() -> None:
    assert secret_texts([segment(Channel.SYSTEM, "object", "text", "type", kind=Kind.IDENTIFIER)], ()) == []


def test_a_tool_is_secret_by_its_own_name_not_by_that_of_a_parameter() -> None:
    request = [
        segment(Channel.TOOL_DEFINITION, "price_rules", "tools", 0, "name", kind=Kind.IDENTIFIER),
        segment(Channel.TOOL_DEFINITION, "How prices are made.", "tools", 0, "description"),
        segment(Channel.TOOL_DEFINITION, "price_list", "tools", 0, "input_schema", "properties", "name"),
        segment(Channel.TOOL_DEFINITION, "search", "tools", 1, "function", "name", kind=Kind.IDENTIFIER),
        segment(Channel.TOOL_DEFINITION, "Searches.", "tools", 1, "function", "description"),
        segment(Channel.TOOL_DEFINITION, "price_rules", "tools", 1, "function", "parameters", "properties", "name"),
    ]
    assert secret_texts(request, ("price_*",)) == ["price_rules", "How prices are made.", "price_list"]
    assert secret_texts(request, ("nothing",)) == []


def test_a_short_prompt_is_not_worth_hiding() -> None:
    assert make_index(["You are a helpful assistant."]) is None
    assert make_index([" ".join(["word"] * (PROMPT_WORDS_MIN - 1))]) is None
    assert make_index([]) is None


def test_an_index_weighs_its_shingles() -> None:
    index = make_index([LONG])
    assert index is not None
    assert len(index.shingles) == 97
    assert index.weight == 97
    assert index.opening_sizes == (61,)


def test_short_words_and_single_characters_weigh_less() -> None:
    assert weigh(4) == weigh(12) / 3
    assert weigh(12) == weigh(40) == 1


def test_a_prompt_past_the_bound_is_sampled_evenly(monkeypatch: object) -> None:
    words = " ".join(f"w{n}" for n in range(4 * 1000))
    whole = make_index([words])
    assert whole is not None
    module.LEAK_WORDS_MAX, bound = 1000, module.LEAK_WORDS_MAX
    try:
        sampled = make_index([words])
    finally:
        module.LEAK_WORDS_MAX = bound
    assert sampled is not None
    assert sampled.every == 5
    assert 600 < len(sampled.shingles) < 1000
    assert sampled.shingles < whole.shingles
    assert abs(sampled.weight - whole.weight) < 0.2 * whole.weight
    assert bound == limits.LEAK_WORDS_MAX
