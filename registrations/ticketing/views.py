"""Organizers' pages for tickets, add-ons, quotas and vouchers."""

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from convention.errors import InvalidFields
from convention.events.models import Event
from convention.events.permissions import can_administer, get_event_to_administer, get_event_to_organize
from convention.text.normalize import normalize_whitespace
from convention.web.forms import get_posted_data, report_refusals
from convention.web.routing import require_safe_or_post
from registrations.models import Addon, Quota, Ticket, Voucher
from registrations.order_request import normalize_code

from .addons import remove_addon, save_addon
from .forms import AddonForm, QuotaForm, TicketForm
from .quotas import remove_quota, save_quota
from .tickets import remove_ticket, save_ticket
from .voucher_forms import VoucherBatchForm, VoucherForm
from .vouchers import (
    create_vouchers,
    describe_value,
    is_company_known,
    remove_voucher,
    save_voucher,
    suggest_companies,
)

VOUCHERS_PER_PAGE = 50


def _render_page(request: HttpRequest, template: str, event: Event, **context: Any) -> HttpResponse:
    frame = {"event": event, "section": "organize", "can_administer": can_administer(request.user, event)}
    return render(request, f"registrations/{template}", frame | context)


@require_GET
def ticket_list(request: HttpRequest, event: str) -> HttpResponse:
    event_obj = get_event_to_organize(event, request.user)
    tickets = list(event_obj.tickets.with_prices())
    return _render_page(request, "organize_tickets.html", event_obj, tickets=tickets)


@require_safe_or_post
def ticket_create(request: HttpRequest, event: str) -> HttpResponse:
    event_obj = get_event_to_organize(event, request.user)
    return _edit_ticket(request, event_obj, Ticket(event=event_obj, position=event_obj.tickets.count() * 10))


@require_safe_or_post
def ticket_edit(request: HttpRequest, event: str, slug: str) -> HttpResponse:
    event_obj = get_event_to_organize(event, request.user)
    return _edit_ticket(
        request,
        event_obj,
        get_object_or_404(Ticket.objects.select_related("quota"), event=event_obj, slug=slug),
    )


def _edit_ticket(request: HttpRequest, event: Event, ticket: Ticket) -> HttpResponse:
    title = ticket.title if ticket.pk else ""
    form = TicketForm(get_posted_data(request), instance=ticket, event=event)
    steps = form.step_forms
    # A list, not `and`: all have to be checked to show their errors at once.
    if request.method == "POST" and all([form.is_valid(), steps.is_valid(), form.check_price_order()]):
        try:
            save_ticket(ticket=form.instance, changed=form.changed_fields, steps=form.build_price_steps())
        except InvalidFields as error:
            form.add_errors(error.field_errors)
        else:
            messages.success(request, _("The ticket has been saved."))
            return redirect("organize-tickets", event.slug)
    return _render_page(
        request, "organize_ticket.html", event, form=form, ticket=ticket, title=title, steps=steps
    )


@require_POST
def ticket_delete(request: HttpRequest, event: str, slug: str) -> HttpResponse:
    event_obj = get_event_to_organize(event, request.user)
    with report_refusals(request):
        remove_ticket(ticket=get_object_or_404(Ticket, event=event_obj, slug=slug))
        messages.success(request, _("The ticket has been removed."))
        return redirect("organize-tickets", event)
    return redirect("organize-ticket", event, slug)


@require_GET
def addon_list(request: HttpRequest, event: str) -> HttpResponse:
    event_obj = get_event_to_organize(event, request.user)
    rows = list(event_obj.addons.prefetch_related("tickets"))
    return _render_page(request, "organize_addons.html", event_obj, addons=rows)


@require_safe_or_post
def addon_create(request: HttpRequest, event: str) -> HttpResponse:
    event_obj = get_event_to_organize(event, request.user)
    return _edit_addon(request, event_obj, Addon(event=event_obj, position=event_obj.addons.count() * 10))


@require_safe_or_post
def addon_edit(request: HttpRequest, event: str, slug: str) -> HttpResponse:
    event_obj = get_event_to_organize(event, request.user)
    return _edit_addon(request, event_obj, get_object_or_404(Addon, event=event_obj, slug=slug))


def _edit_addon(request: HttpRequest, event: Event, addon: Addon) -> HttpResponse:
    title = addon.title if addon.pk else ""
    form = AddonForm(request.POST or None, instance=addon, event=event)
    if request.method == "POST" and form.is_valid():
        tickets, changed = form.cleaned_data["tickets"], form.changed_fields
        try:
            save_addon(addon=form.build_item(), tickets=tickets, changed=changed)
        except InvalidFields as error:
            form.add_errors(error.field_errors)
        else:
            messages.success(request, _("The add-on has been saved."))
            return redirect("organize-addons", event.slug)
    return _render_page(request, "organize_addon.html", event, form=form, addon=addon, title=title)


@require_POST
def addon_delete(request: HttpRequest, event: str, slug: str) -> HttpResponse:
    event_obj = get_event_to_organize(event, request.user)
    with report_refusals(request):
        remove_addon(addon=get_object_or_404(Addon, event=event_obj, slug=slug))
        messages.success(request, _("The add-on has been removed."))
        return redirect("organize-addons", event)
    return redirect("organize-addon", event, slug)


@require_GET
def quota_list(request: HttpRequest, event: str) -> HttpResponse:
    event_obj = get_event_to_organize(event, request.user)
    rows = list(event_obj.quotas.prefetch_related("tickets"))
    return _render_page(request, "organize_quotas.html", event_obj, quotas=rows)


