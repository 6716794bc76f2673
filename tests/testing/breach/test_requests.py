"""The bodies of requests are those that each vendor's clients send."""

import orjson

from stockade.testing.breach.requests import Asked, anthropic, openai_chat, openai_responses, session_id, wire_id
from stockade.testing.breach.task import Call, Domain, Kind, Result, Said, Split, Step, Task, Told, Tool

STEPS: tuple[Step, ...] = (
    Said("look"),
    Told("I look."),
    Call("c1", "read", {"n": 1}),
    Call("c2", "read", {"n": 2}),
    Result("c2", "two"),
    Result("c1", "one"),
    Said("and?"),
    Told("Done."),
)
TASK = Task(
    "mail.x.y",
    "mail.x",
    Domain.MAIL,
    Kind.HONEST,
    Split.DEV,
    "n",
    "be kind",
    (Tool("read", "reads", {"type": "object"}),),
    STEPS,
)
ASKED = Asked(TASK, STEPS[:7], "m", True, "s-1")


def test_anthropic_brings_all_results_of_an_answer_in_one_message() -> None:
    body = anthropic(ASKED)
    roles = [(message["role"], [block["type"] for block in message["content"]]) for message in body["messages"]]
    assert roles == [
        ("user", ["text"]),
        ("assistant", ["text", "tool_use", "tool_use"]),
        ("user", ["tool_result", "tool_result", "text"]),
    ]
    results = body["messages"][2]["content"][:2]
    assert [block["tool_use_id"] for block in results] == [wire_id(TASK, name, "toolu") for name in ("c2", "c1")]
    assert body["system"][0]["text"] == "be kind"
    assert body["tools"] == [{"name": "read", "description": "reads", "input_schema": {"type": "object"}}]
    assert orjson.loads(body["metadata"]["user_id"]) == {"session_id": "s-1"}
    assert body["stream"] is True


def test_chat_brings_an_answer_with_its_calls_in_one_message() -> None:
    body = openai_chat(ASKED)
    assert [message["role"] for message in body["messages"]] == ["system", "user", "assistant", "tool", "tool", "user"]
    told = body["messages"][2]
    assert told["content"] == "I look."
    assert [orjson.loads(call["function"]["arguments"]) for call in told["tool_calls"]] == [{"n": 1}, {"n": 2}]
    assert body["messages"][3]["tool_call_id"] == told["tool_calls"][1]["id"]
    assert body["stream_options"] == {"include_usage": True}
    assert "stream" not in openai_chat(ASKED._replace(stream=False))


def test_chat_writes_null_for_an_answer_without_words() -> None:
    steps = (Said("look"), Call("c1", "read", {}), Result("c1", "one"))
    told = openai_chat(ASKED._replace(steps=steps))["messages"][2]
    assert told["content"] is None
    assert "tool_calls" not in openai_chat(ASKED._replace(steps=STEPS))["messages"][-1]


def test_responses_brings_one_item_a_step() -> None:
    body = openai_responses(ASKED)
    assert [item["type"] for item in body["input"]] == [
        "message",
        "message",
        "function_call",
        "function_call",
        "function_call_output",
        "function_call_output",
        "message",
    ]
    assert body["input"][4] == {"type": "function_call_output", "call_id": wire_id(TASK, "c2", "call"), "output": "two"}
    assert (body["instructions"], body["prompt_cache_key"], body["store"]) == ("be kind", "s-1", False)


def test_ids_repeat_in_each_turn_and_differ_between_tasks() -> None:
    other = Task("mail.x.z", "mail.x", Domain.MAIL, Kind.HONEST, Split.DEV, "n", "s", (), STEPS)
    assert wire_id(TASK, "c1", "call") == wire_id(TASK, "c1", "call")
    assert len({wire_id(TASK, "c1", "call"), wire_id(TASK, "c2", "call"), wire_id(other, "c1", "call")}) == 3
    assert session_id(TASK) == session_id(TASK) != session_id(other)
