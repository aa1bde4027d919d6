"""Mails about a new proposal: to the secretaries, and to the proposer if a planner recorded it."""

from django.conf import settings
from django.tasks import task
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from convention.club.models import Person
from convention.mail.messages import MailMessage, send_or_log
from registrations.visits.models import Proposal
from registrations.visits.recipients import list_secretaries

from .permissions import can_propose


def notify_secretaries_of_proposal(proposal: Proposal) -> None:
    """Queue a mail to each secretary, except to the one who made or recorded the proposal."""
    for secretary in list_secretaries():
        if secretary.pk not in (proposal.proposed_by_id, proposal.recorded_by_id):
            notify_secretary_of_proposal.enqueue(proposal.pk, secretary.pk)


@task()
def notify_secretary_of_proposal(proposal_id: int, person_id: int) -> None:
    """Mail one secretary a proposal that still waits for a decision. Raise MailNotSent."""
    rows = Proposal.objects.undecided().select_related("host", "proposed_by", "proposed_by_host")
    proposal = rows.filter(pk=proposal_id).first()
    secretary = Person.objects.filter(pk=person_id, is_active=True, email__isnull=False).first()
    if proposal and secretary:
        send_or_log(build_proposal_message(proposal, secretary))


def build_proposal_message(proposal: Proposal, secretary: Person) -> MailMessage:
    with translation.override(secretary.language):
        subject = _("A visit has been proposed: %(proposal)s") % {"proposal": proposal.title}
        url = f"{settings.SITE_URL}{reverse('organize-proposal', args=[proposal.pk])}"
    return MailMessage(
        to=secretary.email or "",
        subject=subject,
        template="visit_proposed",
        recipient_name=secretary.first_name,
        context={"proposal": proposal, "url": url},
        language=secretary.language,
        message_key=f"visit-proposed-{proposal.pk}-{secretary.pk}",
    )


@task()
def notify_proposer_of_record(proposal_id: int) -> None:
    """Mail the proposer that their proposal was recorded, unless it was decided. Raise MailNotSent."""
    proposal = (
        Proposal.objects.undecided().select_related("host", "proposed_by").filter(pk=proposal_id).first()
    )
    person = proposal.proposed_by if proposal else None
    if proposal and person and person.is_active and person.email:
        send_or_log(_build_record_message(proposal, person))


def _build_record_message(proposal: Proposal, person: Person) -> MailMessage:
    with translation.override(person.language):
        subject = _("Your proposal of a visit: %(proposal)s") % {"proposal": proposal.title}
        url = f"{settings.SITE_URL}{reverse('proposals')}"
    return MailMessage(
        to=person.email or "",
        subject=subject,
        template="visit_proposal_recorded",
        recipient_name=person.first_name,
        # People who are neither members nor a vendor's employees cannot open the list.
        context={"proposal": proposal, "url": url if can_propose(person) else ""},
        language=person.language,
        message_key=f"visit-proposal-recorded-{proposal.pk}",
    )
