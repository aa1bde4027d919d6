"""Pages of bank statements: lines to decide, import with preview, one line."""

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Prefetch, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from convention.club.models import Person
from convention.errors import ConventionError
from convention.money import Money
from convention.text.dates import format_date
from convention.web.forms import get_posted_data, report_refusals
from convention.web.routing import require_safe_or_post
from registrations.invoices.accounting.exported_months import list_period_warnings
from registrations.invoices.formatting import format_cents
from registrations.invoices.ledger.receivable_sources import get_receivable
from registrations.invoices.models import Receivable, Refund
from registrations.invoices.permissions import require_treasurer
from registrations.payments.models import (
    BankLine,
    BankLineAssignment,
    BankLineQuerySet,
    BankLineState,
    BankStatement,
)
from registrations.payments.permissions import get_bank_line_for_treasurer

from .assignments import (
    assign_line_to_several,
    compute_unassigned,
    ignore_line,
    match_line_to_payout,
    record_returned_transfer,
    reopen_line,
    undo_assignment,
    undo_assignments,
    undo_payout_match,
    undo_returned_transfer,
)
from .csv_reader import InvalidLines
from .forms import AssignmentForm, BankReasonForm, ReturnForm, StatementForm
from .import_statement import import_statement, preview_statement
from .line_search import BankLineFilter
from .match_advice import MATCH_ADVICE
from .matching import (
    LineMatch,
    MatchKind,
    PayableIndex,
    match_line,
)
from .payables import (
    build_line_facts,
    build_payable_index,
    list_payout_offers,
    list_return_candidates,
    match_lines,
    suggest_payables,
)
from .suggestions import RankedPayable, find_items_of_payer

CENT_STEP = Decimal("0.01")
PAGE_SIZE = 50
MAX_PREVIEW_LINES = 200
# A payout has no reference of ours, and a line cannot pay what is due in another currency.
KINDS_NOT_PREFILLED = (MatchKind.PAYOUT, MatchKind.OTHER_CURRENCY)


def _render_page(request: HttpRequest, template: str, **context: Any) -> HttpResponse:
    return render(request, f"payments/{template}.html", {"section": "money", **context})


@never_cache
@require_GET
def bank_line_list(request: HttpRequest) -> HttpResponse:
    """List the lines that need a decision with their matches, or all lines, with search and filter."""
    require_treasurer(request.user)
    shows_all, active_filter = request.GET.get("show") == "all", BankLineFilter.from_query(request.GET)
    page: Any = Paginator(
        active_filter.list_line_ids() if shows_all else BankLine.objects.needing_decision(), PAGE_SIZE
    ).get_page(request.GET.get("page"))
    # Matching loads everything that may be paid; lines that are decided do not need it.
    matches = [(line, None) for line in _load_lines(page)] if shows_all else match_lines(list(page))
    return _render_page(
        request,
        "bank_lines",
        page_obj=page,
        shows_all=shows_all,
        active_filter=active_filter,
        states=BankLineState.choices,
        rows=[(line, match, MATCH_ADVICE[match.kind] if match else None) for line, match in matches],
        statements=BankStatement.objects.select_related("imported_by")[:10],
    )


def _load_lines(line_ids: Iterable[int]) -> BankLineQuerySet:
    """Return these lines with their state and the receivable of their refund, latest first."""
    rows: BankLineQuerySet = BankLine.objects.with_state().filter(pk__in=list(line_ids))
    return rows.select_related("refund__receivable").prefetch_related("refund__receivable__charges")


@never_cache
@require_safe_or_post
def statement_import(request: HttpRequest) -> HttpResponse:
    """Upload a statement: preview it first, then import it."""
    require_treasurer(request.user)
    form = StatementForm(request.POST or None, request.FILES or None)
    context: dict[str, Any] = {"form": form}
    if request.method == "POST" and form.is_valid():
        try:
            result = _run_import(request, form)
        except InvalidLines as error:
            context["bad_rows"] = error
        except ConventionError as error:
            form.add_error("file", str(error))
        else:
            warnings = list_period_warnings(result.payment_days)
            # The first button previews, the second one imports.
            if "check" not in request.POST:
                for warning in warnings:
                    messages.warning(request, warning)
                messages.success(request, str(result))
                return redirect("bank-lines")
            context |= {"preview": result, "warnings": warnings}
            context["rows"] = [
                (line, match, MATCH_ADVICE[match.kind]) for line, match in result.matches[:MAX_PREVIEW_LINES]
            ]
    return _render_page(request, "bank_import", **context)


