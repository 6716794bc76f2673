from __future__ import annotations

import zlib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockade.core.decisions import Effect, Verdict
from stockade.core.facts import CallFacts, FindingFacts
from stockade.core.principal import Principal, PrincipalKind, Role, Workspace, WorkspaceSource
from stockade.guard.recording.encoding import decode, encode
from stockade.guard.recording.recording import Answer, Asked, Decided, Recording, Side, Sighting, Standing

FACTS = FindingFacts("d.x", "r", "credential", 4, 900, "user", "text", True, False, "new", latest=False)
SIGHTING = Sighting(Side.REQUEST, FACTS, "TOKEN", "e" * 32, 3, 40, Verdict(Effect.PSEUDONYMISE, ("rule",)))
PRINCIPAL = Principal("k-1", "ana", "acme", PrincipalKind.PERSON, ("t",), (Role.ADMIN,), "w")
CALL = CallFacts(
    "acme", "k-1", "m", "openai-chat", True, False, workspace=Workspace("w"), asserted_by=WorkspaceSource.KEY
)


def recording(body: bytes = b"{}", pieces: tuple[bytes, ...] = (b"a", b"b"), tenant: str = "acme") -> Recording:
    return Recording(
        id="ex-1",
        started_s=1_700_000_000.25,
        ended_s=1_700_000_001.0,
        asked=Asked("POST", "/v1/x", "a=b", ((b"anthropic-beta", b"\xff"),), body),
        principal=Principal("k-1", "ana", tenant, PrincipalKind.PERSON, ("t",), (Role.ADMIN,), "w"),
        call=CALL,
        models=(Standing("m", True, False),),
        decided=Decided("sha256:0", 200, "completed", forwarded="f", sightings=(SIGHTING,)),
        known=frozenset({"e" * 32}),
        answer=Answer(200, ((b"content-type", b"application/json"),), pieces),
    )


@given(st.binary(max_size=200), st.lists(st.binary(min_size=1, max_size=50), max_size=5))
def test_what_was_encoded_is_read(body: bytes, pieces: list[bytes]) -> None:
    kept = recording(body, tuple(pieces))
    found = decode(encode(kept))
    assert found == kept
    assert found.size == len(body) + sum(map(len, pieces))
    assert type(found.decided.sightings[0].facts) is FindingFacts
    assert found.principal == PRINCIPAL


@given(st.binary(max_size=64))
def test_other_bytes_are_no_recording(data: bytes) -> None:
    for raw in data, zlib.compress(data), encode(recording()) + data + b"x":
        with pytest.raises(ValueError, match="not a recording"):
            decode(raw)


def test_another_version_is_refused() -> None:
    packed = zlib.compress(msgspec.msgpack.encode((2, recording())))
    with pytest.raises(ValueError, match="version 1"):
        decode(packed)


def test_a_cut_recording_is_refused() -> None:
    packed = encode(recording())
    with pytest.raises(ValueError, match="version 1"):
        decode(packed[:-5])
