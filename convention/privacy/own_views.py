"""One's own data: what is held, the file of it, what one agreed to, and the request to be forgotten."""

from typing import TYPE_CHECKING

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from convention.club.doors import signed_in
from convention.downloads import archive
from convention.errors import NotFound

from .consent import agreement_with
from .export import export
from .forms import ForgetForm
from .held import Held, with_names
from .models import Case
from .request import ask_to_be_forgotten, take_back
from .retention import KEPT_BY_LAW_YEARS, kept
from .subjects import subject_of
from .walk import agreements, obstacles, retained_by_law

if TYPE_CHECKING:
    from django.http import HttpRequest


@login_required
@never_cache
@require_safe
def mine(request: "HttpRequest") -> HttpResponse:
    """What the club holds of the reader, by table, with what becomes of it."""
    return _page(request, ForgetForm())


def _page(request: "HttpRequest", form: ForgetForm) -> HttpResponse:
    subject = with_names(subject_of(signed_in(request.user)))
    context = {
        "section": "privacy",
        "form": form,
        "found": Held(subject).found,
        "agreements": agreements(subject),
        "obstacles": obstacles(subject),
        "retained": retained_by_law(subject),
        "case": Case.objects.open().filter(person=subject.person, kind=Case.Kind.ERASURE).first(),
        "kept": kept(),
        "years": KEPT_BY_LAW_YEARS,
    }
    return render(request, "privacy/mine.html", context)


@login_required
@require_POST
@reauthentication_required
def download(request: "HttpRequest") -> HttpResponse:
    """All of it, as one file."""
    content = export(subject=with_names(subject_of(signed_in(request.user))))
    return archive(content, name=f"data-{timezone.localdate():%Y-%m-%d}")


@login_required
@require_POST
def agree(request: "HttpRequest", key: str) -> HttpResponse:
    """Agree to the latest text."""
    one = agreement_with(subject_of(signed_in(request.user)), key)
    if one.give is None:
        raise NotFound(_("There is no such agreement."))
    one.give()
    messages.success(request, _("Noted: you agree."))
    return redirect("my-privacy")


@login_required
@require_POST
def disagree(request: "HttpRequest", key: str) -> HttpResponse:
    """Agree no more."""
    one = agreement_with(subject_of(signed_in(request.user)), key)
    if one.withdraw is None:
        raise NotFound(_("There is no such agreement."))
    one.withdraw()
    messages.success(request, _("Noted: you no longer agree."))
    return redirect("my-privacy")


@login_required
@require_POST
@reauthentication_required
def ask(request: "HttpRequest") -> HttpResponse:
    """Ask to be forgotten."""
    form = ForgetForm(request.POST)
    if not form.is_valid():
        return _page(request, form)
    case = ask_to_be_forgotten(person=signed_in(request.user))
    messages.success(
        request,
        _("The club has your request, and answers by %(due)s.") % {"due": formats.date_format(case.due_on)},
    )
    return redirect("my-privacy")


@login_required
@require_POST
def stay(request: "HttpRequest") -> HttpResponse:
    """Take the request back."""
    case = Case.objects.open().filter(person=signed_in(request.user), kind=Case.Kind.ERASURE).first()
    if case is None:
        raise NotFound(_("There is no such request."))
    take_back(case=case)
    messages.success(request, _("Your request is taken back: nothing changes."))
    return redirect("my-privacy")
