"""Correct a registration and, with it, how the club itself writes the name of who holds it."""

from django.db import transaction
from django.utils.translation import ngettext

from convention.club.keep_person import keep_person
from convention.club.models import Person
from convention.errors import InvalidFields

from .correct import Correction, correct_for
from .models import Registration

NAMES = ("first_name", "last_name")


@transaction.atomic
def correct_with_person(
    *, registration: Registration, correction: Correction, reason: str = ""
) -> Registration:
    """Correct it for whoever runs the event, and the club's record of the same person with it.

    Where the place goes to somebody else, nobody's record changes. Raises what `correct_for` raises, and
    InvalidFields for a name that is too long for the directory.
    """
    corrected = correct_for(registration=registration, correction=correction, reason=reason)
    person = corrected.person
    if person:
        changed = [name for name in NAMES if getattr(person, name) != getattr(corrected, name)]
        _refuse_long(corrected, changed)
        for name in changed:
            setattr(person, name, getattr(corrected, name))
        keep_person(person=person, changed=changed)
    return corrected


def says_another_name(registration: Registration) -> bool:
    """Whether the club writes the name of who holds it otherwise; a host's list leaves such a place out."""
    person = registration.person
    return person is not None and any(getattr(person, one) != getattr(registration, one) for one in NAMES)


def _refuse_long(corrected: Registration, names: list[str]) -> None:
    fields = {}
    for name in names:
        most = getattr(Person._meta.get_field(name), "max_length", 0)
        if most and len(getattr(corrected, name)) > most:
            sentence = ngettext("At most %(most)d character.", "At most %(most)d characters.", most)
            fields[name] = [sentence % {"most": most}]
    if fields:
        raise InvalidFields("", fields)
