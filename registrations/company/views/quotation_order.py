"""Order for the company's colleagues what a quotation of a bulk order names."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from convention.club.permissions import get_company_of_contact
from convention.errors import NotFound
from convention.web.client_network import get_client_network
from registrations.company.draft_rows import is_filled_row
from registrations.company.quotations import has_quoted_rows, is_quotation_of, make_quoted_rows
from registrations.quotations.lookup import get_quotation_by_link, get_quoted_event

from .bulk_order_draft import load_company_draft, save_company_draft


@never_cache
@require_POST
def quotation_order(request: HttpRequest, company: str, secret: str) -> HttpResponse:
    """Continue the list that the quotation was made of; another one is replaced if the contact chooses to."""
    company_obj, quotation = get_company_of_contact(company, request.user), get_quotation_by_link(secret)
    if not is_quotation_of(quotation, company_obj):
        raise NotFound(_("This quotation was not made for this company."))
    event = get_quoted_event(quotation)
    draft = load_company_draft(request.session, company_obj, event)
    if has_quoted_rows(draft, quotation):
        return redirect("company-check", company, event.slug)
    rows_path = reverse("company-register", args=[company, event.slug])
    if any(map(is_filled_row, draft.people)) and "replace" not in request.POST:
        context = {
            "event": event,
            "quotation": quotation,
            "order_path": request.path,
            "draft_path": rows_path,
        }
        return render(request, "registrations/quotation_replace.html", context)
    draft, network = make_quoted_rows(quotation), get_client_network(request.META)
    save_company_draft(request.session, company_obj, event, draft, network=network)
    return redirect(rows_path)
