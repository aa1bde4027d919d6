"""Read PDFs and QR codes with other libraries than those that made them."""

import io

import numpy as np
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
