"""Find that an attendee has another registration for the same event, by name and address.

Anybody can enter another person's name and address. So a second registration is named only in e-mails to that
address, on pages to a person who is signed in with it, and to a reader who sees that registration anyway.
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from convention.club.models import Person
from convention.events.models import Event
from convention.text.email_addresses import filter_by_email, is_same_email, normalize_email
from registrations.models import Order, Registration
from registrations.models.registrations import make_sort_name
from registrations.order_request import RequestedPlace
from registrations.permissions import LinkAccess, RegistrationLink, list_registration_links

if TYPE_CHECKING:
    from convention.club.permissions import RequestUser


def find_second_registrations_of_buyer(
    order: Order, registrations: Sequence[Registration]
) -> list[Registration]:
    """Return active registrations in other orders with the name and address of one of these.

    Only those of the order's buyer, to whom the e-mail goes: another attendee's are none of their business.
    """
    own = [row for row in registrations if row.has_name and is_same_email(row.email, order.email)]
    if not own:
        return []
    others = Registration.objects.active().filter(
        event=order.event_id, sort_name__in={row.sort_name for row in own}
    )
    return filter_by_email(others.exclude(order=order).select_related("order").order_by("pk"), order.email)


def find_second_registrations_of_holder(registration: Registration) -> list[Registration]:
    """Return the holder's other active registrations for the event, also those in the same order.

    For an e-mail to the holder's own address only.
    """
    if not (registration.has_name and registration.email):
        return []
    others = (
        Registration.objects.active()
        .filter(event=registration.event_id, sort_name=registration.sort_name)
        .exclude(pk=registration.pk)
    )
    return filter_by_email(others.select_related("order").order_by("pk"), registration.email)


def match_registrations(
    places: Iterable[RequestedPlace], registrations: Sequence[Registration]
) -> dict[int, Registration]:
    """Return the registration that each place's person has among these, the latest one, by index.

    People are recognized by their address, or by their name where one of the two has no address.
    """
    by_address = {normalize_email(row.email): row for row in registrations if row.email}
    by_name = {row.sort_name: row for row in registrations if row.sort_name}
    without_address = {row.sort_name: row for row in registrations if row.sort_name and not row.email}
    matches = {}
    for number, place in enumerate(places):
        name, email = make_sort_name(place.first_name, place.last_name), normalize_email(place.email)
        same_name = without_address if email else by_name
        if registration := (by_address.get(email) if email else None) or same_name.get(name):
            matches[number] = registration
    return matches


def find_existing_place(
    link_access: LinkAccess, registration: Registration, new_attendee: RequestedPlace
) -> Registration | None:
    """Return the new attendee's other active place that the link opens; others must not be revealed."""
    others = [row for row in link_access.registrations if row != registration and row.is_active]
    return match_registrations([new_attendee], others).get(0)


def list_second_registration_links(
    user: "RequestUser", event: Event, attendees: Iterable[tuple[str, str, str]]
) -> list[RegistrationLink]:
    """Return the signed-in reader's registrations that have the name and address of one of these attendees.

    `attendees` are first names, last names and e-mail addresses.
    """
    if not isinstance(user, Person):
        return []
    keys = {(make_sort_name(first, last), normalize_email(email)) for first, last, email in attendees}
    return [
        link
        for link in list_registration_links(user, [event])
        if (link.registration.sort_name, normalize_email(link.registration.email)) in keys
    ]
