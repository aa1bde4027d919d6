"""Import a list of people: all of it or nothing; who is known by e-mail is updated.

Whoever ordered with an address may be anybody until it is proven, and has the order's link. Where the list
says whose it is, the order becomes the organizer's: its link is replaced, and mailed to that address alone.

One list at a time for each event; whoever is updated is locked meanwhile, so that nobody else cancels,
corrects or moves them.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import batched
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention import hooks
from convention.addresses import folded, same
from convention.audit.record import record
from convention.bad_rows import BadRows
from convention.club.models import Company, Seat
from convention.columns import columns_from, mapping_of
from convention.counters import Counted
from convention.events.models import Event
from convention.tables import Table
from convention.turns import take_turn

from .answer_files import claim_files
from .answers import Around, asked, limited_options, read
from .bill import is_paid
from .checks import goes_with
from .import_columns import NEEDED, guessed
from .import_rows import Offered, Row, read_rows
from .import_write import (
    BATCH,
    IMPORTED,
    PRICED_ANEW,
    Imported,
    add_new,
    keep_run,
    lock_orders,
    rehearse,
    remembered,
    write,
)
from .models import IdempotencyKey, ImportRun, Order, Question, Registration, Ticket
from .on_application import about_unasked
from .order_request import Place
from .questions import questions_of
from .send_links import mail_links
from .transfer import TRANSFERRED, begin_version, is_transfer, note_identity

State = Registration.State
VOUCHED = (IMPORTED, "desk")
WORDS = ("first_name", "last_name", "company")


@transaction.atomic
def import_list(
    *, event: Event, table: Table, picks: Sequence[str] | None = None, file_name: str = ""
) -> Imported:
    """Book or update everyone in the table; members need no proof, since the organizer vouches for them.

    `picks` say what each column is; else it is guessed. Raises Unreadable where columns are missing, BadRows,
    SoldOut or CompanyFull; then nothing is kept.
    """
    done = _read(event, table, picks)
    write(event, done)
    _adopt(event, list(done.adopted.values()))
    keep_run(event, done, file_name=file_name)
    record("registration.import", event, event=event, fields=done.fields)
    for order in done.adopted:
        mail_links.enqueue([order], [])
    for order in done.orders_to_tell:
        hooks.send_confirmation.enqueue(order)
    return done


@transaction.atomic
def rehearse_import(*, event: Event, table: Table, picks: Sequence[str] | None = None) -> Imported:
    """What `import_list` would do; nothing is kept and nobody is written to. Raises the same."""
    done = _read(event, table, picks)
    rehearse(done)
    transaction.set_rollback(True)
    return done


def remembered_mapping(event: Event) -> dict[str, str]:
    """What the headings of earlier lists of this event stood for, the latest word for each."""
    runs = ImportRun.objects.filter(event=event).order_by("-pk").values_list("mapping", flat=True)[:20]
    return {heading: pick for mapping in reversed(runs) for heading, pick in mapping.items()}


def picks_for(event: Event, table: Table, questions: Sequence[Question]) -> list[str]:
    """What each column is taken for, as long as nobody says otherwise."""
    return guessed(table.header, questions, remembered_mapping(event))


def _read(event: Event, table: Table, picks: Sequence[str] | None) -> Imported:
    """What the list asks for, with all that is known locked; nothing is written yet."""
    take_turn(f"import:{event.pk}")
    offered = offered_at(event)
    picks = picks_for(event, table, offered.questions) if picks is None else picks
    columns, ignored = columns_from(table.header, picks, NEEDED)
    rows = read_rows(table, columns, offered)
    done = Imported(ignored_columns=ignored, fields=sorted(columns), mapping=mapping_of(table.header, picks))
    _sort(done, rows, event, offered)
    return done


def offered_at(event: Event) -> Offered:
    """What a list may name at this event."""
    tickets = list(event.tickets.with_prices().order_by("pk"))
    for ticket in tickets:
        ticket.event = event
    return Offered(tickets, list(event.addons.prefetch_related("tickets")), questions_of(event))


def _sort(done: Imported, rows: list[Row], event: Event, offered: Offered) -> None:
    """Each row is somebody new, somebody changed, or says nothing new. Raises BadRows."""
    known = _known(event, rows)
    companies, tickets = _member_companies(), {ticket.slug: ticket for ticket in offered.tickets}
    errors: list[tuple[int, str]] = []
    for row in rows:
        registration = known.get(row.number)
        if registration and registration.state in (State.CANCELLED, State.EXPIRED):
            done.unchanged += 1
            continue
        answers, wrong = _judged(row, registration, tickets, offered.questions)
        errors += [(row.number, sentence) for sentence in wrong]
        if registration:
            if not row.reference and not _is_proven(registration):
                done.adopted[registration.order_id] = registration.order
            errors += [(row.number, sentence) for sentence in _about_move(row, registration, offered)]
            _update(done, registration, row, tickets, answers)
        elif not wrong:
            errors += [(row.number, sentence) for sentence in _about_new(row, offered)]
            if not errors:
                add_new(done, row, offered, companies.get(folded(row.place.email)), answers)
    if errors:
        raise BadRows(errors)
    done.besides.update(_options_changed(done, offered.questions))


def _about_new(row: Row, offered: Offered) -> Iterator[str]:
    """What speaks against a row of somebody new."""
    if not row.place.first_name and not row.place.last_name:
        yield _("Write a name.")
    if not row.place.ticket:
        yield _("Name a ticket: this event has no default one.")
    named = next((ticket for ticket in offered.tickets if ticket.slug == row.place.ticket), None)
    if named and (sentence := about_unasked(named)):
        yield sentence
    offers = {addon.slug: addon for addon in offered.addons}
    for slug in row.place.addons:
        if slug not in offers:
            yield _("This add-on is not offered here: %(slug)s.") % {"slug": slug[:50]}
        elif not goes_with(offers[slug], row.place.ticket):
            yield _("“%(addon)s” does not go with this ticket.") % {"addon": offers[slug].title}


def _about_move(row: Row, registration: Registration, offered: Offered) -> Iterator[str]:
    """What speaks against giving somebody another ticket: what they take besides does not go with it."""
    ticket = next((one for one in offered.tickets if one.slug == row.place.ticket), registration.ticket)
    if not row.names_ticket or ticket.pk == registration.ticket_id:
        return
    taken = {chosen.addon_id for chosen in registration.besides}
    for addon in offered.addons:
        if addon.pk in taken and not goes_with(addon, ticket.slug):
            sentence = _(
                "“%(addon)s”, which this person takes, does not go with “%(ticket)s”: leave the ticket as it "
                "is, or open the add-on to the other one."
            )
            yield sentence % {"addon": addon.title, "ticket": ticket.title}


def _judged(
    row: Row, known: Registration | None, tickets: dict[str, Ticket], questions: Sequence[Question]
) -> tuple[dict[str, Any], list[str]]:
    """The answers that shall be kept, and what is wrong with those that the row gives."""
    before = known.answers if known else {}
    given = row.place.answers
    ticket = known.ticket if known and not row.names_ticket else tickets.get(row.place.ticket)
    if ticket is None or not (given or (known and ticket.pk != known.ticket_id)):
        return dict(before), []
    read_all = read(questions, ticket, {**before, **given}, Around(at=timezone.now(), before=before))
    titles = {f"answers.{question.slug}": question for question in questions if question.slug in given}
    wrong = [
        _("%(field)s: %(sentence)s") % {"field": titles[name].title, "sentence": sentence}
        for name, sentence in read_all.wrong
        if name in titles
    ]
    kept = {**before, **{slug: read_all.kept[slug] for slug in given if slug in read_all.kept}}
    shown = {question.slug for question in asked(questions, ticket, kept)}
    return {slug: value for slug, value in kept.items() if slug in shown}, wrong


def _options_changed(done: Imported, questions: Sequence[Question]) -> Counter[Counted]:
    """Of each option that can run out, how many more those who were known choose now; less is negative.

    What an unproven place without a hold had chosen was not counted.
    """
    change = Counter[Counted]()
    for registration in done.changed:
        change.update(limited_options(questions, registration.answers))
        if registration.takes_place:
            change.subtract(limited_options(questions, done.before[registration.pk]["answers"]))
    return change


def _known(event: Event, rows: list[Row]) -> dict[int, Registration]:
    """The registration that each row updates, by row number: by reference, else by e-mail.

    Where one address has several, the name tells.
    """
    addresses = {folded(row.place.email) for row in rows if row.place.email}
    locked = list(_locked(event, addresses, {row.reference for row in rows if row.reference}))
    by_reference = {registration.reference: registration for registration in locked}
    by_email = defaultdict[str, list[Registration]](list)
    for one in locked:
        if one.email and _holds_place(one) and _is_vouched_for(one):
            by_email[folded(one.email)].append(one)
    found, errors = {}, []
    for row in rows:
        try:
            registration = by_reference.get(row.reference) or _by_email(row, by_email)
        except LookupError as error:
            errors.append((row.number, str(error)))
            continue
        if registration:
            found[row.number] = registration
            errors += [(row.number, sentence) for sentence in _about_address(row, registration)]
    if errors:
        raise BadRows(errors)
    return found


def _by_email(row: Row, by_email: dict[str, list[Registration]]) -> Registration | None:
    """Raises LookupError with a sentence where several have the address and none the name."""
    candidates = by_email.get(folded(row.place.email), []) if row.place.email else []
    same = [r for r in candidates if _name(r) == _name(row.place)]
    if len(candidates) == 1 or same:
        return (same or candidates)[0]
    if candidates:
        several = _("%(number)d people are registered with this e-mail; none has this name.")
        raise LookupError(several % {"number": len(candidates)})
    return None


def _about_address(row: Row, registration: Registration) -> Iterator[str]:
    says_email = row.reference == registration.reference and bool(row.place.email)
    if says_email and not same(row.place.email, registration.email):
        sentence = _("%(reference)s is registered with another e-mail: correct it on its own page.")
        yield sentence % {"reference": row.reference}


def _holds_place(registration: Registration) -> bool:
    return registration.state in (State.CONFIRMED, State.PENDING)


def _locked(event: Event, addresses: set[str], references: set[str]) -> Iterator[Registration]:
    """Who holds a place with one of these addresses, or has one of these references, under lock.

    Always in the same order, orders first.
    """
    everyone = Registration.objects.filter(event=event).order_by("pk")
    rows = everyone.active().values_list("pk", "email", "reference")
    keys = {pk for pk, email, reference in rows if reference in references or folded(email) in addresses}
    for named in batched(sorted(references), BATCH, strict=False):
        keys.update(everyone.filter(reference__in=named).values_list("pk", flat=True))
    lock_orders(keys)
    locked = everyone.select_for_update(no_key=True).prefetch_related(
        "order", "ticket", "person", "member_of", "membership_pass", "voucher__tickets", "addons__addon"
    )
    for batch in batched(sorted(keys), BATCH, strict=False):
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
        order.link_version += 1
        order.attendee_links_version += 1
        order.source = IMPORTED
        record("order.renew_link", order, event=event, fields=["link_version"])
    Order.objects.bulk_update(orders, ["link_version", "attendee_links_version", "source"], BATCH)
    for batch in batched(orders, BATCH, strict=False):
        IdempotencyKey.objects.filter(order__in=batch).delete()


def _name(of: Registration | Place) -> tuple[str, str]:
    return of.first_name.casefold(), of.last_name.casefold()


def _member_companies() -> dict[str, Company]:
    """The member company of each member's address, today."""
    seats = Seat.objects.counting().filter(person__email__isnull=False)
    rows = seats.select_related("person", "membership__company").order_by("starts_on")
    return {folded(str(seat.person.email)): seat.membership.company for seat in rows}


