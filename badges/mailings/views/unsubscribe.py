"""The page behind a mail's unsubscribe link; mail programs post to the same address (RFC 8058)."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from badges.mailings.unsubscribe import (
    TEST_RECIPIENT_ID,
    is_subscribed,
    read_unsubscribe_token,
    resubscribe_to_news,
    unsubscribe_from_news,
)
from convention.web.routing import require_safe_or_post


# Mail programs post without cookies (RFC 8058); the token in the address is the authorization. GET changes
# nothing, since scanners of mail follow every link.
@csrf_exempt
@never_cache
@require_safe_or_post
def unsubscribe_page(request: HttpRequest, token: str) -> HttpResponse:
    """Show the button and handle it. The link is enough, no session is needed."""
    link_holder = read_unsubscribe_token(token)
    if request.method == "POST":
        if "again" in request.POST:
            resubscribe_to_news(link_holder=link_holder)
        else:
            unsubscribe_from_news(link_holder=link_holder)
    context = {
        "address": link_holder.address,
        "wants_news": is_subscribed(link_holder),
        "is_test": link_holder.recipient_id == TEST_RECIPIENT_ID,
        "is_done": request.method == "POST",
    }
    return render(request, "mailings/unsubscribe.html", context)
