"""Quotations and pro forma invoices: for the buyer by a link, and for who runs the event."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from convention.downloads import inline
from convention.errors import Expired, NotFound
from convention.events.doors import event_to_organize
from convention.links import find_by_link_token

from ..doors import LINKS_LAST, order_by_link
from ..invoices.draw_offers import quotation_pdf
from ..invoices.models import Quotation
from ..limits import refuse_many_quotation_mails
from ..mail_quotation import mail_quotation
from ..quotation import pro_forma_of

PAGE = 100


@never_cache
@require_safe
def quotation(request: HttpRequest, secret: str) -> HttpResponse:
    """The page of a quotation, for whoever has its link."""
    found = _by_link(secret)
    return render(request, "registrations/quotation.html", {"quotation": found, "event": found.event})


@never_cache
@require_safe
def quotation_paper(request: HttpRequest, secret: str) -> HttpResponse:
    """The same as a PDF."""
    return inline(quotation_pdf(found := _by_link(secret)), name=f"{found.number}.pdf")


@require_POST
def mail(request: HttpRequest, secret: str) -> HttpResponse:
    """Send it to the address that it was asked with."""
    found = _by_link(secret)
    refuse_many_quotation_mails(found)
    _mail(request, found)
    return redirect("quotation", secret)


def _mail(request: HttpRequest, found: Quotation) -> None:
    address = mail_quotation(quotation=found)
    messages.success(request, _("The quotation goes to %(address)s.") % {"address": address})


def _by_link(secret: str) -> Quotation:
    found = find_by_link_token(Quotation.objects.select_related("event"), secret)
    if found is None or found.event is None:
        raise NotFound(_("This link is not valid; it may have been cut in the e-mail."))
    if timezone.now() > found.event.ends_at + LINKS_LAST:
        raise Expired(_("This link has expired: the event is over."))
    return found


@never_cache
@require_safe
def pro_forma(request: HttpRequest, reference: str, secret: str) -> HttpResponse:
    """What an order's invoice will say, for whoever ordered."""
    grant = order_by_link(reference, secret)
    if not grant.is_whole or not grant.order.due.amount or grant.order.awaits_verification:
        raise NotFound(_("Nothing is to be invoiced for this order."))
    return inline(pro_forma_of(grant.order), name=f"pro-forma-{grant.order.reference}.pdf")


@require_safe
def quotations(request: HttpRequest, event: str) -> HttpResponse:
    """All quotations that were asked for, newest first."""
    found = event_to_organize(event, request.user)
    rows = Quotation.objects.filter(event=found)
    shown = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    context = {"event": found, "section": "organize", "shown": shown}
    return render(request, "registrations/organize_quotations.html", context)


@require_safe
def quotation_for(request: HttpRequest, event: str, number: str) -> HttpResponse:
    """One of them as a PDF."""
    return inline(quotation_pdf(one := _to_organize(request, event, number)), name=f"{one.number}.pdf")


@require_POST
def mail_for(request: HttpRequest, event: str, number: str) -> HttpResponse:
    """Send one of them to whom it was given."""
    _mail(request, _to_organize(request, event, number))
    return redirect("organize-quotations", event)


def _to_organize(request: HttpRequest, event: str, number: str) -> Quotation:
    found = event_to_organize(event, request.user)
    one = Quotation.objects.select_related("event").filter(event=found, number=number).first()
    if one is None:
        raise NotFound(_("There is no such quotation."))
    return one
