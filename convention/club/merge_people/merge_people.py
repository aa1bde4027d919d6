"""Merge a duplicate into the person's other record: everything moves, and the duplicate is deleted."""

from collections.abc import Collection, Mapping
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from convention import hooks
from convention.audit.record import record_action
from convention.club.contact_details.notes import join_notes, record_note_change
from convention.club.directory_import.import_directory import DIRECTORY_LOCK
from convention.club.directory_import.undo import delete_imported_values
from convention.club.models import Person
from convention.club.permissions import CLUB_ROLES_LOCK
from convention.db.advisory_locks import acquire_advisory_lock
from convention.errors import ConventionError, NotFound
from convention.text.email_addresses import is_same_email

from .obstacles import list_merge_obstacles
from .positions import settle_positions

# Columns whose value may come from either record.
MERGEABLE_FIELDS: Final = ("first_name", "last_name", "email", "phone", "language")


class PeopleMergeRefused(ConventionError):
    """The two records cannot be merged."""

    kind = "not-mergeable"
    status = 409


@transaction.atomic
def merge_people(
    *,
    survivor: Person,
    duplicate: Person,
    actor: Person,
    fields_from_duplicate: Collection[str] = (),
    position_outcomes: Mapping[int, str] | None = None,
) -> Person:
    """Make everything of the duplicate the survivor's, delete the duplicate, and return the survivor.

    `fields_from_duplicate` are the MERGEABLE_FIELDS whose value the survivor takes over; an empty one of the
    survivor is filled anyway. `position_outcomes` are PositionOutcomes of current jobs by company id; the
    other jobs and seats go on. Both addresses stay, and the notes are joined. Issued documents and lists that
    were sent do not change. Raise PeopleMergeRefused, and NotFound if one of the records was merged or
    deleted meanwhile.
    """
    survivor, duplicate = lock_records(survivor.pk, duplicate.pk)
    if obstacles := list_merge_obstacles(survivor=survivor, duplicate=duplicate, actor=actor):
        raise PeopleMergeRefused(" ".join(obstacle.sentence for obstacle in obstacles))
    duplicate_id, addresses = duplicate.pk, [person.email for person in (survivor, duplicate) if person.email]
    fields = _take_over_values(survivor, duplicate, fields_from_duplicate)
    tables = move_record(survivor=survivor, duplicate=duplicate)
    # Only now: two people cannot have one address.
    survivor.save(update_fields=[*fields, "email", "claimed_email"])
    others = [address for address in addresses if not is_same_email(address, survivor.email)]
    hooks.add_addresses.provider()(person=survivor, addresses=others, added_by=actor)
    settle_positions(survivor, position_outcomes or {})
    if "note" in fields:
        record_note_change(survivor)
    record_action(
        "person.merge", survivor, fields=[*fields, *tables], details={"merged_person": duplicate_id}
    )
    return survivor


def lock_records(survivor_id: int, duplicate_id: int) -> tuple[Person, Person]:
    """Return the stored survivor and duplicate, locked until the transaction ends.

    Raise NotFound if one of the records was merged or deleted meanwhile.
    """
    acquire_advisory_lock(DIRECTORY_LOCK)
    acquire_advisory_lock(CLUB_ROLES_LOCK)
    # Always in the order of their ids: two merges at once cannot wait for each other.
    rows = Person.objects.select_for_update().filter(pk__in=(survivor_id, duplicate_id)).order_by("pk")
    people = {person.pk: person for person in rows}
    if survivor_id not in people or duplicate_id not in people:
        raise NotFound(_("One of these records no longer exists. It may have been merged already."))
    return people[survivor_id], people[duplicate_id]


def move_record(*, survivor: Person, duplicate: Person) -> list[str]:
    """Make the duplicate's rows the survivor's, and delete the duplicate with its sessions and tokens.

    Return the labels of the tables that had rows. The survivor's own columns are the caller's to save.
    """
    hooks.end_access.provider()(person=duplicate)
    # Undoing an import must not look for the duplicate, nor bring back a value of it.
    delete_imported_values(duplicate)
    tables: list[str] = hooks.move_person_rows.provider()(survivor=survivor, duplicate=duplicate)
    duplicate.delete()
    return tables


def join_photo_consents(survivor: Person, duplicate: Person) -> bool | None:
    """Return the consent of both records: a refusal of either counts; a missing answer is none."""
    answers = {survivor.photo_consent, duplicate.photo_consent} - {None}
    return None if not answers else False not in answers


def _take_over_values(survivor: Person, duplicate: Person, chosen: Collection[str]) -> list[str]:
    """Set the survivor's columns, without saving; return the names of those that changed."""
    values = {
        name: getattr(duplicate, name)
        for name in MERGEABLE_FIELDS
        if getattr(duplicate, name) and (name in chosen or not getattr(survivor, name))
    }
    values["note"] = join_notes(survivor.note, duplicate.note)
    values["photo_consent"] = join_photo_consents(survivor, duplicate)
    values["date_joined"] = min(survivor.date_joined, duplicate.date_joined)
    sign_ins = [person.last_login for person in (survivor, duplicate) if person.last_login]
    # Who has signed in with either record has used an account, whose address is protected.
    values["last_login"] = max(sign_ins, default=None)
    changed = [name for name, value in values.items() if value != getattr(survivor, name)]
    for name in changed:
        setattr(survivor, name, values[name])
    if survivor.email:
        survivor.claimed_email = ""
    elif not survivor.claimed_email:
        survivor.claimed_email = duplicate.claimed_email
    return changed
