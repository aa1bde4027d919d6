"""The paper with its XML inside: a PDF/A-3 that a person reads and a program too."""

import io
from functools import cache

from django.utils import translation
from facturx import generate_from_binary
from PIL import ImageCms
from pypdf import PdfWriter
from pypdf.generic import (
    ArrayObject,
    DecodedStreamObject,
    DictionaryObject,
    NameObject,
    NumberObject,
    TextStringObject,
)

from .cii import cii
from .draw import draw, title_of
from .models import Invoice


def facturx_pdf(document: Invoice) -> bytes:
    """Draw the document, and put its XML inside."""
    with translation.override(document.language):
        file = io.BytesIO()
        draw(document, file)
        said = {
            "author": document.seller["legal_name"],
            "title": title_of(document),
            "subject": title_of(document),
            "keywords": "Factur-X",
        }
    return bytes(
        generate_from_binary(
            with_colours(file.getvalue()),
            cii(document),
            flavor="factur-x",
            level="en16931",
            check_xsd=False,
            pdf_metadata=said,
            lang=document.language,
            afrelationship="alternative",
        )
    )


def with_colours(pdf: bytes) -> bytes:
    """The PDF that says what its colours mean: sRGB, as PDF/A asks."""
    writer = PdfWriter(clone_from=io.BytesIO(pdf))
    profile = DecodedStreamObject()
    profile.set_data(srgb())
    stream = profile.flate_encode()
    stream[NameObject("/N")] = NumberObject(3)
    intent = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/OutputIntent"),
            NameObject("/S"): NameObject("/GTS_PDFA1"),
            NameObject("/OutputConditionIdentifier"): TextStringObject("sRGB"),
            NameObject("/Info"): TextStringObject("sRGB"),
            NameObject("/DestOutputProfile"): writer._add_object(stream),
        }
    )
    writer.root_object[NameObject("/OutputIntents")] = ArrayObject([writer._add_object(intent)])
    file = io.BytesIO()
    writer.write(file)
    return file.getvalue()


@cache
def srgb() -> bytes:
    """The colour profile of the web."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
