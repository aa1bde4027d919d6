"""Create, revise, set aside, reopen and withdraw visit proposals."""

from enum import Enum, auto

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.audit.record import record_action
from convention.club.models import Company, Employment, Person
from convention.errors import Forbidden, NotOpenNow
from registrations.visits.models import Proposal
from registrations.visits.models.planning import ProposalQuerySet

from .proposal_notifications import notify_proposer_of_record, notify_secretaries_of_proposal

# For each proposer, so that nobody floods the list.
MAX_UNDECIDED_PROPOSALS = 10


class ProposalOrigin(Enum):
    """The proposer of a recorded visit: the host, or anyone else."""

    HOST = auto()
    OTHER = auto()


class ProposerMail(Enum):
    """The mail to the person for whom a proposal is recorded."""

    CONFIRMATION = auto()
    NONE = auto()


@transaction.atomic
def create_proposal(
    *, person: Person, title: str, motivation: str = "", host: Company | None = None, host_name: str = ""
) -> Proposal:
    """Create a member's proposal; it is marked as the host's if the person works there.

    Raise NotOpenNow if too many of theirs are undecided.
    """
    # Locks the person, so that the limit holds for concurrent requests.
    Person.objects.select_for_update(no_key=True).get(pk=person.pk)
    check_proposal_limit(Proposal.objects.filter(proposed_by=person))
    proposal = Proposal.objects.create(
        title=title,
        motivation=motivation,
        host=host,
        host_name="" if host else host_name,
        proposed_by=person,
        is_from_host=host is not None and _is_employed_at(person, host),
    )
    record_action("proposal.make", proposal, fields=["title", "motivation", "host"])
    notify_secretaries_of_proposal(proposal)
    return proposal


@transaction.atomic
def record_proposal(
    *,
    planner: Person,
    title: str,
    motivation: str = "",
    host: Company | None = None,
    host_name: str = "",
    proposer: Person | None = None,
    origin: ProposalOrigin = ProposalOrigin.OTHER,
    proposer_mail: ProposerMail = ProposerMail.NONE,
) -> Proposal:
    """Create a proposal that a planner received, for example by telephone; the proposer need not be named.

    It is also marked as the host's if the proposer works there. No limit applies: planners may set it aside.
    """
    is_employee = proposer is not None and host is not None and _is_employed_at(proposer, host)
    proposal = Proposal.objects.create(
        title=title,
        motivation=motivation,
        host=host,
        host_name="" if host else host_name,
        proposed_by=proposer,
        recorded_by=planner,
        is_from_host=is_employee or origin == ProposalOrigin.HOST,
    )
    fields = ["title", "motivation", "host", *(["proposed_by"] if proposer else [])]
    record_action("proposal.record", proposal, fields=fields)
    notify_secretaries_of_proposal(proposal)
    if proposer and proposer_mail == ProposerMail.CONFIRMATION:
        notify_proposer_of_record.enqueue(proposal.pk)
    return proposal


def check_proposal_limit(proposals: ProposalQuerySet) -> None:
    """Raise NotOpenNow if `MAX_UNDECIDED_PROPOSALS` of these proposals are undecided."""
    if proposals.undecided().count() >= MAX_UNDECIDED_PROPOSALS:
        raise NotOpenNow(
            _("You already have %(most)d open proposals. Wait until some of them have become visits.")
            % {"most": MAX_UNDECIDED_PROPOSALS}
        )


@transaction.atomic
def revise_proposal(*, proposal: Proposal, changed: list[str]) -> Proposal:
    """Save the fields named in `changed`, such as a better wording or the host's company."""
    if changed:
        proposal.save(update_fields=changed)
        record_action("proposal.revise", proposal, fields=changed)
    return proposal


@transaction.atomic
def set_aside_proposal(*, proposal: Proposal, reason: str) -> Proposal:
    """Set a proposal aside with a reason, which its proposer and interested members read."""
    locked = lock_proposal(proposal)
    # A second click, or a date set meanwhile, changes nothing.
    if locked.is_undecided:
        locked.set_aside_at, locked.set_aside_reason = timezone.now(), reason
        locked.save(update_fields=["set_aside_at", "set_aside_reason"])
        record_action("proposal.set_aside", locked, fields=["set_aside_at", "set_aside_reason"])
    return locked


@transaction.atomic
def reopen_proposal(*, proposal: Proposal) -> Proposal:
    """Reopen a proposal that was set aside, with the interest expressed in it."""
    locked = lock_proposal(proposal)
    if locked.set_aside_at:
        locked.set_aside_at, locked.set_aside_reason = None, ""
        locked.save(update_fields=["set_aside_at", "set_aside_reason"])
        record_action("proposal.take_up", locked, fields=["set_aside_at", "set_aside_reason"])
    return locked


@transaction.atomic
def withdraw_proposal(*, proposal: Proposal, person: Person) -> None:
    """Delete a person's proposal. Raise Forbidden if it is not theirs, NotOpenNow once it was decided."""
    locked = lock_proposal(proposal)
    if locked.proposed_by_id != person.pk:
        raise Forbidden(_("Someone else proposed this visit."))
    if not locked.is_undecided:
        raise NotOpenNow(
            _("This proposal has already become a visit or been set aside, so it can no longer be withdrawn.")
        )
    # Before the deletion, while the row has an id to record.
    record_action("proposal.withdraw", locked)
    locked.delete()


def lock_proposal(proposal: Proposal) -> Proposal:
    """Return the proposal, locked until the end of the transaction. Raise NotOpenNow if it was withdrawn."""
    rows = Proposal.objects.select_for_update(of=("self",)).select_related("host", "visit")
    locked = rows.filter(pk=proposal.pk).first()
    if locked is None:
        raise NotOpenNow(_("This proposal has been withdrawn."))
    return locked


def _is_employed_at(person: Person, company: Company) -> bool:
    return Employment.objects.open().filter(person=person, company=company).exists()
