"""Tell the correction of a registration from its transfer to another person.

Each badge version is compared with whom it was issued to (`Registration.issued_to`), not with what was
written a moment ago: several corrections that together name another person are a transfer, too.
"""

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from .answer import drop_answers
from .identity import Identity, has_name_in_common, is_other_person
from .models import Registration

IDENTITY_FIELDS = ("first_name", "last_name", "email")
TRANSFERRED = ["generation", "person", "issued_to"]
"""The fields that a transfer changes besides name, address and answers."""


def issued_identity(registration: Registration, before: Mapping[str, Any]) -> Identity:
    """Return whom this badge version was issued to; `before` has the former values of changed fields."""
    if registration.issued_to:
        return Identity(**registration.issued_to)
    former = {name: before[name] for name in IDENTITY_FIELDS if name in before}
    return replace(Identity.of(registration), **former)


def is_transfer(registration: Registration, before: Mapping[str, Any]) -> bool:
    """Whether the registration, changed but not stored, is another person's than its badge.

    A member's place may always bear the member's own name as the club writes it.
    """
    if not any(name in before for name in IDENTITY_FIELDS):
        return False
    issued, now = issued_identity(registration, before), Identity.of(registration)
    if registration.person and registration.ticket.needs_proof:
        member = replace(Identity.of(registration.person), email=now.email)
        if has_name_in_common(member, now):
            return False
        issued = issued if issued.has_name else member
    return is_other_person(issued, now)


def note_identity(registration: Registration, before: Mapping[str, Any]) -> list[str]:
    """Remember whom the badge was issued to, as a correction changes that; return the fields to store."""
    if registration.issued_to or not any(name in before for name in IDENTITY_FIELDS):
        return []
    registration.issued_to = asdict(issued_identity(registration, before))
    return ["issued_to"]


def begin_version(registration: Registration) -> None:
    """Begin a new badge version: the badge and the own link that are out are void, and nobody is verified."""
    registration.generation += 1
    registration.person = None
    registration.issued_to = {}


def transfer(registration: Registration) -> list[str]:
    """Void what the former holder has, remove their answers, and return the fields to store."""
    begin_version(registration)
    drop_answers(registration)
    return [*TRANSFERRED, "answers"]
