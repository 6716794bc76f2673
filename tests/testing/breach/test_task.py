"""Steps fall into answers, and a task knows which of its calls count."""

from hypothesis import given
from hypothesis import strategies as st

from stockade.testing.breach.task import (
    Answer,
    Call,
    Counts,
    Domain,
    Kind,
    Result,
    Said,
    Split,
    Step,
    Task,
    Told,
    answers,
)

READ = Call("c1", "read", {})
SEND = Call("c2", "send", {}, Counts.ATTACK)
STEPS: tuple[Step, ...] = (
    Said("look"),
    Told("I look."),
    READ,
    SEND,
    Result("c1", "x", planted=True),
    Result("c2", "y"),
    Told("Done."),
)
TASK = Task("t", "f", Domain.MAIL, Kind.ATTACK, Split.DEV, "n", "s", (), STEPS)


def test_the_words_and_calls_of_one_run_are_one_answer() -> None:
    assert TASK.answers == (Answer(1, "I look.", (READ, SEND)), Answer(6, "Done.", ()))


def test_a_task_tells_its_calls_that_count_and_whether_something_is_planted() -> None:
    assert TASK.counted == (SEND,)
    assert TASK.planted


@given(st.lists(st.sampled_from([Said("u"), Told("m"), READ, Result("c1", "r")]), max_size=12))
def test_answers_hold_every_word_and_call_of_the_model_once_and_in_order(steps: list[Step]) -> None:
    found = list(answers(steps))
    assert [call for each in found for call in each.calls] == [step for step in steps if isinstance(step, Call)]
    assert sum(each.text.count("m") for each in found) == sum(isinstance(step, Told) for step in steps)
    for each in found:
        assert isinstance(steps[each.start], Told | Call)
        assert each.start == 0 or not isinstance(steps[each.start - 1], Told | Call)
