"""Crypto addresses: Bitcoin (base58check, bech32) and Ethereum. Owns their checksums.

Source: Bitcoin wiki Base58Check, BIP 173 and BIP 350, ERC-55, FIPS 202's Keccak-f with the original padding. Read
November 2026.
"""

from __future__ import annotations

import re
from hashlib import sha256

from stockade.core.findings import Severity
from stockade.guard.detectors.patterns import Pattern, Seen
from stockade.guard.detectors.pii_personal.context import stands_free

_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_ETHER_WORDS = re.compile(r"\beth|\bether|\bwallet|\baddress|\berc|\bweb3|\bdonat", re.IGNORECASE)
_WORD = (1 << 64) - 1


def is_base58check(seen: Seen) -> bool:
    """Say whether the last four bytes are the double SHA-256 of those before."""
    if not stands_free(seen):
        return False
    number = 0
    for character in seen.value:
        number = number * 58 + _BASE58.index(character)
    if number.bit_length() > 200:
        return False
    data = number.to_bytes(25, "big")
    return data[0] in {0, 5} and sha256(sha256(data[:21]).digest()).digest()[:4] == data[21:]


def is_bech32(seen: Seen) -> bool:
    """Say whether the checksum is right by BIP 173 (version 0) or BIP 350 (later)."""
    values = [_BECH32.index(character) for character in seen.value.lower()[3:]]
    check = 1
    for value in [3, 3, 0, 2, 3, *values]:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for place, generator in enumerate(_GENERATOR):
            check ^= generator if top >> place & 1 else 0
    return check == (1 if values[0] == 0 else 0x2BC830A3)


def is_ether(seen: Seen) -> bool:
    """Say whether mixed case is as ERC-55 has it, or an address in one case stands behind a word for it."""
    digits = seen.value[2:]
    if len(set(digits.lower())) < 6:
        return False
    if digits in {digits.lower(), digits.upper()}:
        return _ETHER_WORDS.search(seen.before[-40:]) is not None
    digest = keccak_256(digits.lower().encode()).hex()
    return all(
        character.isdigit() or character.isupper() == (nibble >= "8")
        for character, nibble in zip(digits, digest, strict=False)
    )


def keccak_256(data: bytes) -> bytes:
    """Return Keccak-256 with the original padding (not SHA3-256) of a short message."""
    rate = 136
    padded = bytearray(data + b"\x01" + bytes(-(len(data) + 1) % rate))
    padded[-1] |= 0x80
    state = [0] * 25
    for start in range(0, len(padded), rate):
        for lane in range(rate // 8):
            state[lane] ^= int.from_bytes(padded[start + 8 * lane : start + 8 * lane + 8], "little")
        state = _permuted(state)
    return b"".join(lane.to_bytes(8, "little") for lane in state[:4])


def _permuted(state: list[int]) -> list[int]:
    """Return the state after the 24 rounds of Keccak-f[1600]; round constants come from its own shift register."""
    register = 1
    for _ in range(24):
        parity = [state[x] ^ state[x + 5] ^ state[x + 10] ^ state[x + 15] ^ state[x + 20] for x in range(5)]
        state = [lane ^ parity[(i + 4) % 5] ^ _rotated(parity[(i + 1) % 5], 1) for i, lane in enumerate(state)]
        x, y, current = 1, 0, state[1]
        for step in range(24):
            x, y = y, (2 * x + 3 * y) % 5
            current, state[x + 5 * y] = state[x + 5 * y], _rotated(current, (step + 1) * (step + 2) // 2 % 64)
        rows = [state[5 * y : 5 * y + 5] for y in range(5)]
        state = [row[x] ^ (~row[(x + 1) % 5] & row[(x + 2) % 5]) for row in rows for x in range(5)]
        for bit in range(7):
            state[0] ^= (register & 1) << ((1 << bit) - 1)
            register = register << 1 ^ (0x171 if register & 0x80 else 0)
    return state


def _rotated(lane: int, count: int) -> int:
    return (lane << count | lane >> 64 - count) & _WORD


PATTERNS = (
    Pattern(
        rule="bitcoin_address",
        expression=r"\b[13][a-km-zA-HJ-NP-Z1-9]{25,34}\b",
        confirm=r"\b([13][a-km-zA-HJ-NP-Z1-9]{25,34})\b",
        label="CRYPTO_ADDRESS",
        severity=Severity.MEDIUM,
        score=0.97,
        source="Base58Check",
        validator=is_base58check,
    ),
    Pattern(
        rule="bitcoin_segwit_address",
        expression=r"\bbc1[02-9ac-hj-np-z]{11,71}\b",
        confirm=r"\b(bc1[02-9ac-hj-np-z]{11,71})\b",
        label="CRYPTO_ADDRESS",
        severity=Severity.MEDIUM,
        score=0.97,
        source="BIP 173, BIP 350",
        validator=is_bech32,
    ),
    Pattern(
        rule="ethereum_address",
        expression=r"\b0x[0-9a-fA-F]{40}\b",
        confirm=r"\b(0x[0-9a-fA-F]{40})\b",
        label="CRYPTO_ADDRESS",
        severity=Severity.MEDIUM,
        score=0.9,
        source="ERC-55",
        validator=is_ether,
    ),
)
