"""Pages to enter a receivable by hand, also for the dues of a membership."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from convention.club.models import Company, Membership
from convention.errors import ConventionError
from convention.text.normalize import parse_digits
from convention.web.forms import get_posted_data
from convention.web.routing import require_safe_or_post
from registrations.invoices.formatting import format_cents
from registrations.invoices.forms.manual_charges import (
    ManualChargeForm,
    ManualLineFormSet,
    build_items,
    list_typed_lines,
)
from registrations.invoices.ledger.balance import compute_balance
from registrations.invoices.ledger.manual_charges import record_manual_charges
from registrations.invoices.membership_dues import (
    find_company,
    find_dues_receivable,
    list_dues_lines,
    list_memberships_to_invoice,
    make_company_buyer,
    make_dues_subject,
    make_membership_key,
    record_dues,
    sum_dues,
)
from registrations.invoices.models import Issuer, Receivable
from registrations.invoices.permissions import require_treasurer

from .receivables import render_page

PAGE_SIZE = 50
# More names would make the page slow to load; a company beyond them is still found by its name.
MAX_COMPANY_NAMES = 2000


@require_safe_or_post
def memberships_to_invoice(request: HttpRequest) -> HttpResponse:
    """List the memberships whose dues have no receivable yet; a POST adds those of the ticked ones.

    The first POST states their number and sum, the second one, with `confirmed`, records them.
    """
    require_treasurer(request.user)
    rows = list_memberships_to_invoice(today=timezone.localdate())
    # Of those that are still to be invoiced: a second click finds none.
    ticked_keys = request.POST.getlist("membership")
    ticked = rows if "all" in request.POST else [row for row in rows if str(row.pk) in ticked_keys]
    if request.method == "POST":
        if ticked and "confirmed" in request.POST:
            _record_all_dues(request, ticked)
            return redirect("receivables")
        if not ticked:
            messages.error(request, _("Tick the memberships to invoice."))
    issuer = Issuer.get_current()
    ticked_dues = [(row, sum_dues(row, issuer=issuer)) for row in ticked]
    totals: dict[str, int] = {}
    for row, cents in ticked_dues:
        totals[row.currency] = totals.get(row.currency, 0) + cents
    sums = ", ".join(format_cents(cents, currency) for currency, cents in totals.items())
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    page_dues = [(row, sum_dues(row, issuer=issuer)) for row in page]
    return render_page(
        request, "memberships", page_obj=page, page_dues=page_dues, ticked_dues=ticked_dues, sums=sums
    )


def _record_all_dues(request: HttpRequest, memberships: list[Membership]) -> None:
    """Record the dues of each membership, and report those that the form has to complete."""
    recorded, refused = 0, []
    for membership in memberships:
        try:
            record_dues(membership)
        except ConventionError:
            refused.append(membership.company.name)
        else:
            recorded += 1
    if recorded:
        sentence = ngettext(
            "%(count)d receivable has been added. Check it, then issue the invoice.",
            "%(count)d receivables have been added. Check them, then issue the invoices.",
            recorded,
        )
        messages.success(request, sentence % {"count": recorded})
    if refused:
        sentence = _("These dues could not be added. Add each one by its form: %(companies)s.")
        messages.error(request, sentence % {"companies": ", ".join(refused)})


@require_safe_or_post
def receivable_create(request: HttpRequest) -> HttpResponse:
    """Enter a receivable by hand; the buyer may be filled in from a company or a membership."""
    require_treasurer(request.user)
    membership = _find_membership(request)
    if membership and (earlier_receivable := find_dues_receivable(membership)):
        messages.info(request, _("These dues already have a receivable."))
        return redirect("receivable", earlier_receivable.reference)
    if membership is None and _is_company_wanted(request.POST):
        return _render_charges(request, *_fill_in_company(request))
    data = get_posted_data(request)
    form = ManualChargeForm(data, initial=make_dues_subject(membership) if membership else {})
    initial_lines = list_dues_lines(membership, issuer=Issuer.get_current()) if membership else []
    lines = ManualLineFormSet(data, prefix="line", initial=initial_lines)
    # `&` validates both, so that all errors show at once.
    if request.method == "POST" and form.is_valid() & lines.is_valid():
        try:
            receivable = _record(form, lines, membership)
        except ConventionError as error:
            form.add_error(None, str(error))
        else:
            owed = format_cents(compute_balance(receivable).amount_owed, receivable.currency)
            message = _("%(buyer)s owes %(owed)s. Check everything, then issue the invoice.")
            messages.success(request, message % {"buyer": receivable.name, "owed": owed})
            return redirect("receivable", receivable.reference)
    return _render_charges(request, form, lines, membership)


def _render_charges(
    request: HttpRequest, form: ManualChargeForm, lines: Any, membership: Membership | None = None
) -> HttpResponse:
    names = Company.objects.filter(merged_on=None).values_list("name", flat=True)[:MAX_COMPANY_NAMES]
    context = {"form": form, "lines": lines, "membership": membership, "company_names": names}
    return render_page(request, "manual_charges", **context)


def _is_company_wanted(data: QueryDict) -> bool:
    """Return whether the buyer is to be filled in: by its button, or with a company but no buyer."""
    return "fill_in" in data or bool(data.get("company") and not data.get("name"))


def _fill_in_company(request: HttpRequest) -> tuple[ManualChargeForm, Any]:
    """Return the forms as typed so far, not validated yet, with the buyer of the company if it is found."""
    company = find_company(request.POST.get("company", "")[:200])
    if company is None:
        messages.error(request, _("No company in the directory has this name or SIREN."))
    values = {name: request.POST[name] for name in ManualChargeForm.base_fields if name in request.POST}
    form = ManualChargeForm(initial=values | (make_company_buyer(company) if company else {}))
    lines = ManualLineFormSet(prefix="line", initial=list_typed_lines(request.POST))
    return form, lines


def _find_membership(request: HttpRequest) -> Membership | None:
    """Return the confirmed membership that the address names, None without one. Raise Http404."""
    number = parse_digits(request.GET.get("membership", ""))
    if number is None:
        return None
    rows = Membership.objects.select_related("company", "billing_contact").exclude(confirmed_on=None)
    return get_object_or_404(rows, pk=number)


def _record(form: ManualChargeForm, lines: Any, membership: Membership | None) -> Receivable:
    """Record the receivable. Raise InvalidCharge."""
    fields = form.subject_values | ({"currency": membership.currency} if membership else {})
    return record_manual_charges(
        idempotency_key=make_membership_key(membership) if membership else form.idempotency_key,
        buyer=form.buyer,
        items=build_items(lines),
        **fields,
    )