def _run_import(request: HttpRequest, form: StatementForm) -> Any:
    file = form.read_file()
    if "check" in request.POST:
        return preview_statement(file=file)
    # `require_treasurer` has refused anonymous visitors.
    assert isinstance(request.user, Person)
    return import_statement(file=file, imported_by=request.user)


@never_cache
@require_safe_or_post
def bank_line_detail(request: HttpRequest, line_id: int) -> HttpResponse:
    """Show a line with its match and assignments; a POST assigns it."""
    bank_line = get_bank_line_for_treasurer(line_id, request.user)
    if "payout" in request.POST:
        return _match_to_payout(request, bank_line)
    if bank_line.amount < 0:
        return _respond_with_debit(request, bank_line)
    index = build_payable_index()
    match = match_line(build_line_facts(bank_line), index)
    has_chosen = "chosen" in request.POST
    form = AssignmentForm(
        None if has_chosen else get_posted_data(request),
        initial=_propose_assignment(bank_line, match),
        line=bank_line,
        index=index,
        match=match,
    )
    if has_chosen:
        is_assigned = _try_assign_chosen(request, bank_line, index)
    else:
        is_assigned = form.is_valid() and _try_assign_typed(request, bank_line, form)
    if is_assigned:
        # What is left of a line is assigned before the next one.
        return redirect("bank-line", line_id) if compute_unassigned(bank_line) else _go_to_next(bank_line)
    return _render_credit(request, bank_line, index, match, form)


def _match_to_payout(request: HttpRequest, line: BankLine) -> HttpResponse:
    try:
        match_line_to_payout(line=line, payout_id=request.POST["payout"])
    except ConventionError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The line has been matched to the payout."))
    return redirect("bank-line", line.pk)


def _propose_assignment(line: BankLine, match: LineMatch) -> dict[str, Any]:
    """Return the initial values of the form: what is due of the matched reference, not the whole line."""
    unassigned = compute_unassigned(line)
    part = min(unassigned, dict(match.parts).get(match.reference, unassigned))
    return {
        "amount": (Decimal(part) / 100).quantize(CENT_STEP),
        "reference": "" if match.kind in KINDS_NOT_PREFILLED else match.reference,
    }


def _render_credit(
    request: HttpRequest, line: BankLine, index: PayableIndex, match: LineMatch, form: AssignmentForm
) -> HttpResponse:
    """Show a credit with what it may pay, and what it is assigned to."""
    search_text = request.GET.get("q", "")[:200]
    unassigned = compute_unassigned(line)
    suggestions = _list_suggestions(line, index, unassigned, search_text)
    assignments = line.assignments.select_related("reversal_refund").prefetch_related(
        Prefetch("receivable", Receivable.objects.with_first_attendee())
    )
    return _render_page(
        request,
        "bank_line",
        line=line,
        left=Money(unassigned, line.currency),
        match=match,
        advice=MATCH_ADVICE[match.kind],
        form=form,
        search_text=search_text,
        suggestions=suggestions,
        can_choose_several=sum(suggestion.item.amount_due > 0 for suggestion, _part in suggestions) > 1,
        chosen_parts=request.POST.getlist("part"),
        payouts=list_payout_offers(line) if 0 < unassigned == line.amount else [],
        items_of_payer=find_items_of_payer(build_line_facts(line), index),
        waiting_count=BankLine.objects.needing_decision().exclude(pk=line.pk).count(),
        next_line=_find_next_line(line),
        ignore_form=BankReasonForm(prefix="ignore"),
        assignments=assignments,
        active_count=sum(assignment.is_active for assignment in assignments),
    )


def _try_assign_chosen(request: HttpRequest, line: BankLine, index: PayableIndex) -> bool:
    """Assign the line to the ticked payables, each with its amount due; return whether it was assigned."""
    due_items = {
        item.due_part: item
        for item in index.items.values()
        if item.amount_due > 0 and item.currency == line.currency
    }
    chosen_parts = dict.fromkeys(request.POST.getlist("part"))
    if not chosen_parts:
        messages.error(request, _("Select at least one amount due."))
    elif not chosen_parts.keys() <= due_items.keys():
        messages.error(request, _("The amounts due have changed. Check the suggestions again."))
    else:
        parts = [(due_items[part].reference, due_items[part].amount_due) for part in chosen_parts]
        try:
            _assign_parts(request, line, parts)
        except ConventionError as error:
            messages.error(request, str(error))
        else:
            return True
    return False


