"""The page behind a mail's unsubscribe link; mail programs post to the same address (RFC 8058)."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from badges.mailings import unsubscribe as mailings_unsubscribe
from badges.mailings.unsubscribe import is_subscribed, resubscribe_to_news
from badges.mailings.unsubscribe import unsubscribe_from_news as stop_news


# Mail programs post without cookies (RFC 8058); the token in the address is the authorization. GET changes
# nothing, since scanners of mail follow every link.
@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe_page(request: HttpRequest, token: str) -> HttpResponse:
    """Show the button and handle it. The link is enough, no session is needed."""
    bearer = mailings_unsubscribe.read_unsubscribe_token(token)
    if request.method == "POST":
        act = resubscribe_to_news if "again" in request.POST else stop_news
        act(link_holder=bearer)
    context = {
        "address": bearer.address,
        "token": token,
        "wants_news": is_subscribed(bearer),
        "is_test": bearer.recipient_id == mailings_unsubscribe.TEST_RECIPIENT_ID,
        "is_done": request.method == "POST",
    }
    return render(request, "mailings/unsubscribe.html", context)
