"""Decide whether two records of the directory may be merged, and say why not."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from convention import hooks
from convention.club.claims import find_address_owner
from convention.club.models import Person
from convention.club.permissions import can_change_address, is_club_administrator
from convention.text.email_addresses import is_same_email


@dataclass(frozen=True)
class MergeObstacle:
    """Why two people cannot be merged; with the page on which that can be changed, if there is one."""

    sentence: str
    path: str = ""
    label: str = ""


def list_merge_obstacles(*, survivor: Person, duplicate: Person, actor: Person) -> list[MergeObstacle]:
    """Return all reasons for which this actor cannot merge the duplicate into the survivor."""
    if survivor.pk == duplicate.pk:
        return [MergeObstacle(_("These are the same record. Choose another one."))]
    sentences = list(_list_account_obstacles(survivor, duplicate, actor))
    obstacles = [MergeObstacle(sentence) for sentence in sentences]
    for claimed, other in ((duplicate, survivor), (survivor, duplicate)):
        obstacles += _list_claim_obstacles(claimed, other)
    for guard in hooks.person_merge_guards.providers():
        obstacles += guard(survivor, duplicate)
    return obstacles


def _list_account_obstacles(survivor: Person, duplicate: Person, actor: Person) -> Iterator[str]:
    people = (survivor, duplicate)
    if any(person.is_erased for person in people):
        yield _("The data of one of these people has been erased, so that record cannot be merged.")
    elif actor.pk in (survivor.pk, duplicate.pk):
        yield _("One of these records is yours. Ask another administrator to merge them.")
    elif any(needs_administrator(person, actor) for person in people):
        # The merged record has the addresses and rights of both: whoever reads one mailbox gets the rest.
        yield _(
            "Only administrators can merge these records: one of these people has signed in, has or had a "
            "role, or has a closed account."
        )
    elif not actor.is_superuser and any(person.is_superuser for person in people):
        yield _("One of these people is a superuser. Only another superuser can merge the records.")
    elif duplicate.is_staff or duplicate.is_superuser:
        yield _("The record to remove can open the back office. Keep that record instead.")
    elif duplicate.is_active and not survivor.is_active:
        yield _("The account of the record to keep is closed. Reopen it first, or keep the other record.")


def needs_administrator(person: Person, actor: Person) -> bool:
    """Return whether only an administrator may merge this record, and the actor is none."""
    if is_club_administrator(actor):
        return False
    return not can_change_address(actor, person) or person.has_usable_password() or not person.is_active


def _list_claim_obstacles(claimed: Person, other: Person) -> Iterator[MergeObstacle]:
    """Yield an obstacle if a contact gave the address of a third person, who has yet to confirm it."""
    owner = find_address_owner(claimed) if claimed.claimed_email else None
    if owner is None or owner.pk in (claimed.pk, other.pk) or is_same_email(owner.email, other.email):
        return
    sentence = _(
        "A company’s contact entered the address of %(owner)s for %(name)s, and we asked its owner to "
        "confirm. Merge the record with that person, or correct the address first."
    )
    yield MergeObstacle(
        sentence % {"owner": owner, "name": claimed},
        path=reverse("club-person", args=[owner.pk]),
        label=str(owner),
    )
