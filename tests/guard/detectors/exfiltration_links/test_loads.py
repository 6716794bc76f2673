"""Loads: what an address carries is counted by what somebody else would read."""

import base64
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockade.guard.detectors.exfiltration_links.loads import Load, decode, load_of
from stockade.guard.detectors.exfiltration_links.urls import read_url

SECRET = "the order of Ana Silva is 4711 and she cancels"


def load(text: str) -> Load:
    return load_of(read_url(text))


ENCODED = {
    "base64": base64.b64encode(SECRET.encode()).decode(),
    "base64url": base64.urlsafe_b64encode(SECRET.encode()).decode().rstrip("="),
    "hex": SECRET.encode().hex(),
    "base32": base64.b32encode(SECRET.encode()).decode(),
    "base32, small": base64.b32encode(SECRET.encode()).decode().rstrip("=").lower(),
}


@pytest.mark.parametrize("name", ENCODED)
def test_encoded_text_is_decoded(name: str) -> None:
    assert decode(ENCODED[name]) == SECRET
    assert decode(f"x.{ENCODED[name]}.png") == SECRET


@given(st.text(st.sampled_from("abcdefghijklmnopqrstuvwxyz 0123456789.,"), min_size=12, max_size=90))
def test_any_text_is_read_whatever_its_length(text: str) -> None:
    assert decode(base64.b64encode(text.encode()).decode()) == text
    assert decode(base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")) == text
    assert decode(text.encode().hex()) == text


@pytest.mark.parametrize(
    "place", ["https://c.example/{0}", "https://c.example/?q={0}", "https://c.example/#{0}", "https://c.example/?{0}"]
)
@pytest.mark.parametrize("name", ENCODED)
def test_an_encoded_text_counts_where_it_stands(name: str, place: str) -> None:
    assert load(place.format(quote(ENCODED[name], safe=""))).encoded == len(SECRET)


def test_a_text_in_parts_is_put_together() -> None:
    text = ENCODED["base64url"]
    parts = "&".join(f"p={text[n : n + 8]}" for n in range(0, len(text), 8))
    assert load(f"https://c.example/?{parts}").encoded == len(SECRET)
    assert load("https://c.example/" + "/".join(text[n : n + 8] for n in range(0, len(text), 8))).encoded == len(SECRET)


def test_words_count_as_text() -> None:
    assert load("https://c.example/?q=" + SECRET.replace(" ", "+")).text == len(SECRET)
    assert load("https://c.example/?q=" + quote(SECRET)).text == len(SECRET)
    assert load("https://c.example/how-to-cancel-an-order").text == 0


def test_letters_in_percent_encoding_are_encoded_text() -> None:
    assert load("https://c.example/?q=" + "".join(f"%{b:02x}" for b in b"ana silva")).encoded == 9


def test_an_address_in_an_address_is_taken_apart() -> None:
    inner = quote(f"https://c.example/?d={ENCODED['base64url']}", safe="")
    assert load(f"https://proxy.example/?u={inner}").encoded == len(SECRET)
    assert load("https://proxy.example/?u=" + quote("https://docs.example/a/page", safe="")) == Load(0, 0, 0, 0)


def test_digests_and_ids_are_no_load() -> None:
    url = "https://c.example/205e460b479e2e5b48aec07710c08d50/9b2f4c1e-8d3a-4f6b-a1c7-5e0d9f8b7a63"
    assert load(url) == Load(0, 0, 0, 0)
    assert load(url + "/0d8a1b2c3d4e5f60718293a4b5c6d7e8f9012345").opaque == 40


def test_sub_domains_carry() -> None:
    assert load(f"https://{ENCODED['hex'][:40]}.c.example/").host == 20
    assert load("https://ec2-203-0-113-25.eu-west-1.compute.amazonaws.com/").host == 0


@given(st.text(max_size=60), st.text(max_size=60))
def test_nothing_is_too_strange(a: str, b: str) -> None:
    assert min(load(f"https://{a}.c.example/{b}?{a}={b}#{a}")) >= 0
