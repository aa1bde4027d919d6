"""QR symbols, identical to those of the qrcode package, drawn by the thousand in microseconds.

For a fixed version, level and mask a symbol is an affine map over GF(2) of its data bytes: the symbol of
zeros, and for each byte a pattern to xor. Both are computed once with the package. A symbol is an integer
whose bits are the modules, row by row, each row padded to whole bytes.
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

# The standard lets the encoder choose among eight masks; a fixed one makes the symbol an affine map.
MASK_PATTERN = 0
# ISO/IEC 18004: readers need four light modules around a symbol.
QUIET_ZONE_MODULES = 4
# Of ISO/IEC 18004: the bytes that fill a symbol, and the polynomial of its error correction.
PADDING_BYTES = bytes((0xEC, 0x11))
FIELD_POLYNOMIAL = 0x11D
ALPHANUMERIC_VALUES = {chr(code): value for value, code in enumerate(ALPHA_NUM)}
# Alphanumeric mode packs two characters into 11 bits.
ALPHANUMERIC_PAIR_BITS = {
    a + b: f"{ALPHANUMERIC_VALUES[a] * 45 + ALPHANUMERIC_VALUES[b]:011b}"
    for a in ALPHANUMERIC_VALUES
    for b in ALPHANUMERIC_VALUES
}


class QrTextTooLong(ConventionError):
    """The text does not fit into any QR symbol."""

    kind = "too-long"


class QrSymbol(NamedTuple):
    """A symbol of `side` by `side` modules; `rows` has one bit each (1 is black), rows padded to bytes."""

    side: int
    rows: bytes

    def to_matrix(self) -> list[list[bool]]:
        """Return the modules as the qrcode package does."""
        width = len(self.rows) // self.side
        lines = [self.rows[start : start + width] for start in range(0, len(self.rows), width)]
        return [
            [bool(line[column // 8] >> (7 - column % 8) & 1) for column in range(self.side)] for line in lines
        ]


def draw_symbol(text: str) -> QrSymbol:
    """Return the smallest symbol at level M for a text. Raise QrTextTooLong.

    The first text of its length takes half a second, later ones microseconds.
    """
    # The map depends on length and mode alone, and all badge codes of a site have the same.
    symbol_map = _load_symbol_map(len(text.encode()), optimal_mode(text.encode()))
    # The symbol of zeros, xor one precomputed pattern for each data byte.
    patterns = map(getitem, symbol_map.byte_patterns, symbol_map.data(text))
    value = functools.reduce(xor, patterns, symbol_map.zero_symbol)
    return QrSymbol(symbol_map.module_count, value.to_bytes(symbol_map.module_count * symbol_map.row_bytes))


def draw_single_symbol(text: str) -> QrSymbol:
    """Return one symbol in some ten milliseconds, without preparing for more. Raise QrTextTooLong."""
    code = QRCode(error_correction=ERROR_CORRECT_M, border=0)
    code.add_data(text)
    try:
        code.make()
    except (DataOverflowError, ValueError) as error:
        raise QrTextTooLong(_("This text is too long for a QR code.")) from error
    width = -(-code.modules_count // 8)
    lines = ("".join("01"[bool(module)] for module in row).ljust(width * 8, "0") for row in code.modules)
    return QrSymbol(code.modules_count, b"".join(int(line, 2).to_bytes(width) for line in lines))


def draw_svg_symbol(text: str, *, size: int = 280) -> SafeString:
    """Return one symbol as SVG with its quiet zone, `size` pixels wide. Raise QrTextTooLong."""
    qr_symbol = draw_single_symbol(text)
    side = qr_symbol.side + 2 * QUIET_ZONE_MODULES
    dark_modules = (
        (x, y) for y, row in enumerate(qr_symbol.to_matrix()) for x, is_dark in enumerate(row) if is_dark
    )
    return format_html(
        '<svg viewBox="0 0 {side} {side}" width="{size}" height="{size}"><rect width="{side}" height="{side}"'
        ' fill="#fff"/><path d="{path}" fill="#000" shape-rendering="crispEdges"/></svg>',
        side=side,
        size=size,
        path="".join(f"M{x + QUIET_ZONE_MODULES} {y + QUIET_ZONE_MODULES}h1v1h-1z" for x, y in dark_modules),
    )


class SymbolMap:
    """The affine map for texts of one mode and length; `byte_patterns` has 256 integers for each byte."""

    def __init__(self, version: int, mode: int, length: int) -> None:
        self.module_count = version * 4 + 17
        self.row_bytes = -(-self.module_count // 8)
        self.mode = mode
        bits = length_in_bits(mode, version)  # type: ignore[arg-type]  # the stub is too narrow
        self.header = f"{mode:04b}{length:0{bits}b}"
        self.blocks = rs_blocks(version, ERROR_CORRECT_M)
        self.size = sum(block.data_count for block in self.blocks)
        self.zero_symbol = self._draw_codewords(
            version, [0] * sum(block.total_count for block in self.blocks)
        )
        places = self._find_bit_places(version)
        self.byte_patterns = [self._build_byte_patterns(position, places) for position in range(self.size)]

    def data(self, text: str) -> bytes:
        """Return the data bytes of a text: header, characters, terminator and padding."""
        bits = self.header + (_alphanumeric_bits(text) if self.mode == MODE_ALPHA_NUM else _byte_bits(text))
        # The terminator, shortened where the symbol is full, then zeros up to a whole byte.
        bits += "0" * min(4, self.size * 8 - len(bits))
        bits += "0" * (-len(bits) % 8)
        content = int(bits, 2).to_bytes(len(bits) // 8)
        return (content + PADDING_BYTES * self.size)[: self.size]

    def _draw_codewords(self, version: int, codewords: list[int]) -> int:
        """Draw these codewords and their error correction with the package."""
        code = QRCode(version=version, error_correction=ERROR_CORRECT_M, mask_pattern=MASK_PATTERN)
        # Private API of the package: its public one cannot draw given codewords.
        code.data_cache = codewords
        code.makeImpl(False, MASK_PATTERN)  # noqa: FBT003 - the package's "test"
        padding = "0" * (self.row_bytes * 8 - self.module_count)
        return int(
            "".join("".join("01"[bool(module)] for module in row) + padding for row in code.modules), 2
        )

    def _find_bit_places(self, version: int) -> list[int]:
        """Return where each bit of the codewords lands, with one drawing per binary digit of its number."""
        total = sum(block.total_count for block in self.blocks)
        numbers = [0] * (self.module_count * self.row_bytes * 8)
        # Write each bit's own number into the symbol, one binary digit per drawing: a dozen drawings
        # instead of one for each of thousands of bits. Numbers begin at 1, since a zero would show in no
        # drawing.
        for digit in range((total * 8).bit_length()):
            digit_codewords = [
                sum(((word * 8 + bit + 1) >> digit & 1) << (7 - bit) for bit in range(8))
                for word in range(total)
            ]
            marks = f"{self._draw_codewords(version, digit_codewords) ^ self.zero_symbol:0{len(numbers)}b}"
            for place, mark in enumerate(marks):
                numbers[place] |= (mark == "1") << digit
        return [place for _number, place in sorted((n, place) for place, n in enumerate(numbers) if n)]

    def _build_byte_patterns(self, position: int, places: list[int]) -> list[int]:
        """Return the change of the symbol for each value of one data byte."""
        # The difference of two texts cancels what they share, so only this byte and its correction remain.
        words = [a ^ b for a, b in zip(self._make_codewords(position), self._make_codewords(), strict=True)]
        bit_patterns = []
        for _bit in range(8):
            bit_patterns.append(self._spread_bits(words, places))
            # Doubling the byte doubles its correction: error correction is linear.
            words = [_double_in_field(word) for word in words]
        table = [0]
        for bit_pattern in bit_patterns:
            # From eight single bits to all 256 values.
            table += [bit_pattern ^ other for other in table]
        return table

    def _make_codewords(self, *changed: int) -> list[int]:
        """Return data bytes of 2, some changed by 1, with their correction: the package fails on zeros."""
        buffer = BitBuffer()
        buffer.buffer = [3 if position in changed else 2 for position in range(self.size)]
        return list(create_bytes(buffer, self.blocks))

    def _spread_bits(self, words: list[int], places: list[int]) -> int:
        last = self.module_count * self.row_bytes * 8 - 1
        value = 0
        for index, word in enumerate(words):
            for bit in range(8):
                if word >> (7 - bit) & 1:
                    value |= 1 << (last - places[index * 8 + bit])
        return value


@functools.lru_cache(maxsize=16)
def _load_symbol_map(length: int, mode: int) -> SymbolMap:
    mode = MODE_ALPHA_NUM if mode == MODE_ALPHA_NUM else MODE_8BIT_BYTE
    code = QRCode(error_correction=ERROR_CORRECT_M)
    # Any text of this length: the smallest version that holds it is wanted. `optimize=0` keeps one mode.
    code.add_data(("A" if mode == MODE_ALPHA_NUM else "a") * length, optimize=0)
    try:
        version = code.best_fit()
    except (DataOverflowError, ValueError) as error:
        raise QrTextTooLong(_("This text is too long for a QR code.")) from error
    return SymbolMap(version, mode, length)


def _alphanumeric_bits(text: str) -> str:
    pairs = "".join(ALPHANUMERIC_PAIR_BITS[text[start : start + 2]] for start in range(0, len(text) - 1, 2))
    return pairs + f"{ALPHANUMERIC_VALUES[text[-1]]:06b}" * (len(text) % 2)


def _byte_bits(text: str) -> str:
    return "".join(f"{byte:08b}" for byte in text.encode())


def _double_in_field(word: int) -> int:
    """Multiply by two in GF(256), in which error correction is linear."""
    return word << 1 ^ (FIELD_POLYNOMIAL if word & 0x80 else 0)
