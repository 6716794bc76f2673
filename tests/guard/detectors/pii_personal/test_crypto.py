"""Crypto addresses: Keccak by its published value, checksums by one wrong character."""

import pytest

from stockade.guard.detectors.patterns import Seen
from stockade.guard.detectors.pii_personal.crypto import is_base58check, is_bech32, is_ether, keccak_256

ETHER = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"  # the first example of ERC-55


def test_keccak_of_nothing_and_of_more_than_one_block() -> None:
    assert keccak_256(b"").hex() == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
    assert keccak_256(b"a" * 135) != keccak_256(b"a" * 136) != keccak_256(b"a" * 137)


@pytest.mark.parametrize(
    ("check", "address"),
    [
        (is_base58check, "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"),
        (is_bech32, "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"),
        (is_bech32, "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0"),
        (is_ether, ETHER),
    ],
)
def test_one_wrong_character_is_seen(check, address: str) -> None:
    assert check(Seen("", address, ""))
    wrong = address[:-1] + ("a" if address[-1] != "a" else "c")
    assert not check(Seen("", wrong if check is not is_ether else address[:-1] + "D", ""))


def test_an_ethereum_address_in_one_case_needs_its_word() -> None:
    assert not is_ether(Seen("commit ", ETHER.lower(), ""))
    assert is_ether(Seen("wallet ", ETHER.lower(), ""))
