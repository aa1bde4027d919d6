"""QR symbols equal those of the qrcode package, and another library reads them."""

import random

import numpy as np
import pytest
import zxingcpp
from qrcode import ERROR_CORRECT_M, QRCode

from convention.codes.qr import QrSymbol, QrTextTooLong, draw_single_symbol, draw_svg_symbol, draw_symbol

ALPHANUMERIC = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
MIXED_CHARACTERS = "abcdefé王 ~_?&=#ABC123"


def package_matrix(text: str) -> list[list[bool]]:
    code = QRCode(error_correction=ERROR_CORRECT_M, mask_pattern=0)
    code.add_data(text, optimize=0)
    code.make()
    return code.modules


def random_text(random_: random.Random, alphabet: str, length: int) -> str:
    return "A" + "".join(random_.choice(alphabet) for _ in range(length - 1))


@pytest.mark.parametrize("length", [1, 2, 16, 47, 90, 154, 155, 158, 159, 200, 222])
def test_alphanumeric_symbol_equals_that_of_qrcode_package(length):
    generator = random.Random(length)
    texts = [random_text(generator, ALPHANUMERIC, length) for _ in range(20)]

    assert [draw_symbol(text).to_matrix() for text in texts] == [package_matrix(text) for text in texts]


def test_symbol_of_mixed_text_equals_that_of_qrcode_package():
    generator = random.Random(7)
    texts = [random_text(generator, MIXED_CHARACTERS, length) for length in range(3, 120, 23)]

    assert [draw_symbol(text).to_matrix() for text in texts] == [package_matrix(text) for text in texts]


def decode_with_zxing(drawn: QrSymbol) -> list[str]:
    modules = np.pad(np.array(drawn.to_matrix()), 4)
    picture = np.kron(np.where(modules, 0, 255), np.ones((4, 4))).astype(np.uint8)
    return [code.text for code in zxingcpp.read_barcodes(picture)]


def test_symbols_are_decoded_by_zxing():
    generator = random.Random(3)
    texts = [f"HTTPS://EXAMPLE.ORG/B/{random_text(generator, ALPHANUMERIC[:36], 125)}" for _ in range(40)]
    read = []

    for text in texts:
        read += decode_with_zxing(draw_symbol(text))

    assert read == texts


def test_badge_url_needs_at_most_version_7():
    assert draw_symbol("HTTPS://CONVENTION.EXAMPLE.ORG/B/" + "A" * 125).side == 45
    assert draw_symbol("HTTP://LOCALHOST:8000/B/" + "A" * 125).side == 41


def test_too_long_text_is_refused():
    with pytest.raises(QrTextTooLong, match="QR"):
        draw_symbol("A" * 5000)
    with pytest.raises(QrTextTooLong, match="QR"):
        draw_single_symbol("a" * 5000)


@pytest.mark.parametrize(
    "text", ["https://convention.example/events/été/agenda/?format=grid", "HTTPS://A.B/7"]
)
def test_single_symbol_is_decoded_by_zxing(text):
    assert decode_with_zxing(draw_single_symbol(text)) == [text]
    assert draw_single_symbol(text).side == draw_symbol(text).side


def test_svg_symbol_has_quiet_zone():
    drawn = draw_single_symbol("HTTPS://A.B/7")
    side = drawn.side + 8

    picture = draw_svg_symbol("HTTPS://A.B/7")

    assert picture.startswith(f'<svg viewBox="0 0 {side} {side}" width="280" height="280">')
    assert picture.count("h1v1h-1z") == sum(map(sum, drawn.to_matrix()))
    assert "M4 4h1v1h-1z" in picture
