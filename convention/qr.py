"""QR symbols, module for module those of the qrcode package: by the thousand in microseconds, or one alone.

For a fixed version, level and mask a symbol is an affine map over GF(2) of its data bytes: the symbol
of zeros, and for each byte a pattern to add (exclusive or). Both are probed out of the package once.
A symbol is an integer whose bits are the modules, row by row, each row padded to whole bytes.
"""

import functools
from operator import getitem, xor
from typing import NamedTuple

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from qrcode import ERROR_CORRECT_M, QRCode
from qrcode.base import rs_blocks
from qrcode.exceptions import DataOverflowError
from qrcode.util import (
    ALPHA_NUM,
    MODE_8BIT_BYTE,
    MODE_ALPHA_NUM,
    BitBuffer,
    create_bytes,
    length_in_bits,
    optimal_mode,
)

from convention.errors import ConventionError

MASK = 0
QUIET = 4
PADDING = bytes((0xEC, 0x11))
FIELD_POLYNOMIAL = 0x11D
VALUES = {chr(code): value for value, code in enumerate(ALPHA_NUM)}
PAIRS = {a + b: f"{VALUES[a] * 45 + VALUES[b]:011b}" for a in VALUES for b in VALUES}


class TooLong(ConventionError):
    """No QR symbol holds so much."""

    kind = "too-long"


