"""What an import writes: new people with orders of their own, changes, places, and how to undo it."""

import datetime
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import batched
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from convention.actor import current_actor
from convention.club.models import Company
from convention.counters import Counted
from convention.events.models import Event
from convention.events.sequence import next_sequence

from .bill import follow_names, follow_orders, rebill
from .fares import fare_of, moved_price
from .import_rows import Offered, Row
from .models import (
    Addon,
    ImportedRow,
    ImportRun,
    Order,
    Registration,
    RegistrationAddon,
    Ticket,
)
from .options import options_of
from .places import belongings, exchange
from .pricing import Asked, Line, quote
from .register import priced

BATCH = 500
IMPORTED = "import"
REMEMBERED = (
    "first_name", "last_name", "email", "company", "no_photo", "ticket_id", "price", "vat_rate",
    "vat_exemption", "reductions", "membership_pass_id", "voucher_id", "answers", "generation", "issued_to",
    "person_id",
)  # fmt: skip
"""What is kept of a registration to tell whether it was changed since, and to undo."""
PRICED_ANEW = ("price", "vat_rate", "vat_exemption", "reductions", "voucher")
"""What another ticket changes of a price, and of what lowered it."""


@dataclass
class Imported:
    """What an import did, or would do."""

    new: list[Registration] = field(default_factory=list)
    changed: list[Registration] = field(default_factory=list)
    moved: list[tuple[Ticket, Registration]] = field(default_factory=list)
    addons: list[RegistrationAddon] = field(default_factory=list)
    orders: dict[int, Order] = field(default_factory=dict)
    before: dict[int, dict[str, Any]] = field(default_factory=dict)
    besides: Counter[Counted] = field(default_factory=Counter)
    written: set[str] = field(default_factory=lambda: {"sequence"})
    unchanged: int = 0
    other_addons: int = 0
    lost_codes: int = 0
    transfers: int = 0
    orders_to_tell: list[int] = field(default_factory=list)
    adopted: dict[int, Order] = field(default_factory=dict)
    ignored_columns: list[str] = field(default_factory=list)
    prices: dict[tuple[str, ...], tuple[Line, ...]] = field(default_factory=dict)
    fields: list[str] = field(default_factory=list)
    mapping: dict[str, str] = field(default_factory=dict)
    run: ImportRun | None = None

    def __str__(self) -> str:
        counts = _("%(new)d new, %(changed)d updated, %(unchanged)d unchanged.") % {
            "new": len(self.new),
            "changed": len(self.changed),
            "unchanged": self.unchanged,
        }
        return " ".join(filter(None, [counts, *self.remarks]))

    @property
    def remarks(self) -> list[str]:
        """Return sentences about whatever else the import changes."""
        found = (self.about_transfers, self.about_links, self.about_addons, self.about_codes)
        return [sentence for sentence in found if sentence]

    @property
    def about_transfers(self) -> str:
        """Return how many places go to another person, in a sentence; empty for none."""
        sentence = ngettext(
            "%(people)d place goes to another person: its former badge and answers are void.",
            "%(people)d places go to other people: their former badges and answers are void.",
            self.transfers,
        )
        return sentence % {"people": self.transfers} if self.transfers else ""

    @property
    def about_links(self) -> str:
        """Whose links are replaced, in a sentence; empty for nobody."""
        sentence = ngettext(
            "%(orders)d order made under an address that was never proven: it gets a new link by e-mail, "
            "and the old one opens nothing any more.",
            "%(orders)d orders made under addresses that were never proven: they get new links by e-mail, "
            "and the old ones open nothing any more.",
            len(self.adopted),
        )
        return sentence % {"orders": len(self.adopted)} if self.adopted else ""

    @property
    def about_addons(self) -> str:
        """Whose add-ons differ from the list, which does not change them; empty for nobody."""
        sentence = ngettext(
            "%(people)d person registered already takes other add-ons than the list says: these stay.",
            "%(people)d people registered already take other add-ons than the list says: these stay.",
            self.other_addons,
        )
        return sentence % {"people": self.other_addons} if self.other_addons else ""

    @property
    def about_codes(self) -> str:
        """Whose code is not for the ticket that the list gives them; empty for nobody."""
        sentence = ngettext(
            "%(people)d person had a code that is not for the new ticket: its price is the usual one, and "
            "the code can be used again.",
            "%(people)d people had a code that is not for the new ticket: its price is the usual one, and "
            "the code can be used again.",
            self.lost_codes,
        )
        return sentence % {"people": self.lost_codes} if self.lost_codes else ""


