"""Correct an attendee's name in the club's directory together with the registration."""

from django.db import transaction
from django.utils.translation import ngettext

from convention.club.models import Person
from convention.club.people import save_person
from convention.errors import InvalidFields
from registrations.changes.correct import NAME_FIELDS, Correction, MemberAddress, correct_as_organizer
from registrations.models import Registration


@transaction.atomic
def correct_with_directory(
    *,
    registration: Registration,
    correction: Correction,
    reason: str = "",
    member_address: MemberAddress = MemberAddress.AS_IN_DIRECTORY,
) -> Registration:
    """Save a correction by an organizer, and correct the person in the club's directory too.

    A transfer changes nothing in the directory. Raise what `correct_as_organizer` raises, and InvalidFields
    for a name that is too long for the directory.
    """
    corrected = correct_as_organizer(
        registration=registration, correction=correction, reason=reason, member_address=member_address
    )
    # Read after the correction: a transfer has removed the person.
    person = corrected.person
    if person:
        changed = [name for name in NAME_FIELDS if getattr(person, name) != getattr(corrected, name)]
        _check_name_lengths(corrected, changed)
        for name in changed:
            setattr(person, name, getattr(corrected, name))
        save_person(person=person, changed_fields=changed)
    return corrected


def differs_from_directory(registration: Registration) -> bool:
    """Return whether the attendee's name differs from the one in the club's directory.

    Such registrations are left out of a host's visitor list.
    """
    person = registration.person
    return person is not None and any(
        getattr(person, name) != getattr(registration, name) for name in NAME_FIELDS
    )


def _check_name_lengths(registration: Registration, field_names: list[str]) -> None:
    errors = {}
    for name in field_names:
        max_length = getattr(Person._meta.get_field(name), "max_length", 0)
        if max_length and len(getattr(registration, name)) > max_length:
            sentence = ngettext("At most %(most)d character.", "At most %(most)d characters.", max_length)
            errors[name] = [sentence % {"most": max_length}]
    if errors:
        raise InvalidFields("", errors)
