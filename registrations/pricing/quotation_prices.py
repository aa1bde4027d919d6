"""Load the prices that a quotation still promises, and let one order at a time use them."""

import datetime
from collections import Counter, defaultdict
from collections.abc import Collection
from enum import StrEnum

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.db.advisory_locks import acquire_advisory_lock
from convention.errors import ConventionError
from convention.events.models import Event
from registrations.invoices.models.documents import Quotation
from registrations.models import Order, Package, Registration, RegistrationAddon, Sponsorship

from .quoted_prices import ADDON_KIND, TICKET_KIND, QuotedPrices


class QuotedPriceUsed(ConventionError):
    """The quotation no longer promises the prices that the order was made with."""

    kind = "price-changed"
    status = 409

    def __init__(self, number: str) -> None:
        sentence = _(
            "The prices of quotation %(number)s have just been used by another order, or have expired. "
            "Nothing has been booked yet. Check the price, then order again."
        )
        super().__init__(sentence % {"number": number})


def lock_quotation(number: str) -> None:
    """Let only one transaction at a time order from the quotation; the lock is released when it ends.

    An advisory lock, which comes before all row locks, and before that of the unverified orders.
    """
    acquire_advisory_lock(f"quotation:{number}")


def lock_quoted_prices(quoted_prices: QuotedPrices, event: Event) -> None:
    """Lock the quotation until the transaction ends. Raise QuotedPriceUsed if its prices changed."""
    lock_quotation(quoted_prices.number)
    if reload_quoted_prices(quoted_prices, event) != quoted_prices:
        raise QuotedPriceUsed(quoted_prices.number)


def reload_quoted_prices(quoted_prices: QuotedPrices | None, event: Event) -> QuotedPrices | None:
    """Return what the same quotation promises now."""
    return load_quoted_prices(find_quotation(quoted_prices.number), event) if quoted_prices else None


def find_quotation(number: str) -> Quotation | None:
    """Return the quotation with this number, None for ""."""
    return Quotation.objects.filter(number=number).first() if number else None


def parse_line_key(key: str) -> tuple[str, str, str]:
    """Return the number of the place, the kind and the slug of the item; a package has only the first."""
    number, kind, slug = [*key.split(":"), "", ""][:3]
    return number, kind, slug


def load_quoted_prices(quotation: Quotation | None, event: Event) -> QuotedPrices | None:
    """Return the prices that the quotation promises today to an order of its places.

    Places that were ordered from it already, and not cancelled, have no such price again. Return None without
    a valid quotation of the event.
    """
    if quotation is None or not quotation.is_valid or quotation.event_id != event.pk:
        return None
    prices = defaultdict[tuple[str, str], list[int]](list)
    for key, price in quotation.details.get("unit_prices", {}).items():
        _number, kind, slug = parse_line_key(key)
        prices[kind, slug].append(price)
    ordered = count_ordered_items([quotation.number])[quotation.number]
    next_day = quotation.valid_until + datetime.timedelta(days=1)
    return QuotedPrices(
        number=quotation.number,
        currency=quotation.currency,
        ends_at=timezone.make_aware(datetime.datetime.combine(next_day, datetime.time())),
        prices={key: tuple(unit_prices[ordered[key] :]) for key, unit_prices in prices.items()},
    )


def count_ordered_items(numbers: Collection[str]) -> dict[str, Counter[tuple[str, str]]]:
    """Return how many tickets and add-ons active orders from each quotation have, by kind and slug."""
    registrations = Registration.objects.active().filter(order__quotation_number__in=numbers)
    addons = RegistrationAddon.objects.filter(registration__in=registrations, cancelled_at__isnull=True)
    items: dict[str, Counter[tuple[str, str]]] = {number: Counter() for number in numbers}
    for number, slug in registrations.values_list("order__quotation_number", "ticket__slug"):
        items[number][TICKET_KIND, slug] += 1
    for number, slug in addons.values_list("registration__order__quotation_number", "addon__slug"):
        items[number][ADDON_KIND, slug] += 1
    return items


def find_quoted_package_price(quotation: Quotation | None, package: Package) -> int | None:
    """Return the price in cents that the quotation promises today for the package, which it names.

    Return None without a valid quotation, and if the package was ordered from it already.
    """
    if quotation is None or not quotation.is_valid or quotation.event_id != package.event_id:
        return None
    if quotation.currency != package.currency:
        return None
    # The release of an expired hold clears `hold_expires_at`.
    taken = Q(confirmed_at__isnull=False) | Q(hold_expires_at__gt=timezone.now())
    ordered = Sponsorship.objects.active().filter(taken, order__quotation_number=quotation.number)
    return None if ordered.exists() else quotation.details.get("unit_prices", {}).get(package.slug)


class QuotationUse(StrEnum):
    """How many of a quotation's prices orders have used; those of cancelled orders are available again."""

    UNUSED = "unused"
    PARTLY_USED = "partly_used"
    USED = "used"
    AVAILABLE_AGAIN = "available_again"


def find_quotation_use(quotation: Quotation, package: Package | None = None) -> QuotationUse:
    """Return how much of a valid quotation is used; `package` is the one that it names, if any."""
    if not Order.objects.filter(quotation_number=quotation.number).exists():
        return QuotationUse.UNUSED
    if package is not None:
        is_available = find_quoted_package_price(quotation, package) is not None
        return QuotationUse.AVAILABLE_AGAIN if is_available else QuotationUse.USED
    quoted_prices = load_quoted_prices(quotation, quotation.event) if quotation.event else None
    unused_count = sum(map(len, quoted_prices.prices.values())) if quoted_prices else 0
    if not unused_count:
        return QuotationUse.USED
    is_available = unused_count == len(quotation.details["unit_prices"])
    return QuotationUse.AVAILABLE_AGAIN if is_available else QuotationUse.PARTLY_USED


def explain_quotation_use(number: str) -> str:
    """Return why items of an order from this quotation do not have its prices, "" if none was used."""
    quotation = find_quotation(number)
    if quotation is None or not quotation.is_valid:
        return ""
    sentences = {
        QuotationUse.USED: _(
            "The prices of quotation %(number)s have been used by another order, so today’s prices apply."
        ),
        QuotationUse.PARTLY_USED: _(
            "Some prices of quotation %(number)s have been used by another order, so today’s prices apply to "
            "the rest."
        ),
    }
    return sentences.get(find_quotation_use(quotation), "") % {"number": number}
