"""Rules and facts by chance, for properties: everything that the schema lets a rule say, failures included."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from stockade.core.facts import Action
from stockade.govern.policy.facts import NUMBERS, WORDS, defaults, question_of
from stockade.guard.policy.questions import Question

TEXTS = ("", "a", "ab", "abc", "b", "mcp__a__b")
OPEN = (
    "tenant",
    "principal",
    "model",
    "dialect",
    "workspace",
    "detector",
    "rule",
    "tool",
    "server",
    "path",
    "language",
)
FINDING = (Action.PROMPT, Action.COMPLETE)
texts = st.sampled_from(TEXTS)
PATTERNS = ("a*", "*b", "*", "a*c", "*b*", "mcp__*")


def word(name: str) -> st.SearchStrategy[str]:
    return st.sampled_from([str(each) for each in WORDS[name]])


@st.composite
def facts(draw: st.DrawFn, action: Action) -> dict[str, Any]:
    """Return facts about an action, as wild as the types allow."""
    told: dict[str, Any] = {}
    for name, ordinary in defaults(action).items():
        if name in NUMBERS:
            told[name] = draw(st.integers(*NUMBERS[name]) | st.sampled_from([NUMBERS[name][0], NUMBERS[name][1]]))
        elif name == "teams":
            told[name] = tuple(sorted(draw(st.sets(st.sampled_from(["red", "blue", "green"])))))
        elif name == "roles":
            told[name] = tuple(sorted(draw(st.sets(word(name)))))
        elif name in WORDS:
            told[name] = draw(word(name))
        elif isinstance(ordinary, bool):
            told[name] = draw(st.booleans())
        else:
            told[name] = draw(st.sampled_from([ordinary, "a", "ab", "abc", "b"]))
    return told


@st.composite
def questions(draw: st.DrawFn, action: Action) -> Question:
    return question_of(action, draw(facts(action)))


def atoms(action: Action) -> st.SearchStrategy[str]:
    """Return conditions about one fact or two."""
    model, place = "context.model", "context.workspace"
    found = [
        st.sampled_from(["true", "false", 'context.asserted_by == "none"', 'context.asserted_by != "header"']),
        st.builds('principal in Stockade::Team::"{}"'.format, st.sampled_from(["red", "blue"])),
        st.builds(
            'principal in [Stockade::Team::"{}", Stockade::Tenant::"a"]'.format, st.sampled_from(["red", "blue"])
        ),
        st.builds('principal in Stockade::Tenant::"{}"'.format, texts),
        st.builds('principal == Stockade::Key::"{}"'.format, texts),
        st.sampled_from(["principal is Stockade::Person", 'principal is Stockade::Key in Stockade::Team::"red"']),
        st.builds('principal.roles.contains("{}")'.format, word("roles")),
        st.builds('principal.roles.containsAny(["{}", "{}"])'.format, word("roles"), word("roles")),
        st.just("principal.roles.isEmpty()"),
        st.builds("context.dialect == {}".format, texts.map('"{}"'.format)),
    ]
    if action in FINDING:
        numbers = st.sampled_from(["context.score", "context.severity", f"{place}.sensitivity"])
        numbers = numbers | st.builds("({} {} {})".format, numbers, st.sampled_from("+-*"), st.integers(-3, 900))
        numbers = numbers | st.builds("({} + 9223372036854775800)".format, numbers)
        numbers = numbers | st.builds("(-{})".format, numbers)
        found += [
            st.builds(
                "{} {} {}".format, numbers, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), st.integers(-5, 1005)
            ),
            st.builds("{} < {}".format, numbers, numbers),
            *[
                st.builds(f'context.{each} == "{{}}"'.format, word(each))
                for each in ("category", "channel", "kind", "origin")
            ],
            st.builds('["{}", "{}"].contains(context.category)'.format, word("category"), word("category")),
            st.sampled_from(
                ["context.editable", "context.encoded", "context.latest", "resource.approved", "resource.listed"]
            ),
            st.builds('context.rule like "{}"'.format, st.sampled_from(PATTERNS)),
            st.just("context.rule == context.detector"),
            st.builds('{}.environment == "{}"'.format, st.just(place), word("environment")),
            st.builds('{} == Stockade::Workspace::"{}"'.format, st.just(place), texts),
            st.builds('Stockade::Workspace::"{}".sensitivity > 1'.format, texts),
            st.builds('resource.name like "{}"'.format, st.sampled_from(PATTERNS)),
            st.just("if context.editable then context.score > 500 else context.latest"),
        ]
    elif action is Action.CALL_TOOL:
        found += [
            st.builds('resource == Stockade::Tool::"{}"'.format, texts),
            st.builds('resource.name like "{}"'.format, st.sampled_from(PATTERNS)),
            st.builds('resource.server == "{}"'.format, texts),
            st.builds("{}.approved".format, st.just(model)),
            st.builds('{}.data_class == "{}"'.format, st.just(place), word("data_class")),
        ]
    return st.one_of(found)


def conditions(action: Action) -> st.SearchStrategy[str]:
    """Return conditions of any shape."""
    return st.recursive(
        atoms(action),
        lambda inner: (
            st.builds("({} && {})".format, inner, inner)
            | st.builds("({} || {})".format, inner, inner)
            | st.builds("!({})".format, inner)
        ),
        max_leaves=5,
    )


@st.composite
def policies(draw: st.DrawFn, action: Action) -> str:
    """Return the text of one to five rules about an action."""
    effects = ["permit", "flag", "deny"]
    if action in FINDING:
        effects += ["pseudonymise", "redact", "withhold"]
    rules = []
    for number in range(draw(st.integers(1, 5))):
        effect = draw(st.sampled_from(effects))
        when, unless = draw(conditions(action)), draw(st.none() | conditions(action))
        head = f'@id("r{number}") @reason("R.") '
        if effect != "permit":
            head += f'@effect("{effect}") ' + draw(st.sampled_from(["", "", '@mode("shadow") ']))
        said = f" when {{ {when} }}" + (f" unless {{ {unless} }}" if unless else "")
        kind = "permit" if effect == "permit" else "forbid"
        rules.append(f'{head}{kind} (principal, action == Stockade::Action::"{action}", resource){said};\n')
    return "".join(rules)
