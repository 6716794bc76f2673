"""Sources: which files are read, how their bytes become text, and that none is read in part."""

import codecs
import os
from pathlib import Path

import pytest

from stockade.govern.scan import sources
from stockade.govern.scan.sources import Encoding, Source, SourceError, decode, encode, read, walk


def tree(root: Path, *names: str) -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name, "utf-8")
    return root


def names(paths: list[Path]) -> list[str]:
    return [source.inside.as_posix() for source in walk(paths).sources]


def test_a_folder_is_walked_in_order_but_for_what_belongs_to_others(tmp_path: Path) -> None:
    root = tree(
        tmp_path / "r", "b.txt", "a/z.txt", "a/y.txt", "a.txt", ".env", ".git/config", "x/node_modules/m.js", ".venv/v"
    )
    assert names([root]) == ["r/.env", "r/a.txt", "r/b.txt", "r/a/y.txt", "r/a/z.txt"]
    assert walk([root]).folders == 3
    assert names([root / ".venv"]) == [".venv/v"]


def test_links_below_a_folder_are_not_followed(tmp_path: Path) -> None:
    outside = tree(tmp_path / "outside", "secret.txt")
    root = tree(tmp_path / "r", "a.txt")
    (root / "folder").symlink_to(outside)
    (root / "file").symlink_to(outside / "secret.txt")
    (root / "loop").symlink_to(root)
    found = walk([root])
    assert [source.path for source in found.sources] == [root / "a.txt"]
    assert found.links == 3
    assert names([root / "file"]) == ["file"]


def test_a_file_that_became_a_link_after_the_walk_is_trouble(tmp_path: Path) -> None:
    root = tree(tmp_path / "r", "a.txt", "b.txt")
    first, _ = walk([root]).sources
    first.path.unlink()
    first.path.symlink_to(root / "b.txt")
    with pytest.raises(SourceError):
        read(first)


def test_a_pipe_in_a_folder_is_passed_over_and_one_in_a_files_place_is_trouble(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert walk([tmp_path]).sources == []
    with pytest.raises(SourceError, match="regular"):
        read(Source(tmp_path / "pipe", Path("pipe"), 0, walked=True))


def test_what_is_named_twice_is_scanned_once(tmp_path: Path) -> None:
    root = tree(tmp_path / "r", "a.txt")
    assert names([root / "a.txt", root, root / "a.txt"]) == ["a.txt"]


def test_what_is_not_there_is_trouble_and_the_rest_is_listed(tmp_path: Path) -> None:
    root = tree(tmp_path / "r", "a.txt")
    found = walk([tmp_path / "missing", root, Path("a\0b")])
    assert len(found.sources) == 1
    assert [path for path, _ in found.troubles] == [tmp_path / "missing", Path("a\0b")]


def test_a_file_past_the_bound_is_trouble_and_one_at_it_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "FILE_BYTES_MAX", 10)
    path = tmp_path / "f"
    path.write_bytes(b"x" * 10)
    assert read(Source(path, Path("f"), 10, walked=False)) == b"x" * 10
    path.write_bytes(b"x" * 11)
    with pytest.raises(SourceError, match="more than"):
        read(Source(path, Path("f"), 11, walked=False))


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"", ("", Encoding.UTF_8)),
        ("é🔑\r\n".encode(), ("é🔑\r\n", Encoding.UTF_8)),
        (codecs.BOM_UTF8 + b"x", ("x", Encoding.UTF_8_SIG)),
        ("é\n".encode("utf-16"), ("é\n", Encoding.UTF_16)),
        (codecs.BOM_UTF16_BE + "é\n".encode("utf-16-be"), ("é\n", Encoding.UTF_16)),
        ("é\n".encode("utf-32"), ("é\n", Encoding.UTF_32)),
        ("caf\u00e9 au lait".encode("latin-1"), ("caf\ufffd au lait", Encoding.UNKNOWN)),
        (b"\x1b[31mred\x1b[0m \xff", ("\x1b[31mred\x1b[0m \ufffd", Encoding.UNKNOWN)),
        (b"PK\x03\x04\x00\x00", None),
        (b"\x89\x01\x02\x03\x04\x05\xff", None),
        (b"a\0b", None),
    ],
)
def test_bytes_are_text_or_binary(raw: bytes, expected: tuple[str, Encoding] | None) -> None:
    assert decode(raw) == expected


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "be16", "be32"])
def test_what_was_read_is_written_back_as_it_was(codec: str) -> None:
    text = "é🔑\r\n\n"
    marked = {
        "be16": codecs.BOM_UTF16_BE + text.encode("utf-16-be"),
        "be32": codecs.BOM_UTF32_BE + text.encode("utf-32-be"),
    }
    raw = marked.get(codec) or text.encode(codec)
    decoded = decode(raw)
    assert decoded is not None
    assert decoded[0] == text
    assert encode(*decoded[:1], raw, decoded[1]) == raw


def test_what_could_not_be_read_whole_is_not_written_back() -> None:
    with pytest.raises(SourceError, match="UTF-8"):
        encode("caf\ufffd", b"caf\xe9", Encoding.UNKNOWN)
