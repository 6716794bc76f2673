"""What lies in the folder is in the catalogue."""

from pathlib import Path

import pytest

from stockade.guard import detectors
from stockade.guard.detectors.catalog import discover

BODY = """
from stockade.core.findings import Category
class D:
    id = "{id}"
    version = "1"
    category = Category.CREDENTIAL
    opens_views = False
    patterns = ()
DETECTOR = {made}
"""


def lay(folder: Path, name: str, body: str) -> None:
    (folder / name).mkdir()
    (folder / name / "__init__.py").touch()
    (folder / name / "detector.py").write_text(body)


def test_every_folder_is_found_in_order_of_the_ids() -> None:
    ids = [detector.id for detector in discover()]
    assert "secrets.credentials" in ids
    assert ids == sorted(ids)


def test_a_new_folder_is_found_by_being_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lay(tmp_path, "apples_red", BODY.format(id="apples.red", made="D()"))
    monkeypatch.setattr(detectors, "__path__", [str(tmp_path)])
    assert [detector.id for detector in discover()] == ["apples.red"]


@pytest.mark.parametrize(
    ("name", "own_name", "made"), [("pears_green", "pears.yellow", "D()"), ("plums_blue", "plums.blue", "object()")]
)
def test_a_folder_that_is_no_detector_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, own_name: str, made: str
) -> None:
    lay(tmp_path, name, BODY.format(id=own_name, made=made))
    monkeypatch.setattr(detectors, "__path__", [str(tmp_path)])
    with pytest.raises(TypeError, match=name):
        discover()
