"""Page of the mail that asks the owner of an address whether they work at a company."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from convention.club.claims import get_claimed_person, list_current_employers
from convention.club.merge_people.accept_claim import accept_claim
from convention.web.routing import require_safe_or_post


@never_cache
@require_safe_or_post
def address_claim(request: HttpRequest, token: str) -> HttpResponse:
    """Show who added the person; only a POST confirms, since mail filters open links too."""
    claimed = get_claimed_person(token)
    if request.method == "POST":
        accept_claim(claimed=claimed)
        messages.success(request, _("Thank you. The club’s directory has been updated."))
        return redirect("home")
    context = {"claimed": claimed, "companies": list_current_employers(claimed)}
    return render(request, "organize/club/address_claim.html", context)
