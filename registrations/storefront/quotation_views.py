"""Start an order of what a quotation names."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from convention.web.client_network import get_client_network
from registrations.quotations.lookup import (
    get_quotation_by_link,
    get_quoted_event,
    has_quoted_items,
    list_quoted_places,
)

from .drafts import PERSON_FIELDS, build_quoted_draft, load_draft, save_draft


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
        context = {
            "event": event,
            "quotation": quotation,
            "order_path": request.path,
            "draft_path": reverse("register", args=[event.slug]),
        }
        return render(request, "registrations/quotation_replace.html", context)
    # Quotations do not have the company of each attendee.
    empty_person = dict.fromkeys(PERSON_FIELDS, "") | {"company": quotation.details.get("company", "")}
    save_draft(
        request.session,
        event.slug,
        build_quoted_draft(quotation, [empty_person | place for place in places]),
        event=event,
        network=get_client_network(request.META),
    )
    return redirect("register", event.slug)
