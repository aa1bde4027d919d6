"""A contact's bulk order: what its rows can order now, what is wrong with them, and what they cost."""

import datetime
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

from django.utils import timezone, translation

from convention.audit.models import AuditEntry
from convention.audit.record import make_subject_label
from convention.club.models import Company, Person
from convention.events.models import Event
from convention.money import Money
from convention.text.email_addresses import normalize_email
from registrations.billing.change_billing import load_billing_values
from registrations.billing.company_address import make_billing_data
from registrations.booking.prepare_sale import preview_quote
from registrations.booking.validation import check_voucher, check_voucher_use
from registrations.inventory.stock import make_sold_out_error
from registrations.models import Addon, Order, Registration, Ticket, Voucher
from registrations.order_context import OrderContext
from registrations.order_request import OrderRequest, RequestedPlace
from registrations.pricing.catalog import Offering
from registrations.pricing.quotation_prices import find_quotation, load_quoted_prices
from registrations.storefront.choice_offer import ChoiceOffer, load_choice_offer
from registrations.storefront.drafts import DraftContent

from .booking import (
    find_existing_registrations,
    list_member_price_hints,
    make_order_context,
)
from .draft_rows import is_filled_row
from .forms import MAX_ROWS, BaseAttendeeRowFormSet
from .overview import CompanyPasses, list_unregistered_colleagues, load_company_passes
from .permissions import list_company_orders

BILLED_COMPANY_FIELDS = frozenset({"name", "street", "postcode", "city", "country", "vat_number", "siren"})


@dataclass(frozen=True)
class BulkOrder:
    """The draft of a contact's order for colleagues at one event, and what can be ordered now."""

    company: Company
    contact: Person
    event: Event
    draft: DraftContent
    offer: ChoiceOffer
    voucher: Voucher | None = None

    @property
    def tickets(self) -> list[Ticket]:
        """Return the tickets on sale, also those without places left."""
        return self.offer.tickets

    # Cached: the quoted prices take queries.
    @cached_property
    def context(self) -> OrderContext:
        quoted_prices = load_quoted_prices(find_quotation(self.draft.quotation), self.event)
        return replace(make_order_context(self.company, self.contact), quoted_prices=quoted_prices)

    @property
    def offering(self) -> Offering:
        return Offering(self.offer.tickets_by_slug, self.offer.addons_by_slug, self.voucher)

    @cached_property
    def passes(self) -> CompanyPasses:
        """Return the membership's passes before this order."""
        return load_company_passes(self.company, self.event, self.tickets)


def load_bulk_order(
    *, company: Company, contact: Person, event: Event, draft: DraftContent, voucher: Voucher | None
) -> BulkOrder:
    """Return the draft with what the contact can order now; `voucher` is that of the draft's code."""
    offer, now = load_choice_offer(event, voucher), timezone.now()
    on_sale = [ticket for ticket in offer.tickets if ticket.is_on_sale(at=now)]
    return BulkOrder(company, contact, event, draft, replace(offer, tickets=on_sale), voucher)


def list_offered_colleagues(bulk_order: BulkOrder) -> list[Person]:
    """Return the colleagues with a seat who are neither registered nor in the draft; none if it is full."""
    people = bulk_order.draft.people
    if len(people) >= MAX_ROWS and all(map(is_filled_row, people)):
        return []
    added = {normalize_email(str(person.get("email") or "")) for person in people}
    colleagues = list_unregistered_colleagues(bulk_order.company, bulk_order.event, at=timezone.now())
    return [person for person in colleagues if normalize_email(person.known_email) not in added]


def find_pass_ticket(bulk_order: BulkOrder) -> str:
    """Return the first ticket that the membership pays for while passes are left; "" if there is none."""
    tickets = bulk_order.passes.tickets
    return tickets[0].slug if tickets else ""


def list_shortages(offer: ChoiceOffer, places: Sequence[RequestedPlace]) -> Iterator[str]:
    """Yield a sentence for each ticket and add-on with too few places left."""
    ticket_counts = Counter(place.ticket for place in places)
    addon_counts = Counter(slug for place in places for slug in place.addons)
    counted: list[tuple[Ticket | Addon, int]] = [
        *((ticket, ticket_counts[ticket.slug]) for ticket in offer.tickets),
        *((addon, addon_counts[addon.slug]) for addon in offer.addons),
    ]
    for item, count in counted:
        if item.remaining is not None and item.remaining < count:
            yield str(make_sold_out_error(item))


def find_code_error(bulk_order: BulkOrder) -> str:
    """Return an error if the code cannot be used now, or for none of the rows; else an empty string."""
    if not bulk_order.draft.code:
        return ""
    sentence = check_voucher(bulk_order.voucher, at=timezone.now())
    if sentence or bulk_order.voucher is None:
        return sentence
    request = make_order_request(bulk_order)
    chosen = [place for place in request.places if place.ticket in bulk_order.offer.tickets_by_slug]
    return check_voucher_use(bulk_order.voucher, chosen, company=request.company) if chosen else ""


class SecondPlace(NamedTuple):
    """A row whose person has a registration at the event already.

    `is_changeable` says whether the registration has a page in the company area. `cost` and `content` are
    those of the row: a pass or another ticket may have paid for the registration.
    """

    row_number: int
    registration: Registration
    is_changeable: bool
    cost: Money
    content: str


