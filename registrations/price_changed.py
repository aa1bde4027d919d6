"""A price that is no longer what was shown: nothing is booked, and the new one is said."""

from django.utils.translation import gettext as _

from convention.errors import ConventionError
from convention.events.models import Event
from convention.money import Money

from .order_request import OrderRequest
from .price_words import as_data
from .pricing import Quote


class PriceChanged(ConventionError):
    """The order costs something else than expected; `details` hold the quote of what it costs now."""

    kind = "price-changed"
    status = 409


def refuse_other_price(event: Event, request: OrderRequest, quote: Quote, *, currency: str) -> None:
    """Raises PriceChanged where a total is expected and it is another."""
    expected = request.expected_total
    if expected is None or expected == quote.total:
        return
    sentence = _("The price has changed: it is %(now)s instead of %(expected)s. Nothing was booked.")
    amounts = {"now": Money(quote.total, currency), "expected": Money(expected, currency)}
    raise PriceChanged(sentence % amounts, {"quote": as_data(quote, currency=currency, zone=event.zone)})
