"""Pages of the refunds that the treasurer makes: files for the bank, and several marked as done."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from convention.audit.record import record_action
from convention.tables.downloads import attachment_response, table_response
from convention.web.forms import get_posted_data
from convention.web.routing import require_safe_or_post
from registrations.invoices.accounting.exported_months import list_period_warnings
from registrations.invoices.formatting import format_cents
from registrations.invoices.ledger.refunds import complete_refunds
from registrations.invoices.permissions import require_treasurer

from .forms import RefundsCompletionForm, select_ticked
from .refund_transfers import (
    NoBankFile,
    RefundToMake,
    build_bank_file,
    build_refunds_sheet,
    list_refunds_to_make,
    pair_with_accounts,
)

MAX_REFUNDS_SHOWN = 200
XML_TYPE = "application/xml"


def load_refund_section() -> dict[str, Any]:
    """Return the context of `payments/refunds_to_make.html`."""
    rows = pair_with_accounts(list_refunds_to_make())
    return {
        "refunds_to_make": rows[:MAX_REFUNDS_SHOWN],
        "refund_count": len(rows),
        "excluded_count": sum(bool(row.exclusion_reason) for row in rows),
        "refund_totals": describe_totals(rows),
    }


def describe_totals(refunds: list[RefundToMake]) -> str:
    """Return the sum of the refunds, one for each currency."""
    totals: dict[str, int] = {}
    for row in refunds:
        currency = row.refund.receivable.currency
        totals[currency] = totals.get(currency, 0) + row.refund.amount
    return ", ".join(format_cents(cents, currency) for currency, cents in totals.items())


@require_safe_or_post
def refunds_complete(request: HttpRequest) -> HttpResponse:
    """Show the ticked refunds with their sum; mark them as done on one day."""
    require_treasurer(request.user)
    data = request.POST if request.method == "POST" else request.GET
    rows = pair_with_accounts(select_ticked(list_refunds_to_make(), data))
    if not rows and data.getlist("refund"):
        messages.info(request, _("These refunds have already been marked as done."))
        return redirect("card-payments")
    if not rows:
        return _refuse_empty_selection(request)
    form = RefundsCompletionForm(get_posted_data(request), refunds=rows)
    # The button must do what the page said: a refund may have been marked as done in the meantime.
    if request.method == "POST" and len(rows) != len(set(data.getlist("refund"))):
        messages.error(request, _("The list has changed in the meantime. Check it again."))
    elif request.method == "POST" and form.is_valid():
        return _complete(request, form)
    context = {"section": "money", "rows": rows, "totals": describe_totals(rows), "form": form}
    return render(request, "payments/refunds_complete.html", context)


def _complete(request: HttpRequest, form: RefundsCompletionForm) -> HttpResponse:
    day = form.cleaned_data["refunded_on"]
    count = complete_refunds(refunds=form.refunds, refunded_on=day)
    message = ngettext(
        "%(count)d refund has been marked as done.", "%(count)d refunds have been marked as done.", count
    )
    messages.success(request, message % {"count": count})
    for warning in list_period_warnings([day]):
        messages.warning(request, warning)
    return redirect("card-payments")


def _refuse_empty_selection(request: HttpRequest) -> HttpResponse:
    messages.error(request, _("Tick the refunds first, or select all of them."))
    return redirect("card-payments")


@require_GET
def bank_file_download(request: HttpRequest) -> HttpResponse:
    """Download the ticked refunds as a SEPA file for the bank."""
    require_treasurer(request.user)
    rows = pair_with_accounts(select_ticked(list_refunds_to_make(), request.GET))
    if not rows:
        return _refuse_empty_selection(request)
    try:
        bank_file = build_bank_file(rows, at=timezone.now())
    except NoBankFile as error:
        messages.error(request, str(error))
        return redirect("card-payments")
    details = {"message": bank_file.message_id, "refunds": bank_file.refund_ids}
    record_action("refunds.export", "refunds", fields=["sepa"], details=details)
    return attachment_response(bank_file.content, name=f"{bank_file.message_id}.xml", mimetype=XML_TYPE)


@require_GET
def refund_list_download(request: HttpRequest) -> HttpResponse:
    """Download the ticked refunds as CSV."""
    require_treasurer(request.user)
    rows = pair_with_accounts(select_ticked(list_refunds_to_make(), request.GET))
    if not rows:
        return _refuse_empty_selection(request)
    details = {"refunds": [row.refund.pk for row in rows]}
    record_action("refunds.export", "refunds", fields=["csv"], details=details)
    return table_response(build_refunds_sheet(rows), name=_("refunds"), kind="csv")
