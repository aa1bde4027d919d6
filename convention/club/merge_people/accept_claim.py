"""Merge the record that a company's contact added into that of the owner of its address (`claims.py`)."""

from django.db import transaction
from django.utils.translation import gettext as _

from convention import hooks
from convention.audit.record import record_action
from convention.club.claims import find_address_owner
from convention.club.contact_details.notes import join_notes, record_note_change
from convention.club.models import Person
from convention.errors import NotFound

from .merge_people import PeopleMergeRefused, join_photo_consents, lock_records, move_record


@transaction.atomic
def accept_claim(*, claimed: Person) -> Person:
    """Make everything of the colleague that of the address's owner, who is returned.

    The owner keeps name, language, address and phone number, and the notes are joined. Nobody else has to
    agree, since the mailed link proves that they read the address. Raise NotFound if the claim was accepted
    or withdrawn meanwhile, and PeopleMergeRefused if something has to be settled before these records can be
    one.
    """
    owner = _find_owner(claimed)
    owner, claimed = lock_records(owner.pk, claimed.pk)
    # Read again under the locks: the owner or the contact may have changed the address.
    if _find_owner(claimed).pk != owner.pk:
        raise NotFound(_("There is nothing left to confirm."))
    # The obstacles are described for the club, which can settle them, so the owner reads the next step.
    if any(guard(owner, claimed) for guard in hooks.person_merge_guards.providers()):
        raise PeopleMergeRefused(
            _(
                "We cannot add this to your record yet: the club has to settle something first. Please "
                "contact the club."
            )
        )
    owner.photo_consent = join_photo_consents(owner, claimed)
    owner.phone = owner.phone or claimed.phone
    joined_note = join_notes(owner.note, claimed.note)
    has_new_note, owner.note = joined_note != owner.note, joined_note
    claimed_id = claimed.pk
    tables = move_record(survivor=owner, duplicate=claimed)
    owner.save(update_fields=["photo_consent", "phone", "note"])
    if has_new_note:
        record_note_change(owner)
    record_action("person.claim", owner, fields=tables, details={"merged_person": claimed_id})
    return owner


def _find_owner(claimed: Person) -> Person:
    owner = find_address_owner(claimed) if claimed.claimed_email else None
    if owner is None:
        raise NotFound(_("There is nothing left to confirm."))
    return owner
