"""Store and send the mails about proposals.

A mail is stored in the transaction of the decision; a task sends it. It counts as sent once the mail server
has accepted it, so a repeated task sends nothing twice.
"""

import logging
from collections.abc import Iterable

from django.tasks import task
from django.utils import timezone

from convention.db.leases import hold_lease
from convention.mail.messages import MailRefused, send_mail_message
from convention.tasks.queue_names import MAIL_QUEUE
from schedule.models import ProposalMail, ProposalSpeaker, SessionProposal

from .mail_texts import build_mail, write_proposal_mail

logger = logging.getLogger(__name__)


def list_recipients(proposal: SessionProposal, kind: str) -> list[ProposalSpeaker]:
    """Return the speakers who get a mail: all of an accepted proposal, else the one who submitted it."""
    speakers = list(proposal.speakers.all())
    return speakers if kind == ProposalMail.Kind.ACCEPTED else speakers[:1]


def queue_proposal_mails(proposals: Iterable[SessionProposal], kind: str) -> None:
    """Store a mail for each recipient, and queue them in the caller's transaction."""
    mails = ProposalMail.objects.bulk_create(
        build_mail(recipient, proposal, kind)
        for proposal in proposals
        for recipient in list_recipients(proposal, kind)
    )
    for mail in mails:
        send_proposal_mail.enqueue(mail.pk)


@task(queue_name=MAIL_QUEUE)
def send_proposal_mail(mail_id: int) -> None:
    """Send one mail, unless the mail server accepted or refused it already."""
    with hold_lease(f"proposal-mail:{mail_id}"):
        related = ("recipient__speaker", "recipient__proposal__call__event__venue")
        mail = ProposalMail.objects.waiting().select_related(*related).filter(pk=mail_id).first()
        if mail is None:
            return
        try:
            send_mail_message(write_proposal_mail(mail, to=mail.recipient.email))
            mail.accepted_at = timezone.now()
        except MailRefused:
            # Final for this address; other failures are retried by the worker.
            logger.warning("The mail server refused %s.", mail.message_key)
            mail.refused_at = timezone.now()
        mail.save(update_fields=["accepted_at", "refused_at"])
