"""Save orders of members or unverified buyers under locks, so that the limits checked still hold."""

from collections.abc import Callable, Iterable

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from convention.club.models import Person
from convention.db.compiled_query import PLACEHOLDER_ID, CompiledQuery
from convention.errors import ConventionError
from convention.events.models import Event
from convention.text.email_addresses import is_same_email
from registrations.application_rules import check_applications
from registrations.inventory.stock import find_full_company
from registrations.models import Registration

from .fast_order import FastPathFailed
from .holds import withhold_member_places, withhold_unverified_places
from .prepared_order import PreparedOrder
from .save_order import save_order, save_order_plain, save_order_without_savepoint


class AlreadyRegistered(ConventionError):
    """The member has a registration for this event already; the error page e-mails its link."""

    kind = "already-registered"
    status = 409
    next_page_name = "lost-link"
    next_page_label = gettext_lazy("Find your registration")


def refuse_second_registration(registration: Registration, person: Person) -> None:
    """Raise AlreadyRegistered for the ticket's second one; lock the member until the transaction ends."""
    LOCK_PERSON_QUERY.all(person.pk)
    _refuse_if_registered(registration, person)


def find_first_registration(registration: Registration, person: Person) -> Registration | None:
    """Return the member's confirmed registration for the same ticket, other than this one."""
    others = _query_other_registrations(person.pk, registration.ticket_id, registration.pk)
    return others.select_related("order__event").first()


def find_same_person(event: Event, *, sort_name: str, email: str) -> list[Registration]:
    """Return the active registrations with this name and this address, from the latest one."""
    same_name = Registration.objects.active().filter(event=event, sort_name=sort_name)
    rows = same_name.select_related("ticket").order_by("-pk")
    return [row for row in rows if is_same_email(row.email, email)]


def _refuse_if_registered(registration: Registration, person: Person) -> None:
    if OTHER_REGISTRATIONS_QUERY.exists(person.pk, registration.ticket_id, registration.pk or 0):
        raise AlreadyRegistered(_("You already have a place at this event, so we did not book a second one."))


def _query_other_registrations(person: int, ticket: int, registration: int) -> QuerySet[Registration]:
    return Registration.objects.of_members([person], [ticket]).exclude(pk=registration)


def _query_person_lock(person: int) -> QuerySet[Person]:
    # NO KEY UPDATE lets other transactions insert rows that refer to the person.
    return Person.objects.select_for_update(no_key=True).filter(pk=person).only("pk")


# Compiled, since members order in the same rush.
OTHER_REGISTRATIONS_QUERY = CompiledQuery(_query_other_registrations, -1, -2, -3)
LOCK_PERSON_QUERY = CompiledQuery(_query_person_lock, PLACEHOLDER_ID)


def find_second_registrations(registrations: Iterable[Registration]) -> set[int]:
    """Return the ids of those that would be a member's second registration for a ticket.

    Locks the members in the order of their ids until the transaction ends.
    """
    of_members = [(row.pk, row.ticket_id, row.person_id) for row in registrations if row.member_of_id]
    members = {person for _pk, _ticket, person in of_members if person is not None}
    list(
        Person.objects.select_for_update(no_key=True).filter(pk__in=members).order_by("pk").values_list("pk")
    )
    tickets = {ticket for _pk, ticket, _person in of_members}
    confirmed = Registration.objects.of_members(members, tickets)
    booked: set[tuple[int, int | None]] = set(confirmed.values_list("ticket_id", "person_id"))
    second_registrations = set[int]()
    # Of two registrations of one member in the same order, the first one stays.
    for pk, ticket, person in sorted(of_members):
        if person is not None and (ticket, person) in booked:
            second_registrations.add(pk)
        booked.add((ticket, person))
    return second_registrations


def check_limits_and_save(prepared: PreparedOrder) -> None:
    """Save an order as `save_order`, with one registration for each member and ticket.

    Raise AlreadyRegistered too. An order that awaits verification reserves its places only below the event's
    hourly ceiling.
    """
    _refuse_full_company(prepared)
    is_for_members = any(
        registration.ticket.needs_member_verification for registration in prepared.registrations
    )
    # Only load tests run without limits. Members still need their lock, or they could get two places.
    if settings.RATE_LIMITS == "off" and prepared.order.awaits_verification and not is_for_members:
        save_order(prepared)
        return
    try:
        # No savepoint: its end would be one more round trip with the rows of the last places locked.
        _check_and_save(prepared, save=save_order_without_savepoint)
    except FastPathFailed:
        _check_and_save(prepared, save=save_order_plain)


def _refuse_full_company(prepared: PreparedOrder) -> None:
    """Raise CompanyFull before the locks are taken, or AlreadyRegistered, which is more specific.

    Most orders of a rush for a capped ticket are refused here; under the locks they would delay the others.
    This check is only a shortcut: the count under the locks decides.
    """
    if error := find_full_company(prepared.company_shares):
        for registration in prepared.registrations:
            if registration.member_of and registration.person:
                _refuse_if_registered(registration, registration.person)
        raise error


@transaction.atomic
def _check_and_save(prepared: PreparedOrder, *, save: Callable[[PreparedOrder], None]) -> None:
    # Order of locks: holds of tickets, the event's count, members, then (in `save_order`) the stock.
    now = timezone.now()
    withhold_member_places(prepared.registrations, at=now)
    withhold_unverified_places(prepared.order, prepared.registrations, at=now)
    for registration in prepared.registrations:
        if registration.member_of and registration.person:
            refuse_second_registration(registration, registration.person)
    save(prepared)
    # After saving, because an application is linked to the saved row; an error rolls everything back.
    check_applications(prepared.registrations)