def _assign_parts(request: HttpRequest, line: BankLine, parts: Sequence[tuple[str, int]]) -> None:
    """Assign each part, as (reference, cents), and say so. Raise InvalidAssignment or NotFound."""
    assignments = assign_line_to_several(line=line, parts=parts)
    if len(assignments) == 1:
        message = _("%(amount)s has been recorded for %(buyer)s.")
        text: str = _describe_recorded(message, assignments[0].receivable, assignments[0].amount)
    else:
        amount = format_cents(sum(cents for _reference, cents in parts), line.currency)
        values = {"amount": amount, "count": len(parts)}
        text = _("%(amount)s has been recorded for %(count)d amounts due.") % values
    messages.success(request, text)


def _respond_with_debit(request: HttpRequest, line: BankLine) -> HttpResponse:
    """Show a debit with the refunds and payments of its amount; a POST matches it to one."""
    if request.method == "POST" and not line.is_open_debit:
        # From an old page: the form is no longer shown, so its errors would not be either.
        messages.error(request, _("This line is already matched, or set aside."))
        return redirect("bank-line", line.pk)
    form = ReturnForm(get_posted_data(request))
    if request.method == "POST" and form.is_valid() and (refund := _try_record_return(line, form)):
        message = _("%(amount)s has been recorded as returned to %(buyer)s.")
        messages.success(request, _describe_recorded(message, refund.receivable, refund.amount))
        return _go_to_next(line)
    return _render_page(
        request,
        "bank_line",
        line=line,
        form=form,
        advice=MATCH_ADVICE[MatchKind.UNMATCHED_RETURN] if line.is_reversal else None,
        candidates=list_return_candidates(line) if line.is_open_debit else [],
        payouts=list_payout_offers(line) if line.is_open_debit else [],
        waiting_count=BankLine.objects.needing_decision().exclude(pk=line.pk).count(),
        next_line=_find_next_line(line),
        ignore_form=BankReasonForm(prefix="ignore"),
    )


def _try_record_return(line: BankLine, form: ReturnForm) -> Refund | None:
    try:
        receivable = get_receivable(form.cleaned_data["reference"])
        refund = record_returned_transfer(line=line, reference=receivable.reference)
    except ConventionError as error:
        form.add_error(None, str(error))
        return None
    if refund is None:
        sentence = _(
            "No payment of at least this amount can be returned for this reference. The payment must have "
            "been received by %(day)s, the day of this debit."
        )
        form.add_error("reference", sentence % {"day": format_date(line.booked_on)})
    return refund


def _list_suggestions(
    line: BankLine, index: PayableIndex, unassigned: int, search_text: str
) -> list[tuple[RankedPayable, str]]:
    """Return what the line may pay, each with the amount to assign as a form field takes it."""
    if unassigned <= 0:
        return []
    return [
        (suggestion, f"{Decimal(_propose_part(suggestion, unassigned)) / 100:.2f}")
        for suggestion in suggest_payables(line, index, search_text=search_text)
    ]


def _propose_part(suggestion: RankedPayable, unassigned: int) -> int:
    due = suggestion.item.amount_due
    return min(unassigned, due) if due > 0 else unassigned


def _find_next_line(line: BankLine) -> BankLine | None:
    """Return the next line that needs a decision; after the last one, the first of those skipped."""
    open_lines = BankLine.objects.needing_decision().exclude(pk=line.pk)
    is_after = Q(booked_on__lt=line.booked_on) | Q(booked_on=line.booked_on, pk__lt=line.pk)
    return open_lines.filter(is_after).first() or open_lines.first()


def _go_to_next(line: BankLine) -> HttpResponse:
    """Redirect to the next line that needs a decision, or to the list after the last one."""
    next_line = _find_next_line(line)
    return redirect("bank-line", next_line.pk) if next_line else redirect("bank-lines")


