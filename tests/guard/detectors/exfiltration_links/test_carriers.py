"""Carriers: what an address stands in."""

import pytest

from stockade.guard.detectors.exfiltration_links.carriers import Carrier, carrier


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("", "", Carrier.FETCHED),
        ("![a](", ")", Carrier.IMAGE),
        ("![a [b] c](", ")", Carrier.IMAGE),
        ("[a](", ")", Carrier.LINK),
        ("[a]( <", ">)", Carrier.LINK),
        ("[![a](https://b.example/c.png)](", ")", Carrier.LINK),
        ("so long a text that its bracket is not seen](", ")", Carrier.IMAGE),
        ("text\n[id]: ", "\n", Carrier.IMAGE),
        ('<img alt="a" src="', '">', Carrier.IMAGE),
        ('<a href="', '">', Carrier.LINK),
        ('<a\nclass="b"\nhref=', ">", Carrier.LINK),
        ('<p style="background:url(', ')">', Carrier.IMAGE),
        ("so far away that no tag is seen src='", "'", Carrier.IMAGE),
        ("so far away that no tag is seen href='", "'", Carrier.LINK),
        ("@import '", "'", Carrier.IMAGE),
        ('{"image_url": "', '"}', Carrier.IMAGE),
        ("see <", ">", Carrier.LINK),
        ("see ", " there", Carrier.PLAIN),
        ("requests.get('", "')", Carrier.PLAIN),
        ("if a<b and c>d: open ", "", Carrier.PLAIN),
    ],
)
def test_what_an_address_stands_in(before: str, after: str, expected: Carrier) -> None:
    assert carrier(before, after) is expected
