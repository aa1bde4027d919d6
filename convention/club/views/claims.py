"""The page behind the e-mail that asks the owner of an address whether they work at a company."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from ..claims import accept_claim, claimed_by_token, companies_of


@never_cache
@require_http_methods(["GET", "POST"])
def claim(request: HttpRequest, token: str) -> HttpResponse:
    """Say who added them and what confirming means; a button does it, since mail filters open links too."""
    claimed = claimed_by_token(token)
    if request.method == "POST":
        accept_claim(claimed=claimed)
        messages.success(request, _("Thank you: this is noted in the club’s directory."))
        return redirect("home")
    context = {"claimed": claimed, "companies": companies_of(claimed)}
    return render(request, "organize/club/claim.html", context)
