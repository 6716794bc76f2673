from hashlib import sha256
from pathlib import Path

import pytest

from stockade.core.errors import ConfigError
from stockade.guard.policy.engine import PolicyEngine
from stockade.stores.policy_archive import POLICIES, PolicyArchive
from stockade.stores.policy_files import load_policy

BASELINE = load_policy(("baseline",))


def test_a_policy_comes_back_as_it_was(tmp_path: Path) -> None:
    engine = load_policy(("strict",))
    PolicyArchive(tmp_path).keep(engine.document)
    PolicyArchive(tmp_path).keep(engine.document)
    document = PolicyArchive(tmp_path).get(engine.digest)
    assert document == engine.document
    again = PolicyEngine.from_document(document)
    assert (again.digest, again.rule_ids) == (engine.digest, engine.rule_ids)
    [path] = (tmp_path / POLICIES).iterdir()
    assert path.stat().st_mode & 0o077 == 0


def test_another_document_is_never_taken_for_it(tmp_path: Path) -> None:
    archive = PolicyArchive(tmp_path)
    assert archive.get(BASELINE.digest) is None
    archive.keep(BASELINE.document)
    [path] = (tmp_path / POLICIES).iterdir()
    path.write_bytes(load_policy(("strict",)).document)
    assert archive.get(BASELINE.digest) is None


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OSError, match="directory"):
        PolicyArchive(tmp_path / "file").keep(b"document")


@pytest.mark.parametrize("document", [b"", b"[]", b"[1,2]", b'["",[["a","b"]]]', b'["no schema",[["a","b",false,[]]]]'])
def test_what_is_no_document_is_refused(document: bytes) -> None:
    with pytest.raises(ConfigError):
        PolicyEngine.from_document(document)


def test_the_digest_is_that_of_the_document() -> None:
    assert BASELINE.digest == "sha256:" + sha256(BASELINE.document).hexdigest()
