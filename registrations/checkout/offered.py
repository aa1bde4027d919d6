"""Whether, and how, cards are taken here."""

from django.conf import settings


def takes_cards() -> bool:
    """Whether Stripe is set up."""
    return bool(settings.STRIPE_SECRET_KEY)


def plays_payments() -> bool:
    """Whether payments are only played: without keys, and never in production."""
    return settings.CARD_PAYMENT and not takes_cards() and not settings.PRODUCTION
