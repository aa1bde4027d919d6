"""A person's tokens, and the pages that describe the API."""

import datetime
from typing import TYPE_CHECKING

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from convention.club.doors import signed_in

from .forms import TokenForm
from .problems import PROBLEMS, problem, problem_type
from .tokens import create_token, revoke_token

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


@login_required
@never_cache
@reauthentication_required(allow_get=True)
def tokens(request: "HttpRequest") -> "HttpResponse":
    """List one's tokens and make one; the new token is shown once."""
    form = TokenForm(request.POST or None)
    new_token = None
    if form.is_valid():
        days = form.cleaned_data["lifetime"]
        _row, new_token = create_token(
            person_id=signed_in(request.user).pk,
            name=form.cleaned_data["name"],
            scopes=form.cleaned_data["scopes"],
            lifetime=datetime.timedelta(days=int(days)) if days else None,
        )
        form = TokenForm()
    rows = signed_in(request.user).api_tokens.all()
    return render(request, "api/tokens.html", {"form": form, "tokens": rows, "new_token": new_token})


@login_required
@require_POST
def revoke(request: "HttpRequest", token_id: int) -> "HttpResponse":
    """End one of one's tokens."""
    revoke_token(person_id=signed_in(request.user).pk, token_id=token_id)
    messages.success(request, _("The token is revoked."))
    return redirect("api-tokens")


@require_safe
def problem_page(request: "HttpRequest", kind: str) -> "HttpResponse":
    """What a problem's type means, in one sentence."""
    if kind not in PROBLEMS:
        return problem("not-found", 404, _("There is no such problem."))
    return JsonResponse({"type": problem_type(kind), "description": PROBLEMS[kind]})