class Symbol(NamedTuple):
    """`side` by `side` modules; `rows` has one bit each (1 is black), rows padded to whole bytes."""

    side: int
    rows: bytes

    def matrix(self) -> list[list[bool]]:
        """The modules as the qrcode package gives them."""
        width = len(self.rows) // self.side
        lines = [self.rows[start : start + width] for start in range(0, len(self.rows), width)]
        return [
            [bool(line[column // 8] >> (7 - column % 8) & 1) for column in range(self.side)] for line in lines
        ]


def symbol(text: str) -> Symbol:
    """The smallest symbol at level M that says this text. Raises TooLong.

    The first of its length takes half a second, all others microseconds.
    """
    plan = _plan(len(text.encode()), optimal_mode(text.encode()))
    value = functools.reduce(xor, map(getitem, plan.patterns, plan.data(text)), plan.zeros)
    return Symbol(plan.count, value.to_bytes(plan.count * plan.row_bytes))


def single(text: str) -> Symbol:
    """A symbol of a text that stands alone, in some ten milliseconds. Raises TooLong."""
    code = QRCode(error_correction=ERROR_CORRECT_M, border=0)
    code.add_data(text)
    try:
        code.make()
    except (DataOverflowError, ValueError) as error:
        raise TooLong(_("This text is too long for a QR code.")) from error
    width = -(-code.modules_count // 8)
    lines = ("".join("01"[bool(module)] for module in row).ljust(width * 8, "0") for row in code.modules)
    return Symbol(code.modules_count, b"".join(int(line, 2).to_bytes(width) for line in lines))


def svg(text: str, *, size: int = 280) -> SafeString:
    """A single symbol with its quiet zone, black on white, `size` pixels wide. Raises TooLong."""
    drawn = single(text)
    side = drawn.side + 2 * QUIET
    dark = ((x, y) for y, row in enumerate(drawn.matrix()) for x, is_dark in enumerate(row) if is_dark)
    return format_html(
        '<svg viewBox="0 0 {side} {side}" width="{size}" height="{size}"><rect width="{side}" height="{side}"'
        ' fill="#fff"/><path d="{path}" fill="#000" shape-rendering="crispEdges"/></svg>',
        side=side,
        size=size,
        path="".join(f"M{x + QUIET} {y + QUIET}h1v1h-1z" for x, y in dark),
    )


class Plan:
    """The map for texts of one mode and length; `patterns` has 256 integers for each data byte."""

    def __init__(self, version: int, mode: int, length: int) -> None:
        self.count = version * 4 + 17
        self.row_bytes = -(-self.count // 8)
        self.mode = mode
        bits = length_in_bits(mode, version)  # type: ignore[arg-type]  # the stub is too narrow
        self.header = f"{mode:04b}{length:0{bits}b}"
        self.blocks = rs_blocks(version, ERROR_CORRECT_M)
        self.size = sum(block.data_count for block in self.blocks)
        self.zeros = self._drawn(version, [0] * sum(block.total_count for block in self.blocks))
        places = self._places(version)
        self.patterns = [self._patterns(position, places) for position in range(self.size)]

    def data(self, text: str) -> bytes:
        """The data bytes of a text: header, characters, terminator and padding."""
        bits = self.header + (_alphanumeric(text) if self.mode == MODE_ALPHA_NUM else _bytes(text))
        bits += "0" * min(4, self.size * 8 - len(bits))
        bits += "0" * (-len(bits) % 8)
        content = int(bits, 2).to_bytes(len(bits) // 8)
        return (content + PADDING * self.size)[: self.size]

    def _drawn(self, version: int, codewords: list[int]) -> int:
        """The package's symbol for these codewords, error correction included."""
        code = QRCode(version=version, error_correction=ERROR_CORRECT_M, mask_pattern=MASK)
        code.data_cache = codewords
        code.makeImpl(False, MASK)  # noqa: FBT003 - the package's "test"
        padding = "0" * (self.row_bytes * 8 - self.count)
        return int(
            "".join("".join("01"[bool(module)] for module in row) + padding for row in code.modules), 2
        )

    def _places(self, version: int) -> list[int]:
        """Where each bit of the codewords lands: its number is spelled out, one drawing per digit."""
        total = sum(block.total_count for block in self.blocks)
        numbers = [0] * (self.count * self.row_bytes * 8)
        for digit in range((total * 8).bit_length()):
            spelled = [
                sum(((word * 8 + bit + 1) >> digit & 1) << (7 - bit) for bit in range(8))
                for word in range(total)
            ]
            marks = f"{self._drawn(version, spelled) ^ self.zeros:0{len(numbers)}b}"
            for place, mark in enumerate(marks):
                numbers[place] |= (mark == "1") << digit
        return [place for _number, place in sorted((n, place) for place, n in enumerate(numbers) if n)]

    def _patterns(self, position: int, places: list[int]) -> list[int]:
        """What each value of one data byte changes in the symbol."""
        words = [a ^ b for a, b in zip(self._codewords(position), self._codewords(), strict=True)]
        singles = []
        for _bit in range(8):
            singles.append(self._spread(words, places))
            words = [_doubled(word) for word in words]
        table = [0]
        for single in singles:
            table += [single ^ other for other in table]
        return table

    def _codewords(self, *changed: int) -> list[int]:
        """Data bytes of 2 (the package cannot divide zeros), some changed by 1, with their correction."""
        buffer = BitBuffer()
        buffer.buffer = [3 if position in changed else 2 for position in range(self.size)]
        return list(create_bytes(buffer, self.blocks))

    def _spread(self, words: list[int], places: list[int]) -> int:
        last = self.count * self.row_bytes * 8 - 1
        value = 0
        for index, word in enumerate(words):
            for bit in range(8):
                if word >> (7 - bit) & 1:
                    value |= 1 << (last - places[index * 8 + bit])
        return value


@functools.lru_cache(maxsize=16)
def _plan(length: int, mode: int) -> Plan:
    mode = MODE_ALPHA_NUM if mode == MODE_ALPHA_NUM else MODE_8BIT_BYTE
    code = QRCode(error_correction=ERROR_CORRECT_M)
    code.add_data(("A" if mode == MODE_ALPHA_NUM else "a") * length, optimize=0)
    try:
        version = code.best_fit()
    except (DataOverflowError, ValueError) as error:
        raise TooLong(_("This text is too long for a QR code.")) from error
    return Plan(version, mode, length)


def _alphanumeric(text: str) -> str:
    pairs = "".join(PAIRS[text[start : start + 2]] for start in range(0, len(text) - 1, 2))
    return pairs + f"{VALUES[text[-1]]:06b}" * (len(text) % 2)


def _bytes(text: str) -> str:
    return "".join(f"{byte:08b}" for byte in text.encode())


def _doubled(word: int) -> int:
    """Twice a number of GF(256): error correction is linear in that field."""
    return word << 1 ^ (FIELD_POLYNOMIAL if word & 0x80 else 0)
