"""Pages on which organizers and the treasurer list, send and withdraw quotations."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from convention.errors import NotFound
from convention.events.models import Event
from convention.events.permissions import can_administer
from convention.tables.downloads import inline_response
from convention.text.normalize import normalize_whitespace
from convention.web.forms import get_return_path
from convention.web.routing import require_safe_or_post
from registrations.invoices.documents.quotation_pdf import render_quotation_pdf
from registrations.invoices.forms.actions import RequiredReasonForm
from registrations.invoices.models.documents import Quotation
from registrations.invoices.permissions import require_treasurer
from registrations.permissions import get_event_of_quotations

from .lookup import filter_quotations
from .send import QuotationNotOpen
from .states import load_quotation_rows
from .views import mail_to_recipient
from .withdraw import withdraw_quotation

PAGE_SIZE = 100


@require_safe
def quotation_list(request: HttpRequest, event: str) -> HttpResponse:
    """List the quotations of an event, newest first, searched by `q`; the treasurer reads them too."""
    event_obj = get_event_of_quotations(event, request.user)
    query = normalize_whitespace(request.GET.get("q", "")[:100])
    rows = filter_quotations(Quotation.objects.filter(event=event_obj).select_related("event"), query)
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "is_organizer": can_administer(request.user, event_obj),
        "page_obj": page,
        "query": query,
        "rows": load_quotation_rows(list(page)),
    }
    return render_staff_page(request, event_obj, "organize_quotations", context)


@require_safe
def all_quotation_list(request: HttpRequest) -> HttpResponse:
    """List the quotations of all events for the treasurer, newest first, searched by `q`."""
    require_treasurer(request.user)
    query = normalize_whitespace(request.GET.get("q", "")[:100])
    # Without its event, which was deleted, a quotation has no page.
    rows = filter_quotations(Quotation.objects.exclude(event=None).select_related("event"), query)
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "section": "money",
        "layout": "invoices/base.html",
        "page_obj": page,
        "query": query,
        "rows": load_quotation_rows(list(page)),
    }
    return render(request, "registrations/organize_quotations.html", context)


@require_safe
def organizer_quotation_download(request: HttpRequest, event: str, number: str) -> HttpResponse:
    """Return one quotation of the event as a PDF."""
    return inline_response(
        render_quotation_pdf(
            quotation := _find_quotation(get_event_of_quotations(event, request.user), number)
        ),
        name=f"{quotation.number}.pdf",
    )


@require_POST
def organizer_quotation_mail(request: HttpRequest, event: str, number: str) -> HttpResponse:
    """Mail one quotation of the event to its buyer."""
    mail_to_recipient(request, _find_quotation(get_event_of_quotations(event, request.user), number))
    return redirect(_get_list_path(request, event))


@require_safe_or_post
def quotation_withdrawal(request: HttpRequest, event: str, number: str) -> HttpResponse:
    """Withdraw a quotation, after a question with the reason."""
    event_obj = get_event_of_quotations(event, request.user)
    quotation = _find_quotation(event_obj, number)
    form = RequiredReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            withdraw_quotation(quotation=quotation, reason=form.cleaned_data["reason"])
        except QuotationNotOpen as error:
            messages.error(request, str(error))
        else:
            message = _("Quotation %(number)s has been withdrawn.")
            messages.success(request, message % {"number": quotation.number})
        return redirect(_get_list_path(request, event))
    context = {"form": form, "quotation": quotation, "list_path": _get_list_path(request, event)}
    return render_staff_page(request, event_obj, "quotation_withdraw", context)


def _get_list_path(request: HttpRequest, event: str) -> str:
    """Return the path of the list that the reader came from, with its search: of this or of all events."""
    return get_return_path(request, default=reverse("organize-quotations", args=[event]))


def render_staff_page(
    request: HttpRequest, event: Event, template: str, context: dict[str, Any]
) -> HttpResponse:
    """Render a page about an event's quotations, with the menu of the event for its organizers."""
    is_organizer = can_administer(request.user, event)
    context |= {
        "event": event,
        "section": "organize" if is_organizer else "money",
        # The menu of the event would lead a treasurer to pages that refuse.
        "layout": "organize/event_base.html" if is_organizer else "invoices/base.html",
    }
    return render(request, f"registrations/{template}.html", context)


def _find_quotation(event: Event, number: str) -> Quotation:
    quotation = Quotation.objects.select_related("event").filter(event=event, number=number).first()
    if quotation is None:
        raise NotFound(_("We could not find this quotation."))
    return quotation
