from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from stockade.stores.recent import _ENTRY_COST, Recent

STEPS = st.lists(st.tuples(st.sampled_from("pgd"), st.integers(0, 6), st.integers(0, 300)), max_size=80)


@given(STEPS, st.integers(0, 1200))
def test_the_bound_holds_and_the_last_used_stay(steps: Sequence[tuple[str, int, int]], cost_max: int) -> None:
    recent: Recent[int, int] = Recent(cost_max)
    model: list[tuple[int, int]] = []  # (name, cost), the last used last
    for step, name, cost in steps:
        held = [entry for entry in model if entry[0] == name]
        if step == "g":
            assert recent.get(name) == (held[0][1] if held else None)
            model = [entry for entry in model if entry[0] != name] + held
        elif step == "d":
            recent.drop(name)
            model = [entry for entry in model if entry[0] != name]
        else:
            recent.put(name, cost, cost)
            model = [entry for entry in model if entry[0] != name] + [(name, cost)]
            while sum(each + _ENTRY_COST for _, each in model) > cost_max:
                model.pop(0)
        assert len(recent) == len(model)
    assert all(recent.get(name) == cost for name, cost in model)
