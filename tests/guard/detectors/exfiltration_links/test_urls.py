"""URLs are taken apart as a browser would."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockade.guard.detectors.exfiltration_links.urls import is_listed, read_url, unquoted


@pytest.mark.parametrize(
    ("text", "host", "pieces"),
    [
        ("https://a.example/b/c?d=e&f#g", "a.example", ["b", "c", "d", "e", "f", "g"]),
        ("//A.Example/b", "a.example", ["b"]),
        ("https:\\\\a.example\\b", "a.example", ["b"]),
        ("https:/a.example/b", "a.example", ["b"]),
        ("https://a.ex\nample/\tb", "a.example", ["b"]),
        ("https://user:pw@a.example:8443/b", "a.example", ["b", "user:pw"]),
        ("https://a%2eexample./", "a.example", []),
        ("https://[::1]:80/b", "[::1]", ["b"]),
        ("https://a.example#b=c&d", "a.example", ["b", "c", "d"]),
        ("https://a.example/p#:~:text=some,words", "a.example", ["p"]),
    ],
)
def test_the_parts_of_an_address(text: str, host: str, pieces: list[str]) -> None:
    url = read_url(text)
    assert url.host == host
    assert url.pieces == pieces


def test_the_labels_that_nobody_registered() -> None:
    assert read_url("https://x.y.a.example/").labels == ["x", "y"]
    assert read_url("https://a.example/").labels == []


@given(st.text(max_size=80))
def test_anything_has_parts(text: str) -> None:
    url = read_url("https://" + text)
    assert all(url.pieces), "an empty part carries nothing"
    assert set(url.labels) <= set(url.host.split("."))


def test_percent_encoding_is_undone_as_often_as_it_was_done() -> None:
    assert unquoted("a%2520b") == "a b"
    assert unquoted("100%") == "100%"


@pytest.mark.parametrize(
    ("host", "listed"),
    [("cdn.acme.example", True), ("a.b.acme.example", True), ("acme.example", False), ("docs.example", True),
     ("xdocs.example", False), ("evilacme.example", False)],
)  # fmt: skip
def test_a_list_of_hosts(host: str, listed: bool) -> None:
    assert is_listed(host, ("*.acme.example", "docs.example")) is listed
