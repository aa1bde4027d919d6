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

from convention.club.permissions import require_signed_in

from .forms import TokenForm
from .problems import find_problem_description, get_problem_type, problem_response
from .tokens import create_token, revoke_token

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


@login_required
@never_cache
@reauthentication_required(allow_get=True)
def token_list(request: "HttpRequest") -> "HttpResponse":
    """List the reader's tokens and create one; a new token is shown once."""
    form = TokenForm(request.POST or None)
    new_token = None
    if form.is_valid():
        days = form.cleaned_data["lifetime"]
        _row, new_token = create_token(
            person_id=require_signed_in(request.user).pk,
            name=form.cleaned_data["name"],
            scopes=form.cleaned_data["scopes"],
            lifetime=datetime.timedelta(days=int(days)) if days else None,
        )
        # An empty form, so that reloading the page does not offer to create the same token again.
        form = TokenForm()
    rows = require_signed_in(request.user).api_tokens.all()
    return render(request, "api/tokens.html", {"form": form, "tokens": rows, "new_token": new_token})


@login_required
@require_POST
def token_revoke(request: "HttpRequest", token_id: int) -> "HttpResponse":
    revoke_token(person_id=require_signed_in(request.user).pk, token_id=token_id)
    messages.success(request, _("The token has been revoked."))
    return redirect("api-tokens")


@require_safe
def problem_page(request: "HttpRequest", kind: str) -> "HttpResponse":
    """Explain one type of problem in a sentence."""
    description = find_problem_description(kind)
    if description is None:
        return problem_response("not-found", 404, _("There is no such problem type."))
    return JsonResponse({"type": get_problem_type(kind), "description": description})
