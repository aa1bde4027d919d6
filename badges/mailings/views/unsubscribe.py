"""The page behind a mail’s unsubscribe link; a mail program posts to the same address (RFC 8058)."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from .. import tokens
from ..unsubscribe import subscribe_again, wants_news
from ..unsubscribe import unsubscribe as stop_news


@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Say what the button does; a POST does it. Whoever holds the link may: no session is asked."""
    bearer = tokens.bearer_of(token)
    if request.method == "POST":
        act = subscribe_again if "again" in request.POST else stop_news
        act(bearer=bearer)
    context = {
        "address": bearer.address,
        "token": token,
        "wants_news": wants_news(bearer),
        "is_test": bearer.recipient == tokens.OF_NOBODY,
        "is_done": request.method == "POST",
    }
    return render(request, "mailings/unsubscribe.html", context)
