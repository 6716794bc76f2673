"""Opening: what is planted under encodings is seen, and its span leads back to the original."""

import base64
import html
import itertools
import json
import urllib.parse
from html.entities import html5

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stockade.core import limits
from stockade.core.views import View, ViewLimitError, open_views

TOKEN = 'Zq7/canary+"Value"=42&more'


def _html(text: str) -> str:
    return "".join(f"&#{ord(c)};" if not c.isalnum() else c for c in text)


def _unicode_escapes(text: str) -> str:
    return "".join(f"\\u{unit:04x}" for unit in _units(text))


def _units(text: str) -> list[int]:
    data = text.encode("utf-16-be")
    return [int.from_bytes(data[i : i + 2], "big") for i in range(0, len(data), 2)]


ENCODERS = {
    "base64": lambda t: base64.b64encode(t.encode()).decode(),
    "base64-url-bare": lambda t: base64.urlsafe_b64encode(t.encode()).decode().rstrip("="),
    "base64-mime": lambda t: base64.encodebytes((t + " " * 60).encode()).decode().strip(),
    "hex": lambda t: t.encode().hex(),
    "hex-upper": lambda t: t.encode().hex().upper(),
    "hex-pairs": lambda t: t.encode().hex(":"),
    "hex-list": lambda t: ", ".join(f"0x{b:02x}" for b in t.encode()),
    "hex-escapes": lambda t: "".join(f"\\x{b:02x}" for b in t.encode()),
    "url": lambda t: urllib.parse.quote(t, safe=""),
    "url-all": lambda t: "".join(f"%{b:02X}" for b in t.encode()),
    "json": lambda t: json.dumps(t)[1:-1],
    "json-units": _unicode_escapes,
    "html": _html,
    "selectors": lambda t: "".join(chr(0xFE00 + b if b < 16 else 0xE0100 + b - 16) for b in t.encode()),
}


def _holds(text: str, wanted: str) -> View | None:
    return next((view for view in open_views(text) if wanted in view.text), None)


@pytest.mark.parametrize("name", sorted(ENCODERS))
def test_a_token_under_one_encoding_is_seen_with_its_span(name: str) -> None:
    encoded = ENCODERS[name](TOKEN)
    text = f"before: {encoded} | after"
    view = _holds(text, TOKEN)
    assert view is not None
    at = view.text.index(TOKEN)
    start, end = view.span(at, at + len(TOKEN))
    assert text[start:end] == encoded


@settings(max_examples=150, deadline=None)
@given(
    chain=st.lists(st.sampled_from(sorted(ENCODERS)), min_size=1, max_size=limits.VIEW_DEPTH_MAX),
    before=st.text(st.characters(exclude_categories=("Cs",)), max_size=30),
    after=st.text(st.characters(exclude_categories=("Cs",)), max_size=30),
    token=st.text(st.sampled_from("abcXYZ019 ./+-=_&%\\\"'<>é漢😀"), min_size=12, max_size=40),
)
def test_a_token_under_any_chain_is_seen_inside_its_span(chain: list[str], before: str, after: str, token: str) -> None:
    token = "tok-canary1" + token + "end"  # eleven ASCII characters in a row: shorter texts are not opened
    encoded = token
    for name in chain:
        encoded = ENCODERS[name](encoded)
    text = f"{before} \n| {encoded} |\n {after}"
    if encoded == token:
        return
    place = len(before) + 4
    hits = []
    for view in open_views(text):
        at = view.text.find(token)
        while at >= 0:
            hits.append(view.span(at, at + len(token)))
            at = view.text.find(token, at + 1)
    assert any(start >= place and end <= place + len(encoded) for start, end in hits)
    assert (place, place + len(encoded)) in hits or any(text[s:e] in encoded for s, e in hits)


@settings(max_examples=150, deadline=None)
@given(text=st.text(st.sampled_from("aB3 /+%4\\nu0&#;x\u0435\u200b\u00ad\uff0d\n="), max_size=120))
def test_spans_are_monotone_and_inside_the_original(text: str) -> None:
    for view in open_views(text):
        length = len(view.text)
        spans = [view.span(i, i + 1) for i in range(length)]
        assert all(0 <= start < end <= len(text) for start, end in spans)
        assert all(a[0] <= b[0] and a[1] <= b[1] for a, b in itertools.pairwise(spans))
        if length:
            assert view.span(0, length) == (spans[0][0], spans[-1][1])


