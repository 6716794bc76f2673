"""IPv4 addresses against Python's table of the special ones, on both sides of every boundary."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockade.guard.detectors.patterns import Seen
from stockade.guard.detectors.pii_personal.network import is_public_ipv4

PROTOCOLS = ipaddress.IPv4Network("192.0.0.0/24")  # Python's table of its parts changed from release to release
CLOSED = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.2.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/3",
]
EDGES = [
    address
    for network in map(ipaddress.IPv4Network, CLOSED)
    for number in (network[0], network[-1], int(network[0]) - 1, int(network[-1]) + 1)
    if 0 <= int(number) < 1 << 32
    for address in [ipaddress.IPv4Address(number)]
]


def is_open(address: ipaddress.IPv4Address) -> bool:
    return address.is_global and not address.is_multicast


def seen(text: str, before: str = "host ") -> Seen:
    return Seen(before, text, "")


def test_the_edges_of_every_special_network() -> None:
    wrong = [str(address) for address in EDGES if is_public_ipv4(seen(str(address))) != is_open(address)]
    assert wrong == []


@given(st.integers(0, (1 << 32) - 1))
def test_any_address(number: int) -> None:
    address = ipaddress.IPv4Address(number)
    if address in PROTOCOLS or str(address).startswith(("2.5.4.", "2.5.29.", "1.2.840.", "1.3.6.", "1.3.14.")):
        return
    assert is_public_ipv4(seen(str(address))) == is_open(address)


@pytest.mark.parametrize("text", ["93.184.216.256", "093.184.216.34", "93.184.00.34", "300.1.2.3"])
def test_what_is_no_address(text: str) -> None:
    assert not is_public_ipv4(seen(text))


@pytest.mark.parametrize(
    "before",
    [
        "v",
        "version: ",
        "Version   \t",
        "release=",
        "lib==",
        "lib >= ",
        "Chrome/",
        "pkg@",
        "^",
        "build " + " " * 90,
        "ver. ",
    ],
)
def test_a_version_is_no_address(before: str) -> None:
    assert not is_public_ipv4(seen("93.184.216.34", before))


@pytest.mark.parametrize("before", ["", "from ", "GET /v1 ", "10.0.0.1, ", "(", "reviewed ", "a = ", "\n"])
def test_other_words_name_no_version(before: str) -> None:
    assert is_public_ipv4(seen("93.184.216.34", before))
