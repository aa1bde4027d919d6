"""Import a list of people: all of it or nothing; who is known by e-mail is updated.

Whoever ordered with an address may be anybody until it is proven, and has the order's link. Where the list
says whose it is, the order becomes the organizer's: its link is replaced, and mailed to that address alone.

One list at a time for each event; whoever is updated is locked meanwhile, so that nobody else cancels,
corrects or moves them.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import batched
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from convention.addresses import folded, same
from convention.audit.record import record
from convention.club.models import Company, Seat
from convention.events.models import Event
from convention.events.sequence import next_sequence
from convention.tables import Table
from convention.turns import take_turn

from .fares import standing_price
from .import_rows import BadRows, Row, read_columns, read_rows
from .models import IdempotencyKey, Order, Registration, Ticket
from .order_request import Place
from .places import exchange
from .references import new_secret
from .register import priced
from .send_links import mail_links

BATCH = 500
IMPORTED = "import"
VOUCHED = (IMPORTED, "desk")
WORDS = ("first_name", "last_name", "company")


@dataclass
class Imported:
    """What an import did, or would do."""

    new: list[Registration] = field(default_factory=list)
    changed: list[Registration] = field(default_factory=list)
    moved: list[tuple[Ticket, Registration]] = field(default_factory=list)
    written: set[str] = field(default_factory=lambda: {"sequence"})
    unchanged: int = 0
    adopted: dict[int, Order] = field(default_factory=dict)
    ignored_columns: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        counts = _("%(new)d new, %(changed)d updated, %(unchanged)d unchanged.") % {
            "new": len(self.new),
            "changed": len(self.changed),
            "unchanged": self.unchanged,
        }
        return " ".join(filter(None, [counts, self.about_links]))

    @property
    def about_links(self) -> str:
        """Whose links are replaced, in a sentence; empty for nobody."""
        sentence = ngettext(
            "%(orders)d order made under an address that was never proven: it gets a new link by mail, "
            "and the old one opens nothing any more.",
            "%(orders)d orders made under addresses that were never proven: they get new links by mail, "
            "and the old ones open nothing any more.",
            len(self.adopted),
        )
        return sentence % {"orders": len(self.adopted)} if self.adopted else ""


@transaction.atomic
def import_list(*, event: Event, table: Table) -> Imported:
    """Book or update everyone in the table; members need no proof, since the organizer vouches for them.

    Raises Unreadable where columns are missing, BadRows, SoldOut or CompanyFull; then nothing is kept.
    """
    done = _bring_in(event, table)
    for order in done.adopted:
        mail_links.enqueue([order], [])
    return done


@transaction.atomic
def rehearse_import(*, event: Event, table: Table) -> Imported:
    """What `import_list` would do; nothing is kept and nobody is written to. Raises the same."""
    done = _bring_in(event, table)
    transaction.set_rollback(True)
    return done


def _bring_in(event: Event, table: Table) -> Imported:
    take_turn(f"import:{event.pk}")
    columns, ignored = read_columns(table.header)
    tickets = {ticket.slug: ticket for ticket in event.tickets.with_prices().order_by("pk")}
    rows = read_rows(table, columns, list(tickets.values()))
    known = _known(event, rows)
    companies = _member_companies()
    done = Imported(ignored_columns=ignored)
    for row in rows:
        if registration := known.get(row.number):
            if not _is_proven(registration):
                done.adopted[registration.order_id] = registration.order
            _update(done, registration, row, tickets)
        else:
            company = companies.get(folded(row.place.email))
            done.new.append(_new(event, row.place, tickets[row.place.ticket], company))
    _write(event, done)
    _adopt(event, list(done.adopted.values()))
    record("registration.import", event, event=event, fields=sorted(columns))
    return done


def _known(event: Event, rows: list[Row]) -> dict[int, Registration]:
    """The registration that each row updates, by row number; where one address has several, by name too."""
    by_email = defaultdict[str, list[Registration]](list)
    for registration in _locked(event, {folded(row.place.email) for row in rows if row.place.email}):
        if _is_vouched_for(registration):
            by_email[folded(registration.email)].append(registration)
    found, errors = {}, []
    for row in rows:
        candidates = by_email.get(folded(row.place.email), []) if row.place.email else []
        same = [r for r in candidates if _name(r) == _name(row.place)]
        if len(candidates) == 1 or same:
            found[row.number] = (same or candidates)[0]
        elif candidates:
            several = _("%(number)d people are registered with this e-mail; none has this name.")
            errors.append((row.number, several % {"number": len(candidates)}))
    if errors:
        raise BadRows(errors)
    return found


def _locked(event: Event, addresses: set[str]) -> Iterator[Registration]:
    """Who holds a place with one of these addresses, as it is under lock, always in the same order."""
    standing = Registration.objects.active().filter(event=event).exclude(email="").order_by("pk")
    rows = standing.values_list("pk", "order", "email")
    found = [(pk, order) for pk, order, email in rows if folded(email) in addresses]
    keys = [pk for pk, _order in found]
    for batch in batched(sorted({order for _pk, order in found}), BATCH, strict=False):
        list(Order.objects.alone().filter(pk__in=batch).values_list("pk"))
    locked = standing.select_for_update(no_key=True).prefetch_related("order", "ticket", "member_of")
    for batch in batched(keys, BATCH, strict=False):
        yield from locked.filter(pk__in=batch)


def _is_vouched_for(registration: Registration) -> bool:
    """Whether an organizer's word may stand there: its person ordered, proved the address, or was imported.

    In anyone else's order it would be shown, and its badge printed, by whoever holds that order's link.
    """
    return same(registration.order.email, registration.email) or _is_proven(registration)


def _is_proven(registration: Registration) -> bool:
    """Whether nobody but its person can have been given its link by us."""
    return registration.person_id is not None or registration.order.source in VOUCHED


def _adopt(event: Event, orders: list[Order]) -> None:
    """Replace the links; what was sent with the old order, sent again, leads to the new link no more."""
    for order in orders:
        order.secret, order.source = new_secret(), IMPORTED
        record("order.renew_link", order, event=event, fields=["secret"])
    Order.objects.bulk_update(orders, ["secret", "source"], BATCH)
    for batch in batched(orders, BATCH, strict=False):
        IdempotencyKey.objects.filter(order__in=batch).delete()


def _name(of: Registration | Place) -> tuple[str, str]:
    return of.first_name.casefold(), of.last_name.casefold()


def _member_companies() -> dict[str, Company]:
    """The member company of each member's address, today."""
    seats = Seat.objects.counting().filter(person__email__isnull=False)
    rows = seats.select_related("person", "membership__company").order_by("starts_on")
    return {folded(str(seat.person.email)): seat.membership.company for seat in rows}


