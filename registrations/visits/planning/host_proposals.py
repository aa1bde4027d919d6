"""Proposals by a host's contact, who has no account: only of their own company's site."""

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from convention.audit.record import record_action
from convention.club.models import Company
from convention.errors import Forbidden, NotOpenNow
from convention.text.email_addresses import normalize_email
from registrations.visits.hosts.permissions import list_own_contacts
from registrations.visits.models import HostContact, Proposal
from registrations.visits.models.planning import ProposalQuerySet

from .proposal_notifications import notify_secretaries_of_proposal
from .proposals import check_proposal_limit, lock_proposal


def list_host_companies(contact: HostContact) -> QuerySet[Company]:
    """Return the hosts of the contact's visits, whose site they may propose."""
    return Company.objects.filter(pk__in=list_own_contacts(contact).order_by().values("visit__event__host"))


def list_host_proposals(contact: HostContact) -> ProposalQuerySet:
    """Return the proposals made from this address, the latest first."""
    # By address: one person is a separate contact for each visit, and the limit counts all of them.
    rows = Proposal.objects.filter(proposed_by_host__email=normalize_email(contact.email))
    return rows.select_related("host", "visit__event")


@transaction.atomic
def create_host_proposal(
    *, contact: HostContact, host: Company, title: str, motivation: str = ""
) -> Proposal:
    """Create a proposal by a host's contact.

    Raise Forbidden for a company that is not theirs, NotOpenNow if too many of theirs are undecided.
    """
    # Locks the contact, so that the limit holds for concurrent requests.
    HostContact.objects.select_for_update(no_key=True, of=("self",)).get(pk=contact.pk)
    if not list_host_companies(contact).filter(pk=host.pk).exists():
        raise Forbidden(
            _("You can only propose visits to your own site, and you are not a contact for this one.")
        )
    check_proposal_limit(list_host_proposals(contact))
    proposal = Proposal.objects.create(
        title=title, motivation=motivation, host=host, proposed_by_host=contact, is_from_host=True
    )
    record_action(
        "proposal.make",
        proposal,
        fields=["title", "motivation", "host"],
        reason=f"host contact #{contact.pk}",
    )
    notify_secretaries_of_proposal(proposal)
    return proposal


@transaction.atomic
def withdraw_host_proposal(*, contact: HostContact, proposal: Proposal) -> None:
    """Delete a contact's proposal. Raise Forbidden if it is not theirs, NotOpenNow once it was decided."""
    locked = lock_proposal(proposal)
    if not list_host_proposals(contact).filter(pk=locked.pk).exists():
        raise Forbidden(_("Someone else proposed this visit."))
    if not locked.is_undecided:
        raise NotOpenNow(
            _("This proposal has already become a visit or been set aside, so it can no longer be withdrawn.")
        )
    record_action("proposal.withdraw", locked, reason=f"host contact #{contact.pk}")
    locked.delete()