@require_safe_or_post
def quota_create(request: HttpRequest, event: str) -> HttpResponse:
    event_obj = get_event_to_organize(event, request.user)
    return _edit_quota(request, event_obj, Quota(event=event_obj))


@require_safe_or_post
def quota_edit(request: HttpRequest, event: str, pk: int) -> HttpResponse:
    event_obj = get_event_to_organize(event, request.user)
    return _edit_quota(request, event_obj, get_object_or_404(Quota, event=event_obj, pk=pk))


def _edit_quota(request: HttpRequest, event: Event, quota: Quota) -> HttpResponse:
    title = quota.name if quota.pk else ""
    form = QuotaForm(request.POST or None, instance=quota, event=event)
    if request.method == "POST" and form.is_valid():
        tickets = list(form.cleaned_data["tickets"].select_related("quota"))
        try:
            save_quota(quota=form.build_quota(), tickets=tickets, changed=form.changed_data)
        except InvalidFields as error:
            form.add_errors(error.field_errors)
        else:
            messages.success(request, _("The shared quota has been saved."))
            return redirect("organize-quotas", event.slug)
    return _render_page(request, "organize_quota.html", event, form=form, quota=quota, title=title)


@require_POST
def quota_delete(request: HttpRequest, event: str, pk: int) -> HttpResponse:
    event_obj = get_event_to_organize(event, request.user)
    remove_quota(quota=get_object_or_404(Quota, event=event_obj, pk=pk))
    messages.success(request, _("The shared quota has been removed."))
    return redirect("organize-quotas", event)


@require_GET
def voucher_list(request: HttpRequest, event: str) -> HttpResponse:
    """List vouchers, searched by code or label, page by page."""
    event_obj = get_event_to_administer(event, request.user)
    query = normalize_whitespace(request.GET.get("q", "")[:100])
    # Codes are stored in capitals, so that a comparison with case is enough.
    condition = Q(code__contains=normalize_code(query)) | Q(label__icontains=query)
    rows = event_obj.vouchers.filter(condition).prefetch_related("tickets")
    page = Paginator(rows, VOUCHERS_PER_PAGE).get_page(request.GET.get("page"))
    return _render_page(
        request, "organize_vouchers.html", event_obj, page_obj=page, query=query, rows=_add_value_texts(page)
    )


def _add_value_texts(vouchers: Iterable[Voucher]) -> list[tuple[Voucher, str]]:
    return [(voucher, describe_value(voucher)) for voucher in vouchers]


@require_safe_or_post
def voucher_create(request: HttpRequest, event: str) -> HttpResponse:
    """Create one voucher, or many alike."""
    event_obj = get_event_to_administer(event, request.user)
    form = VoucherBatchForm(
        request.POST or None,
        instance=Voucher(event=event_obj, capacity=1),
        event=event_obj,
        company_names=suggest_companies(event_obj, reader=request.user),
    )
    if request.method == "POST" and form.is_valid():
        number, tickets = form.cleaned_data["number"], form.cleaned_data["tickets"]
        changed = [name for name in form.changed_fields if name != "number"]
        if number == 1:
            save_voucher(voucher=form.build_voucher(), tickets=tickets, changed=changed)
        else:
            create_vouchers(template=form.build_voucher(), tickets=tickets, count=number)
        sentence = ngettext(
            "%(number)d code has been created.", "%(number)d codes have been created.", number
        )
        messages.success(request, sentence % {"number": number})
        _warn_of_unknown_company(request, form)
        return redirect("organize-vouchers", event)
    return _render_page(request, "organize_voucher.html", event_obj, form=form, voucher=form.instance)


@require_safe_or_post
def voucher_edit(request: HttpRequest, event: str, code: str) -> HttpResponse:
    event_obj = get_event_to_administer(event, request.user)
    voucher = get_object_or_404(Voucher, event=event_obj, code=code)
    form = VoucherForm(
        request.POST or None,
        instance=voucher,
        event=event_obj,
        company_names=suggest_companies(event_obj, reader=request.user),
    )
    if request.method == "POST" and form.is_valid():
        tickets, changed = form.cleaned_data["tickets"], form.changed_fields
        try:
            save_voucher(voucher=form.build_voucher(), tickets=tickets, changed=changed)
        except InvalidFields as error:
            form.add_errors(error.field_errors)
        else:
            messages.success(request, _("The code has been saved."))
            _warn_of_unknown_company(request, form)
            return redirect("organize-vouchers", event)
    return _render_page(request, "organize_voucher.html", event_obj, form=form, voucher=voucher, title=code)


def _warn_of_unknown_company(request: HttpRequest, form: VoucherForm) -> None:
    """Show a warning if the company was entered now and nobody has its name: it may be mistyped."""
    company = form.instance.for_company
    if company and "for_company" in form.changed_fields and not is_company_known(form.event, company):
        sentence = _(
            "No company in the directory or among the attendees is called “%(company)s”. The code works only "
            "for attendees who enter this name; correct it if it is misspelt."
        )
        messages.warning(request, sentence % {"company": company})


@require_POST
def voucher_delete(request: HttpRequest, event: str, code: str) -> HttpResponse:
    event_obj = get_event_to_administer(event, request.user)
    with report_refusals(request):
        remove_voucher(voucher=get_object_or_404(Voucher, event=event_obj, code=code))
        messages.success(request, _("The code has been removed."))
        return redirect("organize-vouchers", event)
    return redirect("organize-voucher", event, code)
