"""Asking: a person's words are compared with what a tool does, by kind, in a few languages."""

import pytest

from stockade.guard.flow.asking import asked, classes


@pytest.mark.parametrize(
    ("tool", "said"),
    [
        ("send_email", "Reply to Bob that I agree"),
        ("send_email", "Can you forward the notes to Alice?"),
        ("send_email", "Schick Bob die Notizen"),
        ("send_email", "Envía las notas a Bob"),
        ("delete_file", "Get rid of the old drafts"),
        ("create_calendar_event", "Schedule lunch with Zoe on Friday"),
        ("reserve_hotel", "Book the cheapest hotel"),
        ("send_money", "Pay my share of dinner"),
        ("Edit", "Fix the failing test"),
        ("Bash", "Run the tests and commit"),
        ("update_ticket", "Please handle ticket 42"),
        ("invite_user_to_channel", "Add Zoe to the channel"),
    ],
)
def test_what_was_asked_for_is_known(tool: str, said: str) -> None:
    assert asked(tool, [said])


@pytest.mark.parametrize(
    ("tool", "said"),
    [
        ("send_email", "Summarise my inbox"),
        ("delete_file", "Summarise the file notes.txt"),
        ("send_money", "What did I spend in May?"),
        ("send_money", "Please handle it"),
        ("delete_file", "Take care of everything"),
        ("create_calendar_event", "What does the page say?"),
        ("frobnicate", "Summarise, please"),
        ("send_email", ""),
    ],
)
def test_what_was_not_asked_for_is_not(tool: str, said: str) -> None:
    assert not asked(tool, [said])


def test_a_tool_s_first_word_says_most() -> None:
    assert classes("mcp__mail__send_email")[0] == "send"
    assert classes("frobnicate") == ()
