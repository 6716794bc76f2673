import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockade.core.decisions import Effect, Verdict
from stockade.core.digests import body_digest
from stockade.core.exchange import Usage
from stockade.core.facts import CallFacts, FindingFacts, Origin
from stockade.core.findings import Category, DetectorRun, Finding, RunStatus, Severity
from stockade.core.limits import RECORD_BYTES_MAX
from stockade.core.segments import Channel, Kind, Segment
from stockade.guard.ledger.encoding import account, decode, encode
from stockade.guard.ledger.record import (
    Body,
    Ended,
    Event,
    EventName,
    Intent,
    Outcome,
    RecordedFinding,
    SegmentsAccount,
)
from stockade.guard.ledger.words import word

KEY = b"k" * 32
BODY = Body(body_digest(b"{}"), 2)
CALL = CallFacts("acme", "sk_1", "claude-opus-4-5-20251101", "anthropic", listed=True)
RUN = DetectorRun("secrets.patterns", "1", RunStatus.RAN, 3)


def finding(**changed: object) -> RecordedFinding:
    values = {
        "detector": "secrets.patterns",
        "version": "1",
        "rule": "aws_access_key_id",
        "category": Category.CREDENTIAL,
        "severity": Severity.HIGH,
        "score": 0.98765,
        "segment": 1,
        "start": 3,
        "end": 23,
        "label": "AWS_ACCESS_KEY_ID",
        "evidence": "ab" * 16,
        "views": ("base64",),
    }
    effect = changed.pop("effect", Effect.PSEUDONYMISE)
    one = Finding(**{**values, **changed})
    facts = FindingFacts(
        one.detector,
        one.rule,
        one.category,
        3,
        round(one.score * 1000),
        Channel.USER,
        Kind.TEXT,
        True,
        True,
        Origin.NEW,
    )
    return RecordedFinding(one, 7, facts, Verdict(effect, ("credentials-out",)))


def intent(**changed: object) -> Intent:
    values = {
        "id": "ex_1",
        "at_ms": 1_767_225_600_123,
        "call": CALL,
        "forward": Verdict(Effect.ALLOW, ("allow-forward",)),
        "route": "/v1/messages",
        "stream": True,
        "received": BODY,
        "forwarded": BODY,
        "edits": 2,
        "policy": "sha256:00",
        "segments": SegmentsAccount(3, "sha256:11"),
        "guards": (RUN,),
        "findings": (finding(),),
        "effect": Effect.PSEUDONYMISE,
        "rules": ("credentials-out",),
        "session": "s-1",
    }
    return Intent(**{**values, **changed})


def test_an_intent_in_its_final_form() -> None:
    encoded = encode(intent(), KEY)
    fields = decode(encoded)
    assert orjson.dumps(fields, option=orjson.OPT_SORT_KEYS) == encoded
    assert (fields["v"], fields["kind"], fields["at"]) == (1, "intent", "2026-01-01T00:00:00.123Z")
    assert fields["forwarded"] == {"digest": BODY.digest, "bytes": 2}
    assert (fields["edited"], fields["edits"]) == (True, 2)
    assert fields["findings_effects"] == {"pseudonymise": 1}
    assert fields["findings"][0] == {
        "detector": "secrets.patterns",
        "version": "1",
        "rule": "aws_access_key_id",
        "category": "credential",
        "severity": 3,
        "score": 0.988,
        "segment": 1,
        "token": 7,
        "start": 3,
        "end": 23,
        "channel": "user",
        "kind": "text",
        "views": ["base64"],
        "editable": True,
        "latest": True,
        "evidence": "ab" * 16,
        "origin": "new",
        "effect": "pseudonymise",
        "rules": ["credentials-out"],
    }
    assert fields["guards"] == [{"detector": "secrets.patterns", "version": "1", "status": "ran", "segments": 3}]
    assert "s-1" not in encoded.decode()


def test_an_outcome_says_what_is_known() -> None:
    record = Outcome(
        "ex_1",
        0,
        200,
        Ended.COMPLETED,
        True,
        received=BODY,
        served_model="claude-opus-4-5",
        stop_reason="end_turn",
        usage=Usage(input=3, cache_read=0),
        upstream_ms=12,
    )
    fields = decode(encode(record))
    assert fields["answer"] == {"received": {"digest": BODY.digest, "bytes": 2}}
    assert fields["usage"] == {"input": 3, "cache_read": 0}
    assert (fields["stop_reason"], fields["served_model"]) == ("end_turn", "claude-opus-4-5")
    assert "refusal" not in fields


