"""The weights: those that were published or none, and the message says what was expected and what was found."""

from __future__ import annotations

import shutil
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest

from stockade.app import App
from stockade.core.errors import ConfigError
from stockade.stores import weights
from stockade.stores.weights import DIGESTS, WEIGHTS, load_classifier, read_weights
from stockade.testing.gate import settings_for


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(WEIGHTS, tmp_path / "weights"))


def digests(folder: Path) -> dict[str, str]:
    return msgspec.json.decode((folder / DIGESTS).read_bytes(), type=dict[str, str])


def test_the_weights_that_ship_are_whole() -> None:
    assert read_weights(WEIGHTS).keys() == digests(WEIGHTS).keys()
    assert load_classifier().version


def test_every_file_that_ships_is_named() -> None:
    files = {path.name for path in WEIGHTS.iterdir() if path.suffix not in {".md", ".py"} and path.is_file()}
    assert files == {*digests(WEIGHTS), DIGESTS}


def test_an_altered_file_names_both_digests(folder: Path) -> None:
    for name, expected in digests(folder).items():
        raw = (folder / name).read_bytes()
        altered = raw[:-1] + bytes([raw[-1] ^ 1])
        (folder / name).write_bytes(altered)
        with pytest.raises(ConfigError) as told:
            load_classifier(folder)
        assert name in told.value.public
        assert expected in told.value.public
        assert sha256(altered).hexdigest() in told.value.public
        (folder / name).write_bytes(raw)
    load_classifier(folder)


def test_a_missing_file_names_what_was_expected(folder: Path) -> None:
    name, expected = next(iter(digests(folder).items()))
    (folder / name).unlink()
    with pytest.raises(ConfigError, match=f"{name} are missing.*{expected}"):
        load_classifier(folder)


@pytest.mark.parametrize("told", [b"", b"[]", b'{"a": 1}', b'{"../secret": "00"}', b"{}"])
def test_broken_digests_are_an_error(folder: Path, told: bytes) -> None:
    (folder / DIGESTS).write_bytes(told)
    with pytest.raises(ConfigError):
        load_classifier(folder)


def test_a_gate_does_not_start_without_its_weights(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / next(iter(digests(folder)))).write_bytes(b"")
    monkeypatch.setattr(weights.load_classifier, "__defaults__", (folder,))
    with pytest.raises(ConfigError, match="were altered: expected sha256"):
        App(settings_for("http://127.0.0.1:1", tmp_path / "data"), {})
