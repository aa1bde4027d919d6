"""Read PDFs and QR codes with other libraries than those that made them."""

import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import pdfplumber
import pypdfium2
import qrcode
import zxingcpp
from PIL import Image
from pypdf import PdfReader


def render_pdf(content: bytes, *, dpi: int = 150) -> list[Image.Image]:
    """Return each page as a picture."""
    document = pypdfium2.PdfDocument(content)
    try:
        return [page.render(scale=dpi / 72).to_pil().convert("RGB") for page in document]
    finally:
        document.close()


def pdf_text(content: bytes) -> str:
    """Return the text of a PDF, pages separated by a form feed."""
    return "\f".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)


def list_words(content: bytes) -> Iterator[tuple[int, list[dict[str, Any]]]]:
    """Yield page numbers from 1, with the words of each page and their boxes."""
    with pdfplumber.open(io.BytesIO(content)) as document:
        for page in document.pages:
            yield page.page_number, page.extract_words(extra_attrs=["size"], x_tolerance_ratio=0.12)
            page.close()


def find_bad_words(content: bytes) -> list[str]:
    """Return the words that leave their page or lie on another word."""
    with pdfplumber.open(io.BytesIO(content)) as document:
        sizes = [(float(page.width), float(page.height)) for page in document.pages]
    found = []
    for number, words in list_words(content):
        width, height = sizes[number - 1]
        found += [
            f"{number}: {word['text']} leaves the page"
            for word in words
            if word["x0"] < 0 or word["x1"] > width + 0.5 or word["top"] < 0 or word["bottom"] > height
        ]
        found += [f"{number}: {one} on {other}" for one, other in find_overlapping_words(words)]
    return found


def find_overlapping_words(words: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """Yield pairs of words whose boxes overlap; the boxes end at the height of small letters."""
    boxes = sorted(
        (
            (
                word["top"] + (word["bottom"] - word["top"]) * 0.35,
                word["bottom"] - (word["bottom"] - word["top"]) * 0.3,
                word["x0"] + 0.6,
                word["x1"] - 0.6,
                word["text"],
            )
            for word in words
        ),
        key=lambda box: box[0],
    )
    for index, (_top, bottom, left, right, text) in enumerate(boxes):
        for other in boxes[index + 1 :]:
            if other[0] >= bottom:
                break
            if other[2] < right and left < other[3]:
                yield text, other[4]


def find_smallest_type(content: bytes) -> float:
    """Return the smallest size of type in points."""
    return min((word["size"] for _number, words in list_words(content) for word in words), default=0.0)


def pdf_sizes(content: bytes) -> list[tuple[float, float]]:
    """Return width and height of each page in millimetres."""
    pages = PdfReader(io.BytesIO(content)).pages
    return [
        (float(page.mediabox.width) * 25.4 / 72, float(page.mediabox.height) * 25.4 / 72) for page in pages
    ]


def decode_qr(image: Image.Image | bytes) -> list[str]:
    """Return the texts of all QR codes in a picture or PDF, from top to bottom."""
    if isinstance(image, bytes):
        return [text for page in render_pdf(image, dpi=200) for text in decode_qr(page)]
    found = zxingcpp.read_barcodes(np.asarray(image.convert("L")), formats=zxingcpp.BarcodeFormat.QRCode)
    return [
        code.text
        for code in sorted(found, key=lambda code: (code.position.top_left.y, code.position.top_left.x))
    ]


def qr_image(text: str, *, pixels: int = 480) -> Image.Image:
    """Return a QR code as a square picture with its quiet zone."""
    code = qrcode.QRCode(border=4, box_size=8, error_correction=qrcode.ERROR_CORRECT_M)
    code.add_data(text)
    image = code.make_image().get_image().convert("L")
    return image.resize((pixels, pixels), Image.Resampling.NEAREST)
