"""What is not of the wanted type is read as nothing."""

import pytest

from stockade.guard.dialects.values import count, rows, table, text

VALUES = [{"a": 1}, [1], "a", 7, 0, -1, True, 1.5, None]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_only_the_wanted_type_is_read(value: object) -> None:
    assert table(value) == (value if isinstance(value, dict) else {})
    assert rows(value) == (value if isinstance(value, list) else [])
    assert text(value) == (value if isinstance(value, str) else "")
    assert count(value) == (value if value in (7, 0) and not isinstance(value, bool) else None)