def test_plain_text_has_no_views() -> None:
    assert open_views("An ordinary sentence, with internationalization and a path/to/some/file.py in it.") == []


def test_a_canonical_reading_folds_and_drops() -> None:
    text = "\u043a\u0435\u0443: \uff53\uff4b-\u200b\u0430b\u0441\U000e0041\u00ad\U0001d7d7\u0663"
    view = _holds(text, "key: sk-abc93")
    assert view is not None
    assert view.chain == ("canonical",)
    at = view.text.index("sk")
    start, end = view.span(at, at + len("sk-abc93"))
    assert (start, end) == (5, len(text))


def test_the_chain_names_the_outermost_first() -> None:
    inner = base64.b64encode(TOKEN.encode()).decode()
    view = _holds("q=" + "".join(f"%{ord(c):02X}" for c in inner), TOKEN)
    assert view is not None
    assert view.chain == ("url", "base64")


def test_an_escape_between_plain_characters_maps_exactly() -> None:
    text = 'say \\"hello\\" and a%40b.c &amp; x'
    chains = {view.chain: view for view in open_views(text)}
    url = chains[("url",)]
    at = url.text.index("a@b.c")
    assert text[slice(*url.span(at, at + 5))] == "a%40b.c"
    assert text[slice(*url.span(at + 1, at + 2))] == "%40"
    quoted = chains[("json",)]
    at = quoted.text.index('"')
    assert text[slice(*quoted.span(at, at + 7))] == '\\"hello\\"'


def test_two_equal_tokens_are_two_views() -> None:
    encoded = base64.b64encode(TOKEN.encode()).decode()
    spans = [view.span(0, 1) for view in open_views(f"{encoded} {encoded}")]
    assert spans == [(0, len(encoded)), (len(encoded) + 1, 2 * len(encoded) + 1)]


def test_base64_behind_a_path_is_opened() -> None:
    encoded = base64.b64encode(TOKEN.encode()).decode()
    assert _holds(f"https://host/a/b/{encoded}", TOKEN) is not None


def test_binary_is_not_opened() -> None:
    image = base64.b64encode(bytes((i * 89 + 7) % 256 for i in range(6000))).decode()
    assert open_views(image) == []


def test_text_far_from_an_escape_is_not_read_again() -> None:
    text = "a%20b" + " word" * 10_000
    views = open_views(text)
    assert sum(len(view.text) for view in views) < 2000


def test_a_value_is_whole_in_its_window_however_far_its_only_escape_stands() -> None:
    value = "v" * 1500 + "%3Dq"
    assert _holds("x " * 4000 + value + " y" * 4000, "v" * 1500 + "=q") is not None


def test_too_many_characters_fail_the_guard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "VIEW_CHARS_MAX", 100)
    secret = "do-not-tell"
    with pytest.raises(ViewLimitError) as failed:
        open_views(f"%41{secret}" * 20)
    assert secret not in str(failed.value)
    assert failed.value.status == 503


def test_a_view_does_not_show_its_text() -> None:
    assert "canary" not in repr(_holds(ENCODERS["base64"](TOKEN), TOKEN))


def test_depth_is_bounded() -> None:
    encoded = TOKEN
    for _ in range(limits.VIEW_DEPTH_MAX + 1):
        encoded = base64.b64encode(encoded.encode()).decode()
    assert _holds(encoded, TOKEN) is None


def test_named_entities_are_read_as_browsers_do() -> None:
    name = next(n for n in html5 if n == "commat;")
    view = _holds(f"a&{name}b", "a@b")
    assert view is not None
    assert html.unescape(f"&{name}") == "@"


def test_nothing_is_read_twice_and_the_shorter_way_is_kept() -> None:
    views = open_views("a%2Fb \\n&amp; \u0430 " + base64.b64encode(TOKEN.encode()).decode())
    keys = [(view.text, view.span(0, len(view.text))) for view in views]
    assert len(set(keys)) == len(keys)
    assert [view.chain for view in views if view.text == TOKEN] == [("base64",)]
