"""Find quotations, and read what they offer."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.errors import LinkExpired, NotFound
from convention.events.models import Event
from convention.web.link_secrets import find_by_link_token
from registrations.invoices.models.documents import Quotation
from registrations.models import Order, Package
from registrations.permissions import LINK_LIFETIME
from registrations.pricing.quotation_prices import parse_line_key
from registrations.pricing.quoted_prices import ADDON_KIND, TICKET_KIND

QUOTED_BILLING_FIELDS = ("name", "street", "postcode", "city", "country")


def list_quoted_places(quotation: Quotation) -> list[dict[str, Any]]:
    """Return the ticket, the add-ons and the attendee of each quoted place, as a draft stores them.

    Return [] for a package or an older quotation. An attendee without a name or an address has no such keys.
    """
    places: dict[str, dict[str, Any]] = {}
    for line in quotation.lines:
        number, kind, slug = parse_line_key(line.get("key", ""))
        place = places.setdefault(number, {"ticket": "", "addons": []})
        if kind == TICKET_KIND:
            place["ticket"] = slug
        elif kind == ADDON_KIND:
            place["addons"].append(slug)
    for attendee in quotation.details.get("attendees", []):
        if attendee["number"] in places:
            texts = {name: attendee[name] for name in ("first_name", "last_name", "email")}
            places[attendee["number"]] |= texts
    return [place for place in places.values() if place["ticket"]]


def has_quoted_items(quotation: Quotation, places: Iterable[dict[str, Any]]) -> bool:
    """Return whether the places have the quoted tickets and add-ons, in any order."""
    return _list_items(places) == _list_items(list_quoted_places(quotation))


def _list_items(places: Iterable[dict[str, Any]]) -> list[tuple[str, list[str]]]:
    """Return each place's ticket and add-ons, sorted."""
    return sorted((str(place.get("ticket") or ""), sorted(place.get("addons") or [])) for place in places)


def filter_quotations(rows: QuerySet[Quotation], search_text: str) -> QuerySet[Quotation]:
    """Return the quotations with each word of the search in number, buyer, company or e-mail address."""
    for word in search_text.split():
        rows = rows.filter(
            Q(number__icontains=word)
            | Q(buyer_name__icontains=word)
            | Q(buyer__email__icontains=word)
            | Q(details__company__icontains=word)
        )
    return rows


def find_cheaper_quotation(
    quotation: Quotation | None, *, places: Iterable[dict[str, Any]], total: int
) -> Quotation | None:
    """Return the quotation if it is valid and names less than `total`, the price in cents with its prices.

    That is so where a pass or a voucher that it counted on was used up. Return None if the places differ from
    the quoted ones, or were ordered already.
    """
    if quotation is None or not quotation.is_valid or total <= quotation.total:
        return None
    if Order.objects.filter(quotation_number=quotation.number).exists():
        return None
    return quotation if has_quoted_items(quotation, places) else None


def make_quoted_billing(quotation: Quotation) -> dict[str, str]:
    """Return the buyer's address and purchase order as initial data of the billing form."""
    buyer = quotation.buyer
    return {
        **{f"billing_{name}": buyer.get(name, "") for name in QUOTED_BILLING_FIELDS},
        "billing_tax_number": buyer.get("vat_number") or buyer.get("siren", ""),
        "purchase_order": quotation.details.get("purchase_order", ""),
    }


def find_quoted_package(quotation: Quotation) -> Package | None:
    """Return the quoted sponsor's package, or None for places, or if the package was removed since."""
    keys = [line.get("key", "") for line in quotation.lines]
    return Package.objects.filter(event=quotation.event_id, slug__in=keys).first() if len(keys) == 1 else None


def load_quoted_orders(quotations: Iterable[Quotation]) -> dict[str, list[Order]]:
    """Return the orders placed from each of these quotations, by number."""
    orders = defaultdict[str, list[Order]](list)
    numbers = [quotation.number for quotation in quotations]
    for order in Order.objects.filter(quotation_number__in=numbers).order_by("pk"):
        orders[order.quotation_number].append(order)
    return orders


def get_quotation_by_link(secret: str) -> Quotation:
    """Return the quotation of a mailed link. Raise NotFound or LinkExpired."""
    quotation = find_by_link_token(Quotation.objects.select_related("event"), secret)
    if quotation is None or quotation.event is None:
        raise NotFound(
            _("This link is not valid: it may be incomplete. Copy the whole link from the e-mail.")
        )
    # Links of quotations expire as those of orders do.
    if timezone.now() > quotation.event.ends_at + LINK_LIFETIME:
        raise LinkExpired(_("This link has expired: the event is over."))
    return quotation


def get_quoted_event(quotation: Quotation) -> Event:
    """Return the event of a quotation that was found by its link, which has one."""
    assert quotation.event is not None
    return quotation.event
