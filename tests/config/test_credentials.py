from pathlib import Path

import pytest

from stockade.config.credentials import upstream_key
from stockade.config.schema import Upstream
from stockade.core.errors import ConfigError

BY_NAME = Upstream("https://x.test", key_env="VENDOR_KEY")


def test_the_key_comes_from_the_variable() -> None:
    assert upstream_key("openai", BY_NAME, {"VENDOR_KEY": "vk-1\n"}) == "vk-1"


def test_the_key_comes_from_the_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("vk-2\n", encoding="ascii")
    assert upstream_key("openai", Upstream("https://x.test", key_file=tmp_path / "key"), {}) == "vk-2"


def test_a_vendor_without_a_key_gets_none() -> None:
    assert upstream_key("openai", Upstream("http://127.0.0.1", allow_private=True), {}) == ""


@pytest.mark.parametrize("value", [None, "", "  ", "two keys", "line\nbreak", "k\u00e4y", "x" * 9000])
def test_what_cannot_be_a_key_is_refused_and_not_quoted(value: str | None) -> None:
    environ = {} if value is None else {"VENDOR_KEY": value}
    with pytest.raises(ConfigError) as caught:
        upstream_key("openai", BY_NAME, environ)
    assert "VENDOR_KEY" in caught.value.diagnostics()
    assert not value or value.strip() == "" or value not in caught.value.diagnostics()


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="none cannot be read"):
        upstream_key("openai", Upstream("https://x.test", key_file=tmp_path / "none"), {})


def test_a_file_of_bytes_is_refused(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="not ASCII"):
        upstream_key("openai", Upstream("https://x.test", key_file=tmp_path / "key"), {})
