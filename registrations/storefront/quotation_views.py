"""Start an order of what a quotation names."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from convention.web.client_network import get_client_network
from registrations.invoices.models import Quotation
from registrations.orders.quotation_views import get_quotation_by_link, get_quoted_event
from registrations.orders.quotations import has_quoted_items, list_quoted_places

from .drafts import PERSON_FIELDS, DraftContent, load_draft, save_draft

QUOTED_BILLING_FIELDS = ("name", "street", "postcode", "city", "country")


@never_cache
@require_POST
def register_quoted_places(request: HttpRequest, secret: str) -> HttpResponse:
    """Start an order of what a quotation names, for the same buyer.

    The draft that the quotation was made of is continued. Another one is overwritten only once the buyer
    chose that.
    """
    quotation = get_quotation_by_link(secret)
    event, places = get_quoted_event(quotation), list_quoted_places(quotation)
    if not places:
        return redirect("register", event.slug)
    draft = load_draft(request.session, event.slug)
    if draft.quotation == quotation.number and has_quoted_items(quotation, draft.people):
        return redirect("register-review", event.slug)
    has_entries = any(value for person in draft.people for value in person.values())
    if has_entries and "replace" not in request.POST:
        context = {"event": event, "quotation": quotation}
        return render(request, "registrations/quotation_replace.html", context)
    save_draft(
        request.session,
        event.slug,
        _build_draft(quotation, places),
        event=event,
        network=get_client_network(request.META),
    )
    return redirect("register", event.slug)


def _build_draft(quotation: Quotation, places: list[dict[str, Any]]) -> DraftContent:
    """Return a draft with the quoted places, the code and the buyer, without names of attendees."""
    buyer = quotation.buyer
    empty_person = dict.fromkeys(PERSON_FIELDS, "") | {"company": quotation.details.get("company", "")}
    return DraftContent(
        people=[empty_person | place for place in places],
        code=quotation.details.get("voucher_code", ""),
        contact=buyer.get("email", ""),
        billing={
            **{f"billing_{name}": buyer.get(name, "") for name in QUOTED_BILLING_FIELDS},
            "billing_tax_number": buyer.get("vat_number") or buyer.get("siren", ""),
            "purchase_order": quotation.details.get("purchase_order", ""),
        },
        quotation=quotation.number,
    )
