"""The treasurer's pages of bank statements: what is to decide, an import with preview, one line."""

from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from convention.club.models import Person
from convention.errors import ConventionError
from registrations.invoices.doors import require_keeper

from ..advice import ADVICE
from ..assign import assign, ignore, left_of, match_line_to_payout, take_up, undo
from ..bank_csv import BadLines
from ..doors import line_to_decide
from ..forms.bank import AssignForm, StatementForm, WhyForm
from ..import_statement import import_statement, rehearse_statement
from ..match import Kind
from ..models import Assignment, BankLine, Statement
from ..payable import judge

CENT = Decimal("0.01")
PAGE = 50
SHOWN = 200


def _page(request: HttpRequest, template: str, **context: Any) -> HttpResponse:
    return render(request, f"checkout/{template}.html", {"section": "money", **context})


@never_cache
@require_GET
def lines(request: HttpRequest) -> HttpResponse:
    """Lines that ask for a decision, each with what it most likely is; or all of them."""
    require_keeper(request.user)
    shows_all = request.GET.get("show") == "all"
    rows = (
        BankLine.objects.with_taken().order_by("-booked_on", "-pk") if shows_all else BankLine.objects.open()
    )
    shown = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    judged = judge(list(shown)) if not shows_all else [(line, None) for line in shown]
    return _page(
        request,
        "bank",
        shown=shown,
        shows_all=shows_all,
        rows=[(line, found, ADVICE[found.kind] if found else None) for line, found in judged],
        statements=Statement.objects.select_related("imported_by")[:10],
    )


@never_cache
@require_http_methods(["GET", "POST"])
def import_page(request: HttpRequest) -> HttpResponse:
    """A statement from a file: read and matched first, imported then."""
    require_keeper(request.user)
    form = StatementForm(request.POST or None, request.FILES or None)
    context: dict[str, Any] = {"form": form}
    if request.method == "POST" and form.is_valid():
        try:
            done = _import(request, form)
        except BadLines as error:
            context["bad_rows"] = error
        except ConventionError as error:
            form.add_error("file", str(error))
        else:
            if "check" not in request.POST:
                messages.success(request, str(done))
                return redirect("money-bank")
            context["rehearsal"] = done
            context["rows"] = [(line, found, ADVICE[found.kind]) for line, found in done.matches[:SHOWN]]
    return _page(request, "bank_import", **context)


def _import(request: HttpRequest, form: StatementForm) -> Any:
    file = form.statement()
    if "check" in request.POST:
        return rehearse_statement(file=file)
    assert isinstance(request.user, Person)
    return import_statement(file=file, by=request.user)


@never_cache
@require_http_methods(["GET", "POST"])
def line(request: HttpRequest, line: int) -> HttpResponse:
    """One line: what it says, what it most likely is, what was decided; a POST assigns it."""
    found = line_to_decide(line, request.user)
    left = left_of(found)
    [(_line, match)] = judge([found])
    part = min(left, dict(match.parts).get(match.reference, left))
    initial = {
        "amount": (Decimal(part) / 100).quantize(CENT),
        "reference": match.reference if match.kind != Kind.PAYOUT else "",
    }
    form = AssignForm(request.POST if request.method == "POST" else None, initial=initial)
    if "payout" in request.POST:
        match_line_to_payout(line=found, payout_id=request.POST["payout"])
        messages.success(request, _("The line is matched to the payout."))
        return redirect("money-bank-line", line)
    if request.method == "POST" and form.is_valid() and _assigned(found, form):
        messages.success(request, _("The payment is recorded."))
        return redirect("money-bank-line", line)
    return _page(
        request,
        "bank_line",
        line=found,
        left=type(found.cost)(left, found.currency),
        match=match,
        advice=ADVICE[match.kind],
        form=form,
        why=WhyForm(prefix="ignore"),
        assignments=found.assignments.select_related("receivable", "undone_by"),
    )


def _assigned(line: BankLine, form: AssignForm) -> bool:
    try:
        assign(line=line, reference=form.cleaned_data["reference"], amount=form.cents)
    except ConventionError as error:
        form.add_error(None, str(error))
    return not form.errors


@require_POST
def set_aside(request: HttpRequest, line: int) -> HttpResponse:
    """Set a line aside with a reason, or take it up again."""
    found = line_to_decide(line, request.user)
    if found.ignored_at:
        take_up(line=found)
        messages.success(request, _("The line is open again."))
        return redirect("money-bank-line", line)
    form = WhyForm(request.POST, prefix="ignore")
    if not form.is_valid():
        messages.error(request, _("Say why the line is set aside."))
        return redirect("money-bank-line", line)
    ignore(line=found, reason=form.cleaned_data["reason"])
    messages.success(request, _("The line is set aside."))
    return redirect("money-bank")


@require_POST
def undo_assignment(request: HttpRequest, line: int, assignment: int) -> HttpResponse:
    """Take an assignment back by a counter-entry."""
    found = line_to_decide(line, request.user)
    one = get_object_or_404(Assignment, line=found, pk=assignment)
    form = WhyForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Say why it is taken back."))
    else:
        undo(assignment=one, reason=form.cleaned_data["reason"])
        messages.success(request, _("It was taken back by a counter-entry."))
    return redirect("money-bank-line", line)
