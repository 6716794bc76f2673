"""Labels: what names and descriptions tell of a tool; the unknown counts as the worst."""

import pytest

from stockade.guard.flow.conversation import ToolDefinition
from stockade.guard.flow.labels import Label, label, words

CHANGES, PRIVATE, UNTRUSTED, SENDS = (
    Label.CHANGES_STATE,
    Label.READS_PRIVATE,
    Label.READS_UNTRUSTED,
    Label.SENDS_OUT,
)


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("send_email", ["send", "email"]),
        ("mcp__mail__sendEmail_v2", ["send", "email", "v", "2"]),
        ("WebFetch", ["web", "fetch"]),
        ("HTTPRequest", ["http", "request"]),
        ("mcp__git", ["git"]),
        ("", []),
    ],
)
def test_a_name_falls_into_words(name: str, split: list[str]) -> None:
    assert words(name) == split


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("send_email", {SENDS, CHANGES, PRIVATE}),
        ("delete_file", {CHANGES}),
        ("search_contacts", {PRIVATE}),
        ("get_current_time", set()),
        ("list_channels", set()),
        ("read_emails", {UNTRUSTED, PRIVATE}),
        ("WebFetch", {UNTRUSTED, SENDS}),
        ("Read", {UNTRUSTED}),
        ("frobnicate", {SENDS, CHANGES, PRIVATE, UNTRUSTED}),
        ("", {SENDS, CHANGES, PRIVATE, UNTRUSTED}),
    ],
)
def test_a_tool_is_labelled_by_its_name(name: str, labels: set[Label]) -> None:
    got = label(ToolDefinition(name), {})
    assert got.labels >= labels
    assert (CHANGES in got.labels) == (CHANGES in labels)
    assert (SENDS in got.labels) == (SENDS in labels)
    assert got.why


def test_an_operator_s_word_goes_first() -> None:
    assert label(ToolDefinition("send_email"), {"send_email": frozenset()}).labels == frozenset()
