"""Propose: a member, or somebody of the host, says what the club should go and see."""

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.audit.record import record
from convention.club.models import Company, Employment, Person
from convention.errors import Closed, Forbidden

from .models import Proposal

MOST_STANDING = 10
"""So many proposals of one person may stand at a time."""


@transaction.atomic
def propose(
    *, person: Person, title: str, why: str = "", host: Company | None = None, host_name: str = ""
) -> Proposal:
    """Keep a proposal; it comes from the host where the person works there.

    Raises Closed for somebody of whom many stand already.
    """
    Person.objects.select_for_update(no_key=True).get(pk=person.pk)
    refuse_many(Proposal.objects.filter(proposed_by=person))
    proposal = Proposal.objects.create(
        title=title,
        why=why,
        host=host,
        host_name="" if host else host_name,
        proposed_by=person,
        is_from_host=host is not None and _works_at(person, host),
    )
    record("proposal.make", proposal, fields=["title", "why", "host"])
    return proposal


def refuse_many(theirs: QuerySet[Proposal]) -> None:
    """Raises Closed where many of somebody's proposals stand already."""
    if theirs.filter(became__isnull=True, set_aside_at__isnull=True).count() >= MOST_STANDING:
        raise Closed(
            _("You have %(most)d proposals that wait already: let some of them become visits first.")
            % {"most": MOST_STANDING}
        )


@transaction.atomic
def revise_proposal(*, proposal: Proposal, changed: list[str]) -> Proposal:
    """Write it better, or say which company of the directory the host is; `changed` names its fields."""
    if changed:
        proposal.save(update_fields=changed)
        record("proposal.revise", proposal, fields=changed)
    return proposal


@transaction.atomic
def set_aside(*, proposal: Proposal, because: str) -> Proposal:
    """Say that nothing comes of it, and why: who proposed it and who would have come read it."""
    found = locked_proposal(proposal)
    if found.is_standing:
        found.set_aside_at, found.set_aside_because = timezone.now(), because
        found.save(update_fields=["set_aside_at", "set_aside_because"])
        record("proposal.set_aside", found, fields=["set_aside_at", "set_aside_because"])
    return found


@transaction.atomic
def take_up(*, proposal: Proposal) -> Proposal:
    """Let one that was set aside stand again, with the interest that was said in it."""
    found = locked_proposal(proposal)
    if found.set_aside_at and found.became_id is None:
        found.set_aside_at, found.set_aside_because = None, ""
        found.save(update_fields=["set_aside_at", "set_aside_because"])
        record("proposal.take_up", found, fields=["set_aside_at", "set_aside_because"])
    return found


@transaction.atomic
def withdraw_proposal(*, proposal: Proposal, person: Person) -> None:
    """Take one's own proposal back. Raises Forbidden for another's, Closed once something came of it."""
    found = locked_proposal(proposal)
    if found.proposed_by_id != person.pk:
        raise Forbidden(_("Somebody else proposed this visit."))
    if not found.is_standing:
        raise Closed(_("This proposal became a visit, or was set aside: it cannot be taken back."))
    record("proposal.withdraw", found)
    found.delete()


def locked_proposal(proposal: Proposal) -> Proposal:
    """The proposal as it is, locked until the transaction ends. Raises Closed where it was taken back."""
    rows = Proposal.objects.select_for_update(of=("self",)).select_related("host")
    found = rows.filter(pk=proposal.pk).first()
    if found is None:
        raise Closed(_("This proposal was taken back."))
    return found


def _works_at(person: Person, company: Company) -> bool:
    return Employment.objects.open().filter(person=person, company=company).exists()
