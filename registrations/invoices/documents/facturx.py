"""Build the Factur-X file: a PDF/A-3 with the document's XML embedded."""

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

from registrations.invoices.models import Invoice

from .cii_xml import render_cii
from .invoice_pdf import draw_invoice, get_document_title


def render_facturx_pdf(document: Invoice) -> bytes:
    """Return the PDF of a document with its XML embedded."""
    with translation.override(document.language):
        pdf = draw_invoice(document)
        pdf_metadata = {
            "author": document.seller["legal_name"],
            "title": get_document_title(document),
            "subject": get_document_title(document),
            "keywords": "Factur-X",
        }
    return bytes(
        generate_from_binary(
            # PDF/A requires an output intent, which the PDF writer does not add.
            embed_color_profile(pdf),
            render_cii(document),
            flavor="factur-x",
            level="en16931",
            # Checked when the document was issued.
            check_xsd=False,
            pdf_metadata=pdf_metadata,
            lang=document.language,
            # In profile EN 16931 the XML says the same as the pages (Factur-X specification).
            afrelationship="alternative",
        )
    )


def embed_color_profile(pdf: bytes) -> bytes:
    """Return the PDF with an sRGB output intent, which PDF/A requires."""
    writer = PdfWriter(clone_from=io.BytesIO(pdf))
    profile = DecodedStreamObject()
    profile.set_data(load_srgb_profile())
    stream = profile.flate_encode()
    stream[NameObject("/N")] = NumberObject(3)
    # GTS_PDFA1 is the subtype for all parts of PDF/A, part 3 included (ISO 19005).
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
def load_srgb_profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