def _update(done: Imported, registration: Registration, row: Row, tickets: dict[str, Ticket]) -> None:
    """Write what the row says; an empty cell leaves what is known."""
    wanted = {name: getattr(row.place, name) for name in WORDS if getattr(row.place, name)}
    changed = {name: text for name, text in wanted.items() if getattr(registration, name) != text}
    ticket = tickets[row.place.ticket]
    moves = row.names_ticket and ticket.pk != registration.ticket_id
    if not changed and not moves and registration.confirmed_at:
        done.unchanged += 1
        return
    for name, text in changed.items():
        setattr(registration, name, text)
    if moves:
        done.moved.append((ticket, registration))
        done.written |= {"ticket", "takes_place", "price", "vat_rate", "vat_exemption", "reductions"}
    if not registration.confirmed_at:
        registration.confirmed_at, registration.held_until = timezone.now(), None
        done.written |= {"confirmed_at", "held_until", "takes_place"}
    done.written |= changed.keys()
    done.changed.append(registration)


def _new(event: Event, place: Place, ticket: Ticket, company: Company | None) -> Registration:
    line = standing_price(ticket)
    order = Order(
        event=event,
        email=place.email,
        company=place.company[:200],
        payment=Order.Payment.INVOICE if line.price else Order.Payment.FREE,
        total=line.price,
        currency=ticket.currency,
        source=IMPORTED,
    )
    return Registration(
        event=event,
        order=order,
        ticket=ticket,
        member_of=company if ticket.needs_proof else None,
        first_name=place.first_name,
        last_name=place.last_name,
        email=place.email,
        company=place.company,
        confirmed_at=timezone.now(),
        **priced(line, None),
    )


def _price_of_moved(ticket: Ticket) -> dict[str, Any]:
    """The price of another ticket; the use of a code stays counted."""
    kept = priced(standing_price(ticket), None)
    del kept["voucher"]
    return kept


def _write(event: Event, done: Imported) -> None:
    """Write in bulk, then move the places, then stamp all with one sequence."""
    Order.objects.bulk_create([registration.order for registration in done.new], BATCH)
    for registration in done.new:
        registration.order_id = registration.order.pk
    Registration.objects.bulk_create(done.new, BATCH)
    given_up = [(r.ticket, r.member_of) for _ticket, r in done.moved if r.takes_place]
    for ticket, registration in done.moved:
        registration.ticket, registration.takes_place = ticket, False
        for name, value in _price_of_moved(ticket).items():
            setattr(registration, name, value)
    arriving = done.new + [registration for registration in done.changed if not registration.takes_place]
    exchange(given_up, [(registration.ticket, registration.member_of) for registration in arriving])
    for registration in arriving:
        registration.takes_place = True
    if not done.new and not done.changed:
        return
    sequence = next_sequence(event.pk)
    for batch in batched((registration.pk for registration in done.new), BATCH, strict=False):
        Registration.objects.filter(pk__in=batch).update(sequence=sequence)
    for registration in done.changed:
        registration.sequence = sequence
    Registration.objects.bulk_update(done.changed, sorted(done.written), BATCH)
