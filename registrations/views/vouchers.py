"""Organizers' pages: the vouchers and access codes of an event."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from convention.errors import InvalidFields
from convention.events.doors import event_to_organize
from convention.events.models import Event
from convention.text import tidy

from ..forms.vouchers import ManyVouchersForm, VoucherForm
from ..models import Voucher
from ..order_request import code_typed
from ..vouchers import make_vouchers, remove_voucher, save_voucher, say_value

PAGE = 50


@require_GET
def vouchers(request: HttpRequest, event: str) -> HttpResponse:
    """All vouchers, searched by code or purpose, page by page."""
    found = event_to_organize(event, request.user)
    query = tidy(request.GET.get("q", "")[:100])
    looked_for = Q(code__contains=code_typed(query)) | Q(label__icontains=query)
    rows = found.vouchers.filter(looked_for).prefetch_related("tickets")
    shown = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    return _page(request, "organize_vouchers.html", found, shown=shown, query=query, rows=_with_values(shown))


def _with_values(shown: Any) -> list[tuple[Voucher, str]]:
    return [(voucher, say_value(voucher)) for voucher in shown]


def _page(request: HttpRequest, template: str, event: Event, **context: Any) -> HttpResponse:
    return render(request, f"registrations/{template}", {"event": event, "section": "organize", **context})


@require_http_methods(["GET", "POST"])
def new_voucher(request: HttpRequest, event: str) -> HttpResponse:
    """Make one, or many alike."""
    found = event_to_organize(event, request.user)
    form = ManyVouchersForm(request.POST or None, instance=Voucher(event=found, capacity=1), event=found)
    if request.method == "POST" and form.is_valid():
        number, tickets = form.cleaned_data["number"], form.cleaned_data["tickets"]
        changed = [name for name in form.changed_fields if name != "number"]
        if number == 1:
            save_voucher(voucher=form.row(), tickets=tickets, changed=changed)
        else:
            make_vouchers(like=form.row(), tickets=tickets, number=number)
        told = ngettext("%(number)d code is made.", "%(number)d codes are made.", number)
        messages.success(request, told % {"number": number})
        return redirect("organize-vouchers", event)
    return _page(request, "organize_voucher.html", found, form=form, voucher=form.instance)


@require_http_methods(["GET", "POST"])
def voucher(request: HttpRequest, event: str, code: str) -> HttpResponse:
    """Change one."""
    found = event_to_organize(event, request.user)
    one = get_object_or_404(Voucher, event=found, code=code)
    form = VoucherForm(request.POST or None, instance=one, event=found)
    if request.method == "POST" and form.is_valid():
        tickets, changed = form.cleaned_data["tickets"], form.changed_fields
        try:
            save_voucher(voucher=form.row(), tickets=tickets, changed=changed)
        except InvalidFields as error:
            form.add_errors(error.fields)
        else:
            messages.success(request, _("The code is saved."))
            return redirect("organize-vouchers", event)
    return _page(request, "organize_voucher.html", found, form=form, voucher=one, title=code)


@require_POST
def remove(request: HttpRequest, event: str, code: str) -> HttpResponse:
    """Remove one that nobody used."""
    found = event_to_organize(event, request.user)
    remove_voucher(voucher=get_object_or_404(Voucher, event=found, code=code))
    messages.success(request, _("The code is removed."))
    return redirect("organize-vouchers", event)
