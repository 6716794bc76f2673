import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockade.config.reader import FILE_BYTES_MAX, parse_settings, read_settings, schema_keys
from stockade.config.schema import Settings, Upstream, Upstreams
from stockade.core.errors import ConfigError

HERE = Path("/etc/gate/stockade.yaml")
GOOD = """\
listen: 127.0.0.1:8700
data_dir: ./.stockade
upstreams:
  anthropic: {base_url: "https://api.anthropic.com", key_env: ANTHROPIC_API_KEY}
  openai: {base_url: "https://api.openai.com", key_env: OPENAI_API_KEY}
models: ["claude-*", "gpt-*"]
"""


def complaint(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        parse_settings(text.encode(), HERE)
    return caught.value.public


def test_the_file_of_the_documentation_is_read() -> None:
    settings = parse_settings(GOOD.encode(), HERE)
    assert (settings.host, settings.port) == ("127.0.0.1", 8700)
    assert settings.data_dir == Path("/etc/gate/.stockade")
    assert settings.models == ("claude-*", "gpt-*")
    assert settings.upstreams.openai == Upstream("https://api.openai.com", key_env="OPENAI_API_KEY")
    assert settings.database_url == "sqlite:////etc/gate/.stockade/control.sqlite"


def test_defaults_stand_where_nothing_is_written() -> None:
    settings = parse_settings(b"upstreams: {openai: {base_url: 'https://x.test', key_env: K}}", HERE)
    assert settings.limits == Settings().limits
    assert settings.data_dir == Path("/etc/gate/.stockade")


def test_paths_are_relative_to_the_file() -> None:
    text = GOOD + "policy: [baseline, a.cedar, /abs/b.cedar]\ndatabase: sqlite:///state/x.db\n"
    settings = parse_settings(text.encode(), HERE)
    assert settings.policy == ("baseline", "/etc/gate/a.cedar", "/abs/b.cedar")
    assert settings.database_url == "sqlite:////etc/gate/state/x.db"
    assert parse_settings((GOOD + "policy: one.cedar").encode(), HERE).policy == ("/etc/gate/one.cedar",)


@pytest.mark.parametrize(
    ("added", "place", "words"),
    [
        ("lisen: x", "7:1", 'did you mean "listen"?'),
        ("zzzz: 1", "7:1", "known here: listen, data_dir"),
        ("limits: {body_byte_max: 5}", "7:10", 'did you mean "body_bytes_max"?'),
        ("limits: {body_bytes_max: lots}", "7:26", "must be a whole number (bytes), not text"),
        ("limits: {body_bytes_max: 1.5}", "7:26", "must be a whole number"),
        ("limits: {body_bytes_max: 3}", "7:26", "must be from 1024 to 268,435,456 bytes"),
        ("limits: {requests_per_minute: true}", "7:31", "not yes or no"),
        ("limits: {requests_per_minute: 010}", "7:31", "must be a whole number"),
        ("limits: [1]", "7:9", "limits must be a section of keys, not a list"),
        ("guards: {inspect_timeout_s: .nan}", "7:29", "must be a number (seconds)"),
        ("guards: {inspect_timeout_s: .inf}", "7:29", "must be a number (seconds)"),
        ("guards:", "7:8", "guards must be a section of keys, not nothing"),
        ("database: mysql://x", "7:11", "starts with sqlite:/// or postgresql://"),
        ("listen: 127.0.0.1:1", "7:1", "listen is written twice"),
        ("policy: [1]", "7:10", "must be text"),
        ("policy: &a x.cedar", "7:9", "anchors and aliases"),
        ("policy: !!python/name:os.system x", "7:9", "tags are not read"),
        ("policy: [x", "8:1", "not valid YAML"),
        ("? [a, b]\n: c", "7:3", "this key is not a key"),
        ("policy: " + "[" * 40 + "]" * 40, "7:40", "nested deeper than 32"),
        ('policy: "a\\0b"', "7:9", "must be text"),
    ],
)
def test_a_complaint_names_its_place_and_what_is_meant(added: str, place: str, words: str) -> None:
    told = complaint(GOOD + added + "\n")
    assert told.startswith(f"{HERE}:{place}: ")
    assert words in told


@pytest.mark.parametrize(
    ("upstream", "words"),
    [
        ("{base_url: 'http://127.0.0.1:9', key_env: K}", "plain http"),
        ("{base_url: 'http://8.8.8.8', key_env: K, allow_private: true}", "public address"),
        ("{base_url: 'https://u:p@x.test', key_env: K}", "no user or password"),
        ("{base_url: 'https://x.test?q=1', key_env: K}", "no query"),
        ("{base_url: 'ftp://x.test', key_env: K}", "absolute https:// address"),
        ("{base_url: 'https://x.test:99999', key_env: K}", "is not a URL"),
        ("{base_url: 'https://x.test'}", "needs key_env or key_file"),
        ("{base_url: 'https://x.test', key_env: K, key_file: f}", "not both"),
        ("{base_url: 'https://x.test', key_env: 'sk-ant-secret value'}", "the name of an environment variable"),
        ("{key_env: K}", "upstreams.openai.base_url is missing"),
        ("{base_url: 'https://x.test', key_env: K, allow_private: yes}", "must be true or false"),
    ],
)
def test_an_upstream_that_leads_elsewhere_is_refused(upstream: str, words: str) -> None:
    told = complaint(f"upstreams:\n  openai: {upstream}\n")
    assert words in told
    assert "secret value" not in told


def test_a_model_of_ones_own_may_stand_on_loopback() -> None:
    text = b"upstreams: {openai: {base_url: 'http://127.0.0.1:9', allow_private: true}}"
    assert parse_settings(text, HERE).upstreams.openai == Upstream("http://127.0.0.1:9", allow_private=True)


def test_every_complaint_is_told_at_once() -> None:
    told = complaint("lisen: x\nmodels: 5\nupstreams: {openai: {base_url: 'https://x.test', key_env: K}}\n")
    assert [line.split(": ")[0] for line in told.splitlines()] == [f"{HERE}:1:1", f"{HERE}:2:9"]


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "is empty"),
        (b"# nothing\n", "is empty"),
        (b"a: 1\nb: \xff\n", ":2: not valid UTF-8"),
        (b"a: \x01", "not valid YAML"),
        (b"---\na: 1\n---\nb: 2\n", "not valid YAML"),
        (b"models: ['claude-*']", "needs at least one vendor"),
        (b" " * (FILE_BYTES_MAX + 1), "larger than"),
    ],
)
def test_a_file_that_is_no_configuration_is_refused(raw: bytes, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        parse_settings(raw, HERE)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.yaml: cannot be read: No such file"):
        read_settings(tmp_path / "none.yaml")


def test_a_folder_is_not_a_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        read_settings(tmp_path)


@given(st.text(max_size=200))
def test_any_text_is_settings_or_a_config_error(text: str) -> None:
    with contextlib.suppress(ConfigError):
        assert parse_settings(text.encode("utf-8", "surrogatepass"), HERE).upstreams != Upstreams()


def test_the_schema_is_walked_in_its_order() -> None:
    assert [key.name for key in schema_keys(Settings)][:3] == ["listen", "data_dir", "upstreams"]
    assert [key.name for key in schema_keys(Upstream) if key.required] == ["base_url"]
