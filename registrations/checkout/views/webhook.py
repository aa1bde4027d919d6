"""The door for what Stripe tells: only what it signed gets in, and is answered at once."""

import logging

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from convention.errors import NotFound

from ..gateway import Declined, UnreadableEvent, verified_event
from ..handle import receive_event

LARGEST = 512 * 1024
logger = logging.getLogger(__name__)


@csrf_exempt
@require_POST
def webhook(request: HttpRequest) -> HttpResponse:
    """Store the event, queue its task and answer 200; answer 400 to what is not signed or not an event.

    A 400 to a signed event shows in Stripe's dashboard, where the operator notices it.
    """
    if not settings.STRIPE_WEBHOOK_SECRET or not settings.STRIPE_SECRET_KEY:
        raise NotFound(_("There is no such page."))
    body = request.read(LARGEST + 1)
    if len(body) > LARGEST:
        return HttpResponse(status=413)
    try:
        receive_event(facts=verified_event(body, request.headers.get("Stripe-Signature", "")))
    except UnreadableEvent as error:
        logger.warning("A signed event of Stripe cannot be read: %s.", error)
        return HttpResponse(status=400)
    except Declined:
        return HttpResponse(status=400)
    return HttpResponse(status=200)
