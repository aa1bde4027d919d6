"""Organizers' pages: who registered, and one of them."""

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from convention.audit.record import record
from convention.club.doors import corrects_names
from convention.dates import say_day
from convention.downloads import download
from convention.errors import InvalidFields
from convention.events.doors import event_to_organize
from convention.events.models import Event
from convention.paging import KeyedPaginator, OneReadingPaginator
from convention.text import tidy

from ..cancel import cancel, cancel_keeping
from ..correct import correct_for
from ..correct_person import correct_with_person, says_another_name
from ..doors import own_secret
from ..forms.correct import CorrectForm, DirectoryForm, ReasonForm
from ..forms.refund_rules import KeepForm
from ..listing import UNANSWERED, UNDELIVERED, Filter, answers_of, history_of, mails_of, sheet_of
from ..merged import merged_of
from ..models import Registration, Ticket
from ..price_words import rows_of
from ..refund_words import foreseen, say_settled
from ..resend import readdress, resend
from ..seats import seats_of
from ..verification import vouch_for, waits_for_buyer

PAGE = 50
SHOWN = (
    "reference", "ticket_id", "first_name", "last_name", "email", "company",
    "created_at", "held_until", "confirmed_at", "cancelled_at",
)  # fmt: skip
READ = ("ticket", "order", "person", "member_of", "event", "voucher", "merged_into")
BESIDES = {
    "addon": gettext_lazy("Add-on"),
    "voucher": gettext_lazy("Code"),
    "quota": gettext_lazy("Shared quota"),
}
"""What a list can be narrowed to by a link alone."""


def _page(request: HttpRequest, template: str, event: Event, **context: Any) -> HttpResponse:
    return render(request, template, {"event": event, "section": "organize", **context})


@require_GET
def registrations(request: HttpRequest, event: str) -> HttpResponse:
    """Everyone, searched and filtered, page by page."""
    found = event_to_organize(event, request.user)
    chosen = Filter.of(request.GET)
    tickets = list(found.tickets.all())
    is_filtered = chosen != Filter(sort=chosen.sort)
    pages = OneReadingPaginator if is_filtered else KeyedPaginator
    people = pages(chosen.apply(found), PAGE, shown=Registration.objects.only(*SHOWN))
    shown = people.get_page(request.GET.get("page"))
    return _page(
        request,
        "registrations/organize_list.html",
        found,
        shown=shown,
        rows=_rows(shown, found, tickets, request.GET),
        chosen=chosen,
        is_filtered=is_filtered,
        tickets=tickets,
        besides=[(name, value, label) for name, label in BESIDES.items() if (value := getattr(chosen, name))],
        states=[
            *Registration.State.choices,
            (UNDELIVERED, _("mail not delivered")),
            (UNANSWERED, _("questions to answer")),
        ],
    )


def _rows(
    shown: Iterable[Registration], event: Event, tickets: list[Ticket], asked: QueryDict
) -> Iterator[tuple[Registration, str, str, str, str]]:
    """Each registration with its address, its ticket, its day and the address of its company's list."""
    titles = {ticket.pk: ticket.title for ticket in tickets}
    of_company = asked.copy()
    of_company.pop("page", None)

    @cache
    def list_of(company: str) -> str:
        of_company["company"] = company
        return f"?{of_company.urlencode()}"

    said = cache(say_day)
    for one in shown:
        address = reverse("organize-registration", args=[event.slug, one.reference])
        day = said(one.created_at.astimezone(event.zone).date())
        yield one, address, titles[one.ticket_id], day, list_of(one.company)


@require_GET
def export(request: HttpRequest, event: str, kind: str) -> HttpResponse:
    """The same list as a file, all pages of it."""
    found = event_to_organize(event, request.user)
    sheet = sheet_of(found, Filter.of(request.GET).apply(found))
    record("registrations.export", found, event=found, fields=[kind])
    return download(sheet, name=f"{found.slug}-{_('registrations')}", kind=kind)


def _one(event: Event, reference: str) -> Registration:
    rows = Registration.objects.select_related(*READ)
    with_addons = rows.prefetch_related("addons__addon")
    return get_object_or_404(with_addons, event=event, reference=reference)


