"""Webhook of Stripe: accepts signed events only, stores them and answers at once."""

import logging

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from convention.errors import NotFound
from registrations.payments.cards.gateway import StripeRefusal, UnreadableEvent, verify_event
from registrations.payments.cards.webhook_events import receive_event

MAX_BODY_BYTES = 512 * 1024
logger = logging.getLogger(__name__)


# Stripe has no CSRF token; the signature of the body is the authentication.
@csrf_exempt
@require_POST
def stripe_webhook(request: HttpRequest) -> HttpResponse:
    """Store the event, queue its task and return 200; return 400 for unsigned or unreadable bodies.

    A 400 for a signed event shows in Stripe's dashboard, where the operator notices it.
    """
    if not settings.STRIPE_WEBHOOK_SECRET or not settings.STRIPE_SECRET_KEY:
        raise NotFound(_("This page does not exist."))
    # Bounded: the signature can only be checked once the body is in memory.
    body = request.read(MAX_BODY_BYTES + 1)
    if len(body) > MAX_BODY_BYTES:
        return HttpResponse(status=413)
    try:
        receive_event(facts=verify_event(body, request.headers.get("Stripe-Signature", "")))
    except UnreadableEvent as error:
        logger.warning("A signed event of Stripe cannot be read: %s.", error)
        return HttpResponse(status=400)
    except StripeRefusal:
        return HttpResponse(status=400)
    return HttpResponse(status=200)