def remembered(registration: Registration) -> dict[str, Any]:
    """What is kept of a registration before and after an import."""
    confirmed = registration.confirmed_at
    return {
        **{name: getattr(registration, name) for name in REMEMBERED},
        "answers": dict(registration.answers),
        "confirmed_at": confirmed.isoformat(timespec="seconds") if confirmed else None,
        "purchase_order": registration.order.purchase_order,
    }


def add_new(
    done: Imported, row: Row, offered: Offered, company: Company | None, answers: Mapping[str, Any]
) -> Registration:
    """Someone new with an order of their own, not stored yet."""
    place = row.place
    ticket = next(ticket for ticket in offered.tickets if ticket.slug == place.ticket)
    chosen = [addon for addon in offered.addons if addon.slug in place.addons]
    lines = _priced_once(done, ticket, chosen)
    total = sum(line.price for line in lines)
    order = Order(
        event=ticket.event,
        email=place.email,
        company=place.company[:200],
        payment=Order.Payment.INVOICE if total else Order.Payment.FREE,
        total=total,
        currency=ticket.currency,
        purchase_order=row.purchase_order,
        source=IMPORTED,
    )
    registration = Registration(
        event=ticket.event,
        order=order,
        ticket=ticket,
        member_of=company if ticket.needs_proof else None,
        first_name=place.first_name,
        last_name=place.last_name,
        email=place.email,
        company=place.company,
        no_photo=place.no_photo,
        answers=dict(answers),
        confirmed_at=timezone.now(),
        **priced(lines[0], None),
    )
    done.new.append(registration)
    prices = {line.fare.slug: line.price for line in lines if line.is_addon}
    done.addons += [_addon(registration, addon, prices[addon.slug]) for addon in chosen]
    return registration


def _priced_once(done: Imported, ticket: Ticket, chosen: list[Addon]) -> tuple[Line, ...]:
    """What a place with these add-ons costs: the same for every row of the list."""
    key = (ticket.slug, *(addon.slug for addon in chosen))
    if key not in done.prices:
        asked = Asked(fare=fare_of(ticket), addons=tuple(map(fare_of, chosen)))
        done.prices[key] = quote([asked], at=timezone.now()).lines
    return done.prices[key]


def _addon(registration: Registration, addon: Addon, price: int) -> RegistrationAddon:
    return RegistrationAddon(
        registration=registration,
        addon=addon,
        price=price,
        vat_rate=addon.vat_rate,
        vat_exemption=addon.vat_exemption,
    )


def _move(done: Imported, registration: Registration, ticket: Ticket) -> None:
    """Give another ticket with its price; a pass or a code goes on lowering it where it may, else is free."""
    passes, voucher = registration.membership_pass, registration.voucher
    line = moved_price(ticket, voucher, passes)
    new = priced(line, voucher)
    registration.ticket, registration.takes_place = ticket, False
    for name in PRICED_ANEW:
        setattr(registration, name, new[name])
    if passes and not line.uses_pass:
        done.besides[passes] -= 1
        registration.membership_pass = None
    if voucher and not line.uses_code:
        done.besides[voucher] -= 1
        done.lost_codes += 1


def lock_orders(keys: Iterable[int]) -> None:
    """Lock the orders of these registrations: before the registrations themselves, as every act does."""
    for batch in batched(sorted(keys), BATCH, strict=False):
        orders = Registration.objects.filter(pk__in=batch).order_by().values("order")
        list(Order.objects.alone().filter(pk__in=orders).values_list("pk"))