@require_http_methods(["GET", "POST"])
def registration(request: HttpRequest, event: str, reference: str) -> HttpResponse:
    """One registration: what is written, what happened, what can be done. A POST corrects it."""
    found = event_to_organize(event, request.user)
    one = _one(found, reference)
    form = CorrectForm(request.POST) if request.method == "POST" else CorrectForm.of(one)
    reason = _why(request, one, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid() and reason.is_valid():
        act = correct_with_person if reason.cleaned_data.get("directory") else correct_for
        try:
            act(registration=one, correction=form.correction(), reason=reason.cleaned_data["reason"])
        except InvalidFields as error:
            form.add_errors(error.fields)
        else:
            messages.success(request, _("The correction is saved."))
            return redirect("organize-registration", event, reference)
    return _show_one(request, one, form=form, reason=reason)


def _why(request: HttpRequest, one: Registration, data: QueryDict | None = None) -> ReasonForm:
    """Why it is corrected; of a member, for who may, whether the club's directory says it too."""
    form = DirectoryForm if one.person and corrects_names(request.user) else ReasonForm
    return form(data, prefix="correct")


def _show_one(request: HttpRequest, one: Registration, **forms: Any) -> HttpResponse:
    """The page of one registration with its forms as they were filled in."""
    forms = {
        "form": CorrectForm.of(one), "reason": _why(request, one), "keep": KeepForm(prefix="cancel"), **forms,
    }  # fmt: skip
    return _page(
        request,
        "registrations/organize_one.html",
        one.event,
        registration=one,
        manage_path=one.order.path_with(own_secret(one)) if one.is_private else one.order.manage_path,
        other_name=says_another_name(one),
        rows=rows_of(one),
        merged=merged_of(one),
        said=foreseen(one),
        siblings=list(one.order.registrations.exclude(pk=one.pk).select_related("ticket")),
        history=history_of(one),
        seats=list(seats_of(one)),
        has_sessions=one.event.sessions.filter(is_bookable=True).exists(),
        settled=say_settled(one.order, [one]),
        may_vouch=one.order.awaits_verification and waits_for_buyer(one.order, one),
        **mails_of(one),
        **answers_of(one),
        **forms,
    )


@require_POST
def cancel_one(request: HttpRequest, event: str, reference: str) -> HttpResponse:
    """Cancel for someone else, by the refund rules or keeping another amount, with a reason."""
    one = _one(event_to_organize(event, request.user), reference)
    keep = KeepForm(request.POST, prefix="cancel")
    if keep.is_valid():
        try:
            _cancel_one(one, keep.cents, tidy(keep.cleaned_data["reason"]))
        except InvalidFields as error:
            keep.add_errors(error.fields)
        else:
            messages.success(request, _("The registration of %(name)s is cancelled.") % {"name": one.name})
            return redirect("organize-registration", event, reference)
    return _show_one(request, one, keep=keep)


def _cancel_one(one: Registration, kept: int | None, reason: str) -> None:
    if kept is None:
        cancel(registration=one, reason=reason)
    else:
        cancel_keeping(registration=one, kept=kept, reason=reason)


@require_POST
def vouch_for_one(request: HttpRequest, event: str, reference: str) -> HttpResponse:
    """Confirm the order of a registration whose buyer has not opened the mailed link."""
    one = _one(event_to_organize(event, request.user), reference)
    order = vouch_for(order=one.order, reason=tidy(request.POST.get("reason", "")[:300]))
    messages.success(request, _("Order %(reference)s is confirmed.") % {"reference": order.reference})
    return redirect("organize-registration", event, reference)


@require_POST
def resend_one(request: HttpRequest, event: str, reference: str) -> HttpResponse:
    """Send the mail again."""
    found = event_to_organize(event, request.user)
    act = readdress if "order" in request.POST else resend
    address = act(registration=_one(found, reference), email=request.POST.get("email", "")[:254])
    messages.success(request, _("The e-mail to %(email)s is on its way.") % {"email": address})
    return redirect("organize-registration", event, reference)