def test_an_event() -> None:
    record = Event(EventName.GUARD_TIMED_OUT, 5, "ex_1", "pii.patterns", "over its time", (("limit_ms", 20),))
    fields = decode(encode(record))
    assert fields == {
        "v": 1,
        "kind": "event",
        "event": "guard_timed_out",
        "at": "1970-01-01T00:00:00.005Z",
        "id": "ex_1",
        "subject": "pii.patterns",
        "reason": "over its time",
        "counts": {"limit_ms": 20},
    }


@pytest.mark.parametrize(
    "name",
    [
        "claude-opus-4-5-20251101",
        "gpt-4o-2024-08-06",
        "anthropic.claude-3-5-sonnet-20241022-v2:0",
        "claude-3-5-sonnet@20240620",
        "meta-llama/Llama-3.3-70B-Instruct",
        "end_turn",
    ],
)
def test_names_are_kept(name: str) -> None:
    assert word(name) == name


SECRETS = [
    "AKIA" + "IOSFODNN7EXAMPLE",
    "sk-ant-api03-" + "a1B2c3D4e5F6g7H8" * 4,
    "ghp" + "_" + "x9" * 18,
    "claude-" + "Z" * 20,
    "4111-1111-1111-1111",
    "m-4111-1111-1111-1111",
    "+41791234567",
    "anna@example.com",
    "claude with words",
    "claude\n",
    "",
    "a" * 10_000,
]


@pytest.mark.parametrize("secret", SECRETS)
def test_what_may_be_a_secret_is_named_by_its_digest(secret: str) -> None:
    told = word(secret, KEY)
    assert told.startswith("digest:")
    assert told != word(secret, b"other"), "keyed, so that nobody finds it by trying"
    encoded = encode(intent(call=CALL._replace(model=secret), session=secret or "s"), KEY).decode()
    assert not secret or orjson.dumps(secret).decode()[1:-1] not in encoded


def test_a_model_that_is_not_listed_is_not_written_out() -> None:
    assert "my-word" not in encode(intent(call=CALL._replace(model="my-word", listed=False)), KEY).decode()


def test_a_reason_that_may_quote_is_not_written_out() -> None:
    run = DetectorRun("secrets.patterns", "1", RunStatus.FAILED, 0, "cannot read " + "Ab3" * 20)
    assert "Ab3Ab3" not in encode(intent(guards=(run,))).decode()
    assert (
        '"reason":"over its time"'
        in encode(intent(guards=(DetectorRun("a", "1", RunStatus.TIMED_OUT, 0, "over its time"),))).decode()
    )


@given(st.integers(0, 3000), st.text(max_size=400), st.integers(0, 300))
def test_a_record_is_bounded_and_counts_what_it_leaves_out(count: int, text: str, rules: int) -> None:
    record = intent(
        findings=tuple(finding(rule=text, detector=text) for _ in range(count)),
        guards=(DetectorRun(text, text, RunStatus.FAILED, 1, text),) * 200,
        rules=(text,) * rules,
        call=CALL._replace(tenant=text, principal=text, teams=(text,) * 200, model=text),
        policy=text,
    )
    encoded = encode(record, KEY)
    assert len(encoded) <= RECORD_BYTES_MAX
    fields = decode(encoded)
    assert (fields["findings_total"], fields["guards_total"], fields["rules_total"]) == (count, 200, rules)
    assert len(fields["findings"]) <= count
    assert sum(fields.get("findings_effects", {}).values()) == count


def test_of_many_findings_the_gravest_are_listed() -> None:
    many = (*(finding(effect=Effect.FLAG) for _ in range(500)), finding(effect=Effect.DENY))
    listed = decode(encode(intent(findings=many)))["findings"]
    assert listed[0]["effect"] == "deny"


def test_the_account_depends_on_every_text_and_its_place() -> None:
    def of(*texts: str) -> SegmentsAccount:
        return account(Segment((), text, "user", Channel.USER, Kind.TEXT, 0) for text in texts)

    assert of("a", "b") == of("a", "b")
    assert len({of("a", "b"), of("b", "a"), of("ab"), of("ab", ""), of("a", "b\ud800")}) == 5
    assert of("a", "b").count == 2


@pytest.mark.parametrize("broken", [b"[]", b"{}", b'{"v":2,"kind":"intent"}', b"{", b'{"v":1}'])
def test_what_is_no_record_is_refused(broken: bytes) -> None:
    with pytest.raises(ValueError, match="not a record of version 1"):
        decode(broken)