def _update(
    done: Imported, registration: Registration, row: Row, tickets: dict[str, Ticket], answers: dict[str, Any]
) -> None:
    """Write what the row says; an empty cell leaves what is known."""
    wanted = _wanted(row, answers)
    changed = {name: value for name, value in wanted.items() if getattr(registration, name) != value}
    ticket = tickets.get(row.place.ticket, registration.ticket)
    moves = row.names_ticket and ticket.pk != registration.ticket_id
    order = registration.order
    orders_anew = bool(row.purchase_order) and row.purchase_order != order.purchase_order
    if row.place.addons and set(row.place.addons) != {one.addon.slug for one in registration.besides}:
        done.other_addons += 1
    if not changed and not moves and not orders_anew and registration.confirmed_at:
        done.unchanged += 1
        return
    done.before[registration.pk] = remembered(registration)
    if orders_anew:
        order.purchase_order, done.orders[order.pk] = row.purchase_order, order
    replaced = {name: getattr(registration, name) for name in changed}
    for name, value in changed.items():
        setattr(registration, name, value)
    done.written |= _follow_identity(done, registration, row, replaced)
    if moves:
        done.moved.append((ticket, registration))
        done.written |= {"ticket", "takes_place", "membership_pass", *PRICED_ANEW}
    if not registration.confirmed_at:
        registration.confirmed_at, registration.held_until = timezone.now(), None
        done.written |= {"confirmed_at", "held_until", "takes_place"}
        if not is_paid(order):  # whom the organizer's list confirms pays by invoice, and needs no link
            order.payment, done.orders[order.pk] = Order.Payment.INVOICE, order
            order.verified_at = timezone.now() if order.awaits_verification else None
    done.written |= changed.keys()
    done.changed.append(registration)


def _follow_identity(
    done: Imported, registration: Registration, row: Row, replaced: dict[str, Any]
) -> set[str]:
    """Void the former holder's badge where the list names another person; return the fields to store.

    Of the answers only those in the list stay.
    """
    if not is_transfer(registration, replaced):
        return set(note_identity(registration, replaced))
    begin_version(registration)
    given = row.place.answers
    registration.answers = {slug: kept for slug, kept in registration.answers.items() if slug in given}
    claim_files(registration)
    if registration.order_id not in done.adopted:  # of those the remark on their links tells enough
        done.transfers += 1
    if registration.confirmation_sent_at:  # whoever was told of the former badge gets the new one
        registration.confirmation_sent_at = None
        done.orders_to_tell.append(registration.order_id)
    return {*TRANSFERRED, "answers", "confirmation_sent_at"}


def _wanted(row: Row, answers: dict[str, Any]) -> dict[str, Any]:
    """What the row wants a registration to say."""
    words = {name: getattr(row.place, name) for name in WORDS}
    wanted: dict[str, Any] = {name: said for name, said in words.items() if said} | {"answers": answers}
    if row.says_photo:
        wanted["no_photo"] = row.place.no_photo
    return wanted