def _try_assign_typed(request: HttpRequest, line: BankLine, form: AssignmentForm) -> bool:
    """Assign the line to what was typed; return whether it was assigned, else add the error to the form."""
    try:
        _assign_parts(request, line, form.parts)
    except ConventionError as error:
        form.add_error(None, str(error))
        return False
    return True


def _describe_recorded(message: str, receivable: Receivable, cents: int) -> SafeString:
    """Return the message with its amount and buyer, and a link: the page of the next line shows it."""
    buyer = receivable.buyer_label
    text = message % {
        "amount": format_cents(cents, receivable.currency),
        "buyer": buyer if buyer == receivable.reference else f"{buyer} · {receivable.reference}",
    }
    link = reverse("receivable", args=[receivable.reference])
    return format_html('{} <a href="{}">{}</a>', text, link, _("Show the receivable"))


@require_POST
def bank_line_ignore(request: HttpRequest, line_id: int) -> HttpResponse:
    """Set a line aside with a reason, or reopen it."""
    bank_line = get_bank_line_for_treasurer(line_id, request.user)
    # One button for both directions; only setting aside needs a reason.
    if bank_line.ignored_at:
        reopen_line(line=bank_line)
        messages.success(request, _("The line is open again."))
        return redirect("bank-line", line_id)
    form = BankReasonForm(request.POST, prefix="ignore")
    if not form.is_valid():
        messages.error(request, _("Enter a reason for setting the line aside."))
        return redirect("bank-line", line_id)
    try:
        ignore_line(line=bank_line, reason=form.cleaned_data["reason"])
    except ConventionError as error:
        messages.error(request, str(error))
        return redirect("bank-line", line_id)
    messages.success(request, _("The line has been set aside."))
    return _go_to_next(bank_line)


@require_POST
def assignment_undo(request: HttpRequest, line_id: int, assignment_id: int) -> HttpResponse:
    """Undo an assignment."""
    bank_line = get_bank_line_for_treasurer(line_id, request.user)
    # Within the line of the URL, for which the permission was checked.
    assignment = get_object_or_404(BankLineAssignment, line=bank_line, pk=assignment_id)

    def undo(reason: str) -> str:
        undo_assignment(assignment=assignment, reason=reason)
        return _("The assignment has been undone with a counter-entry.")

    return _undo_with_reason(
        request, bank_line, undo, missing_reason=_("Enter a reason for undoing the assignment.")
    )


@require_POST
def assignments_undo(request: HttpRequest, line_id: int) -> HttpResponse:
    """Undo all assignments of a line."""
    bank_line = get_bank_line_for_treasurer(line_id, request.user)

    def undo(reason: str) -> str:
        undo_assignments(line=bank_line, reason=reason)
        return _("All assignments have been undone with counter-entries.")

    return _undo_with_reason(
        request, bank_line, undo, missing_reason=_("Enter a reason for undoing the assignments.")
    )


@require_POST
def match_undo(request: HttpRequest, line_id: int) -> HttpResponse:
    """Undo the match of a line to a payout, or of a debit to a refund."""
    bank_line = get_bank_line_for_treasurer(line_id, request.user)
    return _undo_with_reason(
        request,
        bank_line,
        lambda reason: _undo_match(bank_line, reason),
        missing_reason=_("Enter a reason for undoing the match."),
    )


def _undo_with_reason(
    request: HttpRequest, line: BankLine, undo: Callable[[str], str], *, missing_reason: str
) -> HttpResponse:
    """Call `undo` with the posted reason, show what it returns or why it refuses, and return to the line."""
    form = BankReasonForm(request.POST)
    if form.is_valid():
        with report_refusals(request):
            messages.success(request, undo(form.cleaned_data["reason"]))
    else:
        messages.error(request, missing_reason)
    return redirect("bank-line", line.pk)


def _undo_match(line: BankLine, reason: str) -> str:
    """Free a line from its payout or refund; return what happened. Raise InvalidAssignment."""
    if line.payout_id:
        undo_payout_match(line=line, reason=reason)
        return _("The match has been undone.")
    refund = undo_returned_transfer(line=line, reason=reason)
    sentences = {
        Refund.State.REQUESTED: _(
            "The match has been undone. The refund is requested again: it still has to be sent."
        ),
        Refund.State.FAILED: _(
            "The match has been undone. The refund recorded from this debit was cancelled."
        ),
    }
    return sentences.get(Refund.State(refund.state), _("The match has been undone."))