def list_unconfirmed_second_places(
    bulk_order: BulkOrder, formset: BaseAttendeeRowFormSet
) -> list[SecondPlace]:
    """Return all second places of these rows if the contact has not accepted each of them; else [].

    Rows with errors have to be corrected first: then there are none.
    """
    if formset.has_errors:
        return []
    second_places = _list_second_places(bulk_order, formset)
    references = {second_place.registration.reference for second_place in second_places}
    return [] if references <= set(bulk_order.draft.accepted_duplicates) else second_places


def _list_second_places(bulk_order: BulkOrder, formset: BaseAttendeeRowFormSet) -> list[SecondPlace]:
    filled_rows = list(formset.iterate_filled_rows())
    places = [form.to_place() for _number, form in filled_rows]
    existing = find_existing_registrations(bulk_order.event, bulk_order.company, places)
    if not existing:
        return []
    orders = list_company_orders(bulk_order.company)
    order_ids = {registration.order_id for registration in existing.values()}
    changeable = set(orders.filter(pk__in=order_ids).values_list("pk", flat=True))
    quote = preview_quote(
        bulk_order.event, make_order_request(bulk_order), bulk_order.offering, bulk_order.context
    )
    second_places = []
    for index, registration in existing.items():
        place = places[index]
        ticket = bulk_order.offer.tickets_by_slug[place.ticket]
        addons = [bulk_order.offer.addons_by_slug[slug] for slug in place.addons]
        price = sum(line.price for line in quote.lines if line.place_number == index)
        second_places.append(
            SecondPlace(
                filled_rows[index][0],
                registration,
                is_changeable=registration.order_id in changeable,
                cost=Money(price, ticket.currency),
                content=", ".join(item.title for item in (ticket, *addons)),
            )
        )
    return second_places


def make_order_request(bulk_order: BulkOrder) -> OrderRequest:
    """Return the order request for the draft's people, in the contact's name."""
    draft, company = bulk_order.draft, bulk_order.company
    people = [person for person in draft.people if is_filled_row(person)]
    language = translation.get_language() or "fr"
    order_request = replace(draft, people=people, contact=bulk_order.contact.email or "").build_order_request(
        language
    )
    places = tuple(
        replace(place, company=company.name, is_to_follow=not (place.first_name or place.last_name))
        for place in order_request.places
    )
    return replace(order_request, places=places, company=company.name)


class BillingDefaults(NamedTuple):
    """The billing details offered for the next order, and the order that they come from, if any."""

    values: dict[str, str]
    source_order: Order | None = None


def load_billing_defaults(company: Company) -> BillingDefaults:
    """Return the billing details of the company's last order, or the directory's if those are newer."""
    directory_values = make_billing_data(company)
    orders = list_company_orders(company).exclude(billing_street="").filter(total__gt=0)
    last_order = orders.order_by("-created_at", "-pk").first()
    if last_order is None or _has_address_changed_since(company, last_order.created_at):
        return BillingDefaults(directory_values)
    values = load_billing_values(last_order)
    # Each order has its own.
    values.pop("purchase_order")
    return BillingDefaults(values, None if values == directory_values else last_order)


def _has_address_changed_since(company: Company, moment: datetime.datetime) -> bool:
    """Return whether what the directory offers for invoices was changed, as the audit trail says."""
    entries = AuditEntry.objects.filter(subject=make_subject_label(company), created_at__gt=moment)
    changed = {name for fields in entries.values_list("fields", flat=True) for name in fields}
    return not BILLED_COMPANY_FIELDS.isdisjoint(changed)


class DraftPrice(NamedTuple):
    """The price of the rows with a ticket; the total is None if nothing can be summed."""

    total: Money | None
    person_count: int
    passes: CompanyPasses
    price_hints: list[str]


def calculate_draft_price(bulk_order: BulkOrder) -> DraftPrice:
    """Return what the rows with a ticket cost, and the passes that they use."""
    offering = bulk_order.offering
    # Only what is offered: a typed ticket or a pasted add-on may be unknown.
    people = [
        {**person, "addons": [slug for slug in person.get("addons") or [] if slug in offering.addons]}
        for person in bulk_order.draft.people
        if is_filled_row(person) and person.get("ticket") in offering.tickets
    ]
    currencies = {offering.tickets[person["ticket"]].currency for person in people}
    currencies |= {offering.addons[slug].currency for person in people for slug in person["addons"]}
    if len(currencies) != 1:
        return DraftPrice(None, 0, bulk_order.passes, [])
    draft = replace(bulk_order.draft, people=people)
    order_request = make_order_request(replace(bulk_order, draft=draft))
    quote = preview_quote(bulk_order.event, order_request, offering, bulk_order.context)
    total = Money(quote.total, currencies.pop())
    passes = bulk_order.passes.count_use(quote)
    return DraftPrice(total, len(people), passes, list_price_hints(bulk_order, order_request, passes))


def list_price_hints(bulk_order: BulkOrder, request: OrderRequest, passes: CompanyPasses) -> list[str]:
    """Return a sentence for each colleague with a seat for whom the members' ticket costs less."""
    return list_member_price_hints(
        bulk_order.event,
        bulk_order.company,
        tickets=bulk_order.tickets,
        pass_tickets=passes.tickets if passes.left > passes.used_count else [],
        discounted_prices=bulk_order.offer.discounted_prices,
        places=request.places,
    )
