"""Issue and send many invoices at once: a preview with count and sum, then one button."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from convention.club.permissions import require_signed_in
from convention.events.models import Event
from convention.text.normalize import normalize_whitespace
from convention.web.routing import require_safe_or_post
from registrations.invoices.documents.completeness import is_complete_issuer
from registrations.invoices.models import Issuer
from registrations.invoices.permissions import require_treasurer
from registrations.invoices.uninvoiced import (
    InvoiceBatch,
    issue_and_send_invoices,
    load_invoice_batch,
)

from .receivables import render_page

# The preview shows no more rows; the button issues all. Incomplete ones are shown in pages of so many.
MAX_ROWS_SHOWN = 100


@require_safe_or_post
def invoices_issue(request: HttpRequest) -> HttpResponse:
    """Show what can be invoiced now; issue and e-mail all of it."""
    require_treasurer(request.user)
    data = request.POST if request.method == "POST" else request.GET
    event_slug = normalize_whitespace(data.get("event", ""))[:100]
    batch, issuer = load_invoice_batch(event_slug=event_slug), Issuer.get_current()
    has_complete_issuer = issuer is not None and is_complete_issuer(issuer)
    if request.method == "POST" and has_complete_issuer and batch.ready:
        # The button must do what the preview said, and orders arrive at any time.
        if request.POST.get("fingerprint") == batch.fingerprint:
            return _queue_batch(request, batch)
        messages.error(request, _("The list has changed in the meantime. Check it again."))
    return render_page(
        request,
        "invoices_issue",
        batch=batch,
        shown=batch.ready[:MAX_ROWS_SHOWN],
        page_obj=Paginator(batch.incomplete, MAX_ROWS_SHOWN).get_page(request.GET.get("page")),
        has_complete_issuer=has_complete_issuer,
        chosen_event=Event.objects.filter(slug=event_slug).first() if event_slug else None,
    )


def _queue_batch(request: HttpRequest, batch: InvoiceBatch) -> HttpResponse:
    person = require_signed_in(request.user)
    issue_and_send_invoices.enqueue([row.pk for row in batch.ready], person.pk)
    count = len(batch.ready)
    message = ngettext(
        "%(count)d invoice is being issued and sent. It will appear here shortly.",
        "%(count)d invoices are being issued and sent. They will appear here shortly.",
        count,
    )
    messages.success(request, message % {"count": count})
    return redirect("receivables")
