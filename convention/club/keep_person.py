"""Keep a person: how the club writes a name, and in which language it writes to them."""

from django.db import transaction

from convention.audit.record import record

from .models import Person


@transaction.atomic
def keep_person(*, person: Person, changed: list[str]) -> Person:
    """Write what was changed; `changed` names its fields. Past registrations keep what they said."""
    if changed:
        person.save(update_fields=changed)
        record("person.change", person, fields=changed)
    return person
