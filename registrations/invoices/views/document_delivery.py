"""Say to whom a new document is e-mailed, before and after it is issued."""

from collections.abc import Sequence

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registrations.invoices.formatting import format_cents
from registrations.invoices.models import Invoice, Issuer, Receivable
from registrations.invoices.sending import is_sent_automatically, queue_automatic_mail


def describe_delivery(receivable: Receivable, *, count: int = 1) -> list[str]:
    """Return a sentence on the e-mail of so many new documents; none if they are not sent automatically."""
    if is_sent_automatically(receivable):
        sentence = ngettext(
            "We will e-mail the PDF to %(email)s.", "We will e-mail the PDFs to %(email)s.", count
        )
        return [sentence % {"email": receivable.email}]
    issuer = Issuer.get_current()
    if issuer is None or issuer.sends_since is None:
        return []
    return [_("The buyer has no e-mail address, so nothing will be sent.")]


def choose_issue_label(receivable: Receivable, label: str) -> str:
    """Return the label of the button that issues documents, which says if it sends them too."""
    return _("Issue and send") if is_sent_automatically(receivable) else label


def announce_documents(documents: Sequence[Invoice]) -> str:
    """Queue the e-mails of new documents if they are sent automatically; return the success message."""
    sentences = [describe_document(document) for document in documents]
    queued = [mail for document in documents if (mail := queue_automatic_mail(invoice=document))]
    if queued:
        sentence = ngettext(
            "It is being sent to %(email)s.", "They are being sent to %(email)s.", len(queued)
        )
        sentences.append(sentence % {"email": documents[0].receivable.email})
    return " ".join(sentences)


def describe_document(document: Invoice) -> str:
    return _("%(kind)s %(number)s has been issued: %(total)s.") % {
        "kind": capfirst(document.get_kind_display()),
        "number": document.number,
        "total": format_cents(document.total, document.currency),
    }
