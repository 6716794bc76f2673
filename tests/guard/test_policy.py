"""The baseline pack: each rule fires on what it is about and not on its nearest neighbour."""

from importlib.resources import files

import pytest

from stockade.core.decisions import Effect
from stockade.core.facts import Action, CallFacts, CodeFacts, FindingFacts, ToolFacts
from stockade.guard.policy.engine import PolicyEngine
from stockade.guard.policy.rules import PolicySource

POLICIES = files("stockade") / "policies"
ENGINE = PolicyEngine.load(
    [PolicySource("baseline.cedar", (POLICIES / "baseline.cedar").read_text("utf-8"))],
    (POLICIES / "schema.cedarschema").read_text("utf-8"),
)
CALL = CallFacts("tenant", "key", "claude-x", "anthropic_messages", True)
CREDENTIAL = FindingFacts("secrets.formats", "x", "credential", 3, 900, "user", "text", True, False, "new")
PERSONAL = CREDENTIAL._replace(category="personal_data", severity=2)
HIDDEN = CREDENTIAL._replace(category="hidden_text", severity=2)
EXFILTRATION = CREDENTIAL._replace(category="exfiltration", channel="assistant")
LEAK = CREDENTIAL._replace(category="prompt_leak", channel="assistant")
INJECTION = CREDENTIAL._replace(category="injection", channel="tool_result")
JAILBREAK = CREDENTIAL._replace(category="jailbreak", score=990)
HARM = CREDENTIAL._replace(category="harm", score=990)

