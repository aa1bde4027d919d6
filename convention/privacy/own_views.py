"""Pages of a person's own data: overview, export, consents and the request to be erased."""

from typing import TYPE_CHECKING

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from convention.club.permissions import require_signed_in
from convention.errors import NotFound
from convention.tables.downloads import zip_response
from convention.text.dates import format_date

from .consents import get_agreement
from .export import export_personal_data
from .find_data import SubjectData, add_known_names
from .forms import ErasureRequestForm
from .models import PrivacyCase
from .registry import describe_retained_documents, find_erasure_blockers, list_agreements
from .requests import request_erasure, withdraw_request
from .retention import LEGAL_RETENTION_YEARS, list_effective_rules
from .subjects import get_subject

if TYPE_CHECKING:
    from django.http import HttpRequest


@login_required
@never_cache
@require_safe
def my_data(request: "HttpRequest") -> HttpResponse:
    """Show the data of the reader, by table, with what an erasure would do."""
    return _render_my_data(request, ErasureRequestForm())


def _render_my_data(request: "HttpRequest", form: ErasureRequestForm) -> HttpResponse:
    # The same search as an export and an erasure: the page shows what those would find.
    subject = add_known_names(get_subject(require_signed_in(request.user)))
    context = {
        "section": "privacy",
        "form": form,
        "tables": SubjectData(subject).tables_with_rows,
        "agreements": list_agreements(subject),
        "blockers": find_erasure_blockers(subject),
        "retained": describe_retained_documents(subject),
        "case": PrivacyCase.objects.unanswered()
        .filter(person=subject.person, kind=PrivacyCase.Kind.ERASURE)
        .first(),
        "rules": list_effective_rules(),
        "legal_years": LEGAL_RETENTION_YEARS,
    }
    return render(request, "privacy/my_data.html", context)


@login_required
@require_POST
@reauthentication_required
def my_data_export(request: "HttpRequest") -> HttpResponse:
    """Download the reader's data as one file."""
    content = export_personal_data(subject=add_known_names(get_subject(require_signed_in(request.user))))
    return zip_response(content, name=f"data-{timezone.localdate():%Y-%m-%d}")


@login_required
@require_POST
def agreement_give(request: "HttpRequest", key: str) -> HttpResponse:
    agreement = get_agreement(get_subject(require_signed_in(request.user)), key)
    # Some agreements can only be given where they are asked for, such as conditions of a registration.
    if agreement.give_consent is None:
        raise NotFound(_("We could not find this consent."))
    agreement.give_consent()
    messages.success(request, _("Your consent has been recorded."))
    return redirect("my-privacy")


@login_required
@require_POST
def agreement_withdraw(request: "HttpRequest", key: str) -> HttpResponse:
    agreement = get_agreement(get_subject(require_signed_in(request.user)), key)
    # A condition of a registration ends with the registration.
    if agreement.withdraw_consent is None:
        raise NotFound(_("We could not find this consent."))
    agreement.withdraw_consent()
    messages.success(request, _("Your consent has been withdrawn."))
    return redirect("my-privacy")


@login_required
@require_POST
@reauthentication_required
def erasure_request(request: "HttpRequest") -> HttpResponse:
    """Request one's own erasure."""
    form = ErasureRequestForm(request.POST)
    if not form.is_valid():
        return _render_my_data(request, form)
    case = request_erasure(person=require_signed_in(request.user))
    messages.success(
        request,
        _("We have received your request and will answer by %(due)s.") % {"due": format_date(case.due_on)},
    )
    return redirect("my-privacy")


@login_required
@require_POST
def erasure_withdraw(request: "HttpRequest") -> HttpResponse:
    """Withdraw the request."""
    case = (
        PrivacyCase.objects.unanswered()
        .filter(person=require_signed_in(request.user), kind=PrivacyCase.Kind.ERASURE)
        .first()
    )
    if case is None:
        raise NotFound(_("We could not find this request."))
    withdraw_request(case=case)
    messages.success(request, _("Your request has been withdrawn. Nothing changes."))
    return redirect("my-privacy")