def bill_anew(more: Mapping[int, int]) -> None:
    """Orders, by their keys, cost so many cents more or less than they did; what they owe follows."""
    for order in Order.objects.filter(pk__in=[pk for pk in more if more[pk]]).order_by("pk"):
        order.total = max(0, order.total + more[order.pk])
        if order.total and order.payment == Order.Payment.FREE:
            order.payment = Order.Payment.INVOICE
        order.save(update_fields=["total", "payment"])
        rebill(order)


def write(event: Event, done: Imported) -> None:
    """Write in bulk, then move the places, then stamp all with one sequence."""
    Order.objects.bulk_create([registration.order for registration in done.new], BATCH)
    for registration in done.new:
        registration.order = registration.order  # its id is known now
    Registration.objects.bulk_create(done.new, BATCH)
    RegistrationAddon.objects.bulk_create(done.addons, BATCH)
    _move_places(done)
    if done.new or done.changed:
        sequence = next_sequence(event.pk)
        for batch in batched((registration.pk for registration in done.new), BATCH, strict=False):
            Registration.objects.filter(pk__in=batch).update(sequence=sequence)
        for registration in done.changed:
            registration.sequence = sequence
    _write_changes(done)


def rehearse(done: Imported) -> None:
    """All that may be refused: places are moved and what is known is changed, but nobody new is written."""
    _move_places(done)
    _write_changes(done)


def _write_changes(done: Imported) -> None:
    """Write what differs of those who were known, and what they owe."""
    Order.objects.bulk_update(done.orders.values(), ["purchase_order", "payment", "verified_at"], BATCH)
    follow_orders(done.orders.values(), "purchase_order")
    if done.changed:
        Registration.objects.bulk_update(done.changed, sorted(done.written), BATCH)
    if {"first_name", "last_name"} & done.written:
        follow_names(done.changed)
    more = Counter[int]()
    for _ticket, registration in done.moved:
        more[registration.order_id] += registration.price - done.before[registration.pk]["price"]
    bill_anew(more)


def _move_places(done: Imported) -> None:
    for registration in done.changed:
        if not registration.takes_place:  # what goes with it was not counted either
            done.besides.update(
                belongings(registration, registration.besides) - Counter([registration.ticket])
            )
    given_up = [(r.ticket, r.member_of) for _ticket, r in done.moved if r.takes_place]
    for ticket, registration in done.moved:
        _move(done, registration, ticket)
    arriving = done.new + [registration for registration in done.changed if not registration.takes_place]
    done.besides.update(chosen.addon for chosen in done.addons)
    done.besides.update(options_of(done.new))
    wanted = [(registration.ticket, registration.member_of) for registration in arriving]
    exchange(given_up, wanted, besides=done.besides)
    for registration in arriving:
        registration.takes_place = True


def keep_run(event: Event, done: Imported, *, file_name: str) -> ImportRun:
    """The import as a row, with what it made and changed."""
    done.run = ImportRun.objects.create(
        event=event,
        person_id=current_actor.get().person_id,
        file_name=file_name[-200:],
        mapping=done.mapping,
        new=len(done.new),
        changed=len(done.changed),
        unchanged=done.unchanged,
    )
    rows = [ImportedRow(run=done.run, registration=one, after=remembered(one)) for one in done.new]
    for one in done.changed:
        before, after = done.before[one.pk], remembered(one)
        names = [name for name in after if after[name] != before[name]]
        rows.append(
            ImportedRow(
                run=done.run,
                registration=one,
                before={name: before[name] for name in names},
                after={name: after[name] for name in names},
            )
        )
    ImportedRow.objects.bulk_create(rows, BATCH)
    return done.run


def moment(text: str | None) -> datetime.datetime | None:
    """A moment as it was remembered."""
    return datetime.datetime.fromisoformat(text) if text else None
