"""Tell the secretaries that a visit was proposed."""

from django.conf import settings
from django.tasks import task
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from convention.club.models import Person
from convention.mail.messages import MailMessage, send_or_log
from registrations.visits.models import Proposal
from registrations.visits.recipients import list_secretaries


def notify_secretaries_of_proposal(proposal: Proposal) -> None:
    """Queue a mail to each secretary, except to the one who made the proposal."""
    for secretary in list_secretaries():
        if secretary.pk != proposal.proposed_by_id:
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
