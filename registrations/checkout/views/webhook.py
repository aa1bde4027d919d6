"""The door for what Stripe tells: only what it signed gets in, and is answered at once."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from convention.errors import NotFound

from ..gateway import Declined, verified_event
from ..handle import receive_event

LARGEST = 512 * 1024


@csrf_exempt
@require_POST
def webhook(request: HttpRequest) -> HttpResponse:
    """Keep the event and queue what it asks for; once that is stored, say so. 400 for what is not signed."""
    if not settings.STRIPE_WEBHOOK_SECRET or not settings.STRIPE_SECRET_KEY:
        raise NotFound(_("There is no such page."))
    body = request.read(LARGEST + 1)
    if len(body) > LARGEST:
        return HttpResponse(status=413)
    try:
        facts = verified_event(body, request.headers.get("Stripe-Signature", ""))
    except Declined:
        return HttpResponse(status=400)
    receive_event(facts=facts)
    return HttpResponse(status=200)
