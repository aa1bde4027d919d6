"""Proposals by a host’s contact, who has no account: of its own site alone, and taken back by itself."""

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from convention.addresses import folded
from convention.audit.record import record
from convention.club.models import Company
from convention.errors import Closed, Forbidden

from .host_doors import visits_of
from .models import HostContact, Proposal
from .propose import locked_proposal, refuse_many


def firms_of(contact: HostContact) -> QuerySet[Company]:
    """The hosts of the visits that this contact sees: whose site it may open."""
    return Company.objects.filter(pk__in=visits_of(contact).order_by().values("visit__event__host"))


def proposals_of(contact: HostContact) -> QuerySet[Proposal]:
    """What was proposed from this address, the latest first."""
    rows = Proposal.objects.filter(proposed_by_host__email=folded(contact.email))
    return rows.select_related("host", "became__event")


@transaction.atomic
def propose_as_host(*, contact: HostContact, host: Company, title: str, why: str = "") -> Proposal:
    """Keep a proposal of the host’s own; members say whether they would come.

    Raises Forbidden for a site that is not theirs, Closed for an address of which many stand already.
    """
    HostContact.objects.select_for_update(no_key=True, of=("self",)).get(pk=contact.pk)
    if not firms_of(contact).filter(pk=host.pk).exists():
        raise Forbidden(_("Propose a visit to your own site: you are a contact of no visit there."))
    refuse_many(proposals_of(contact))
    proposal = Proposal.objects.create(
        title=title, why=why, host=host, proposed_by_host=contact, is_from_host=True
    )
    record("proposal.make", proposal, fields=["title", "why", "host"], reason=f"host contact #{contact.pk}")
    return proposal


@transaction.atomic
def take_back_as_host(*, contact: HostContact, proposal: Proposal) -> None:
    """Take one’s own proposal back. Raises Forbidden for another’s, Closed once something came of it."""
    found = locked_proposal(proposal)
    if not proposals_of(contact).filter(pk=found.pk).exists():
        raise Forbidden(_("Somebody else proposed this visit."))
    if not found.is_standing:
        raise Closed(_("This proposal became a visit, or was set aside: it cannot be taken back."))
    record("proposal.withdraw", found, reason=f"host contact #{contact.pk}")
    found.delete()
