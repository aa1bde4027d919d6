"""Keep a list from giving places that are allocated on application to other people."""

import copy
from collections.abc import Iterator

from django.utils.translation import gettext as _

from registrations.application_rules import describe_missing_application
from registrations.booking.transfer import is_transfer
from registrations.models import Registration

from .rows import RegistrationRow

NAME_FIELDS = ("first_name", "last_name")


def check_transfer(row: RegistrationRow, registration: Registration) -> Iterator[str]:
    """Yield an error if the row names another person for a place that was given on application.

    Applicants were chosen by priority: the next one on the waiting list has a claim to the place.
    """
    names = {name: text for name in NAME_FIELDS if (text := getattr(row.place, name))}
    before = {
        name: getattr(registration, name)
        for name, text in names.items()
        if text != getattr(registration, name)
    }
    named = copy.copy(registration)
    for name in before:
        setattr(named, name, names[name])
    if is_transfer(named, before) and describe_missing_application(registration.ticket):
        yield _(
            "This place was allocated on application, so a list cannot give it to another person. "
            "Correct the name in the row, or remove the row."
        )