# rule -> (facts on which it decides, the nearest facts on which it does not)
PROMPT = {
    "credential-in-prompt": (
        [
            CREDENTIAL,
            CREDENTIAL._replace(score=500),
            CREDENTIAL._replace(severity=1),
            CREDENTIAL._replace(channel="tool_definition"),
            CREDENTIAL._replace(kind="identifier"),
            CREDENTIAL._replace(kind="opaque"),
            CREDENTIAL._replace(origin="conversation"),
            CREDENTIAL._replace(encoded=True),
        ],
        [
            CREDENTIAL._replace(score=499),
            CREDENTIAL._replace(editable=False),
            CREDENTIAL._replace(origin="vendor"),
            PERSONAL,
            HIDDEN,
        ],
    ),
    "personal-data-in-prompt": (
        [PERSONAL, PERSONAL._replace(severity=4), PERSONAL._replace(channel="tool_result")],
        [
            PERSONAL._replace(severity=1),
            PERSONAL._replace(score=499),
            PERSONAL._replace(editable=False),
            PERSONAL._replace(channel="tool_definition"),
            PERSONAL._replace(origin="vendor"),
            CREDENTIAL,
        ],
    ),
    "slight-personal-data-in-prompt": (
        [PERSONAL._replace(severity=1), PERSONAL._replace(severity=1, editable=False)],
        [PERSONAL, CREDENTIAL._replace(severity=1)],
    ),
    "personal-data-in-tool-definition": (
        [PERSONAL._replace(channel="tool_definition"), PERSONAL._replace(channel="tool_definition", editable=False)],
        [PERSONAL._replace(channel="document"), CREDENTIAL._replace(channel="tool_definition")],
    ),
    "hidden-text-in-prompt": (
        [HIDDEN, HIDDEN._replace(channel="tool_result"), HIDDEN._replace(severity=1)],
        [HIDDEN._replace(score=499), HIDDEN._replace(editable=False), HIDDEN._replace(origin="vendor"), CREDENTIAL],
    ),
    "hidden-text-in-untrusted": (
        [
            HIDDEN._replace(channel="tool_result", score=100),
            HIDDEN._replace(channel="document", score=100),
            HIDDEN._replace(channel="tool_definition", score=100),
        ],
        [HIDDEN._replace(score=100), HIDDEN._replace(channel="assistant", score=100)],
    ),
    "injection-in-untrusted": (
        [INJECTION, INJECTION._replace(channel="document"), INJECTION._replace(score=300, latest=False)],
        [
            INJECTION._replace(channel="tool_definition"),
            INJECTION._replace(channel="user"),
            INJECTION._replace(editable=False),
            JAILBREAK._replace(channel="tool_result"),
        ],
    ),
    "injection-in-tool-definition": (
        [INJECTION._replace(channel="tool_definition"), INJECTION._replace(channel="tool_definition", latest=False)],
        [INJECTION, HIDDEN._replace(channel="tool_definition")],
    ),
    "jailbreak-in-prompt": (
        [JAILBREAK, JAILBREAK._replace(score=1000), JAILBREAK._replace(latest=False, editable=False)],
        [
            JAILBREAK._replace(score=989),
            JAILBREAK._replace(latest=False),
            JAILBREAK._replace(channel="tool_result"),
            INJECTION._replace(channel="user"),
        ],
    ),
    "jailbreak-in-history": (
        [JAILBREAK._replace(latest=False)],
        [
            JAILBREAK,
            JAILBREAK._replace(latest=False, score=989),
            JAILBREAK._replace(latest=False, editable=False),
            HARM._replace(latest=False),
        ],
    ),
    "jailbreak-suspected": (
        [JAILBREAK._replace(score=989), JAILBREAK._replace(score=500, latest=False)],
        [JAILBREAK, INJECTION._replace(score=500), HARM._replace(score=500)],
    ),
    "grave-harm-in-prompt": (
        [HARM, HARM._replace(severity=4), HARM._replace(latest=False, editable=False)],
        [
            HARM._replace(severity=2),
            HARM._replace(score=989),
            HARM._replace(latest=False),
            HARM._replace(channel="assistant"),
        ],
    ),
    "grave-harm-in-history": (
        [HARM._replace(latest=False)],
        [HARM, HARM._replace(latest=False, severity=2), HARM._replace(latest=False, channel="assistant")],
    ),
    "harm-in-prompt": (
        [HARM._replace(severity=2), HARM._replace(score=989), HARM._replace(severity=1, editable=False)],
        [HARM, JAILBREAK._replace(severity=1)],
    ),
    "cannot-be-cleansed": (
        [
            INJECTION._replace(editable=False),
            CREDENTIAL._replace(editable=False),
            CREDENTIAL._replace(editable=False, kind="binary", score=500),
            PERSONAL._replace(editable=False),
            HIDDEN._replace(editable=False, kind="thinking", origin="conversation"),
        ],
        [
            CREDENTIAL,
            HARM._replace(editable=False, severity=2),
            CREDENTIAL._replace(editable=False, score=499),
            CREDENTIAL._replace(editable=False, kind="thinking", origin="vendor"),
            PERSONAL._replace(editable=False, severity=1),
            PERSONAL._replace(editable=False, channel="tool_definition"),
        ],
    ),
    "vendor-wrote-it": (
        [CREDENTIAL._replace(origin="vendor"), HIDDEN._replace(origin="vendor", editable=False)],
        [CREDENTIAL, CREDENTIAL._replace(origin="conversation")],
    ),
    "weak-finding-in-prompt": (
        [CREDENTIAL._replace(score=499), PERSONAL._replace(score=0), HIDDEN._replace(score=1, editable=False)],
        [CREDENTIAL._replace(score=500)],
    ),
    "allow-prompt": ([], [CREDENTIAL, PERSONAL, HIDDEN]),
}
COMPLETE = {
    "new-credential-in-answer": (
        [
            CREDENTIAL,
            CREDENTIAL._replace(channel="tool_call", kind="argument"),
            CREDENTIAL._replace(score=500, editable=False),
            CREDENTIAL._replace(origin="vendor"),
        ],
        [
            CREDENTIAL._replace(origin="conversation"),
            CREDENTIAL._replace(score=499),
            CREDENTIAL._replace(kind="thinking"),
            PERSONAL,
        ],
    ),
    "new-credential-in-thinking": (
        [CREDENTIAL._replace(kind="thinking", editable=False)],
        [CREDENTIAL, CREDENTIAL._replace(kind="thinking", origin="conversation"), PERSONAL._replace(kind="thinking")],
    ),
    "new-personal-data-in-answer": (
        [PERSONAL, PERSONAL._replace(kind="thinking")],
        [PERSONAL._replace(origin="conversation"), PERSONAL._replace(severity=1), PERSONAL._replace(score=499)],
    ),
    "hidden-text-in-answer": (
        [HIDDEN, HIDDEN._replace(origin="conversation"), HIDDEN._replace(severity=1)],
        [HIDDEN._replace(kind="thinking"), HIDDEN._replace(score=499), CREDENTIAL],
    ),
    "hidden-text-in-thinking": (
        [HIDDEN._replace(kind="thinking"), HIDDEN._replace(kind="thinking", score=1)],
        [HIDDEN, CREDENTIAL._replace(kind="thinking")],
    ),
    "grave-harm-in-answer": (
        [HARM._replace(channel="assistant"), HARM._replace(channel="assistant", kind="thinking", editable=False)],
        [HARM._replace(severity=2), HARM._replace(score=989), HARM._replace(origin="conversation")],
    ),
    "harm-in-answer": ([HARM._replace(severity=2), HARM._replace(origin="conversation")], [HARM, CREDENTIAL]),
    "exfiltration-in-answer": (
        [EXFILTRATION, EXFILTRATION._replace(score=700)],
        [
            EXFILTRATION._replace(score=699),
            EXFILTRATION._replace(channel="tool_call"),
            EXFILTRATION._replace(kind="thinking"),
            EXFILTRATION._replace(origin="conversation"),
            LEAK,
        ],
    ),
    "exfiltration-in-tool-call": (
        [EXFILTRATION._replace(channel="tool_call")],
        [
            EXFILTRATION,
            EXFILTRATION._replace(channel="tool_call", score=699),
            EXFILTRATION._replace(channel="tool_call", origin="conversation"),
        ],
    ),
    "slight-exfiltration-in-answer": (
        [EXFILTRATION._replace(score=699), EXFILTRATION._replace(kind="thinking")],
        [EXFILTRATION, EXFILTRATION._replace(score=699, origin="conversation"), LEAK._replace(score=600)],
    ),
    "passage-of-prompt-in-answer": (
        [LEAK._replace(score=600), LEAK._replace(kind="thinking")],
        [LEAK, EXFILTRATION._replace(score=600)],
    ),
    "prompt-in-answer": (
        [LEAK, LEAK._replace(channel="tool_call")],
        [LEAK._replace(score=899), LEAK._replace(kind="thinking"), EXFILTRATION],
    ),
    "weak-finding-in-answer": (
        [CREDENTIAL._replace(score=499), PERSONAL._replace(score=1)],
        [CREDENTIAL._replace(score=500), CREDENTIAL._replace(score=499, origin="conversation")],
    ),
    "allow-answer": (
        [CREDENTIAL._replace(origin="conversation"), PERSONAL._replace(severity=1)],
        [CREDENTIAL, HIDDEN, PERSONAL],
    ),
}
EFFECTS = {
    "allow-answer": Effect.ALLOW,
    "cannot-be-cleansed": Effect.DENY,
    "exfiltration-in-answer": Effect.REDACT,
    "exfiltration-in-tool-call": Effect.WITHHOLD,
    "grave-harm-in-answer": Effect.DENY,
    "grave-harm-in-history": Effect.WITHHOLD,
    "grave-harm-in-prompt": Effect.DENY,
    "credential-in-prompt": Effect.PSEUDONYMISE,
    "hidden-text-in-answer": Effect.REDACT,
    "hidden-text-in-prompt": Effect.REDACT,
    "injection-in-untrusted": Effect.WITHHOLD,
    "jailbreak-in-history": Effect.WITHHOLD,
    "jailbreak-in-prompt": Effect.DENY,
    "new-credential-in-answer": Effect.REDACT,
    "personal-data-in-prompt": Effect.PSEUDONYMISE,
    "prompt-in-answer": Effect.WITHHOLD,
}


