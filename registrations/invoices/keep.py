"""The paper of a document: its XML is checked when it is issued, its Factur-X PDF drawn once and kept."""

from django.db import IntegrityError, transaction
from django.tasks import task

from .cii import cii, require_valid
from .facturx import facturx_pdf
from .models import Invoice, Paper


def keep(document: Invoice) -> Invoice:
    """Refuse what is no valid electronic invoice, in the issuing transaction; its PDF is drawn after it."""
    require_valid(cii(document))
    draw_paper.enqueue(document.pk)
    return document


@task
def draw_paper(invoice: int) -> None:
    """Draw the PDF of an issued document."""
    paper_of(Invoice.objects.get(pk=invoice))


def paper_of(document: Invoice) -> bytes:
    """The Factur-X PDF, drawn now where nobody asked for it before; always the same bytes."""
    kept = Paper.objects.filter(invoice=document).first()
    if kept is None:
        kept = kept_paper(document, facturx_pdf(document))
    return bytes(kept.content)


def kept_paper(document: Invoice, content: bytes) -> Paper:
    """Keep it, unless somebody was faster."""
    try:
        with transaction.atomic():
            return Paper.objects.create(invoice=document, content=content)
    except IntegrityError:
        return Paper.objects.get(invoice=document)