@pytest.mark.parametrize(("action", "table"), [(Action.PROMPT, PROMPT), (Action.COMPLETE, COMPLETE)])
def test_each_rule_decides_where_it_should_and_not_beside_it(
    action: Action, table: dict[str, tuple[list[FindingFacts], list[FindingFacts]]]
) -> None:
    for rule, (hits, misses) in table.items():
        for facts in hits:
            verdict = ENGINE.decide(action, CALL, [facts]).verdicts[0]
            assert rule in verdict.rules, f"{rule} does not decide on {facts}"
            assert verdict.effect is EFFECTS.get(rule, Effect.FLAG)
            assert verdict.reason
        for facts in misses:
            verdict = ENGINE.decide(action, CALL, [facts]).verdicts[0]
            assert rule not in verdict.rules, f"{rule} decides on {facts}"


def test_every_rule_of_the_pack_is_in_the_tables() -> None:
    others = {"allow-forward", "allow-code", "allow-tool", "model-not-approved", "model-not-listed"}
    assert {*PROMPT, *COMPLETE, *others} == set(ENGINE.rule_ids)


def test_only_listed_models_may_be_called() -> None:
    assert ENGINE.authorise(CALL).rules == ("allow-forward",)
    verdict = ENGINE.authorise(CALL._replace(listed=False))
    assert (verdict.effect, verdict.rules) == (Effect.DENY, ("model-not-listed",))


def test_a_model_under_evaluation_is_for_evaluators() -> None:
    assert ENGINE.authorise(CALL._replace(approved=False)).rules == ("model-not-approved",)
    assert ENGINE.authorise(CALL._replace(approved=False, teams=("evaluator",))).effect is Effect.DENY
    assert ENGINE.authorise(CALL._replace(approved=False, teams=("a", "evaluators"))).rules == ("allow-forward",)


def test_tools_and_code_are_permitted() -> None:
    assert ENGINE.call_tool(CALL, ToolFacts("Bash")).rules == ("allow-tool",)
    assert ENGINE.write_code(CALL, CodeFacts("main.tf")).rules == ("allow-code",)


def test_the_pack_permits_whatever_it_does_not_name() -> None:
    other = CREDENTIAL._replace(category="of-tomorrow")
    assert ENGINE.decide(Action.PROMPT, CALL, [other]).effect is Effect.ALLOW
