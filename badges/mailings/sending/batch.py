"""Send one batch of a mailing over one connection; each result is stored at once."""

import datetime
import logging
from collections.abc import Callable
from typing import Any, Final

from django.db.models import F
from django.utils import timezone

from badges.confirmations.mail_throttle import seconds_until_mail_allowed
from badges.mailings.composing.audience import find_left_out_reasons
from badges.mailings.composing.mailing_writer import Addressee, MailingWriter
from badges.mailings.models import Mailing, Recipient
from convention.mail.messages import MailMessage, MailPostponed, MailRefused, open_mail_connection
from convention.text.email_addresses import normalize_email

from .recipients import list_current_addressees, list_people

logger = logging.getLogger(__name__)
# Pauses before the next attempt, both for a single postponed mail and for a failing server.
RETRY_PAUSES_SECONDS: Final = (60, 300, 900, 1800, 3600, 7200)

type SendMail = Callable[[MailMessage], str]


def send_batch(mailing: Mailing, recipients: list[Recipient]) -> None:
    """Send to each recipient, unless the mailing is cancelled meanwhile.

    Raise MailNotSent if the server fails.
    """
    writers = {language: MailingWriter(mailing, language) for language in mailing.languages}
    # Read for each batch: attendees cancel, pay, correct addresses and unsubscribe while a mailing is sent.
    addressees = list_current_addressees(mailing, recipients)
    reasons = find_left_out_reasons(mailing, [normalize_email(addressee.address) for addressee in addressees])
    with open_mail_connection() as send:
        for recipient, addressee in zip(recipients, addressees, strict=True):
            # Checked before each mail: an organizer who cancels expects it to stop at once.
            if not Mailing.objects.active().filter(pk=mailing.pk).exists():
                return
            if reason := _find_left_out_reason(recipient, addressee, reasons, writers):
                _update_recipient(recipient, left_out=reason)
            else:
                _send_mail(recipient, addressee, writers[addressee.language], send)


def make_addressee(recipient: Recipient) -> Addressee:
    """Return the current addressee of a recipient: corrected addresses count."""
    return Addressee.from_recipient(recipient, list_people(recipient))


def _find_left_out_reason(
    recipient: Recipient, addressee: Addressee, reasons: Any, writers: dict[str, MailingWriter]
) -> str:
    """Return why this recipient gets no mail after all, "" if it does."""
    # A recipient without anybody is another case: they were deleted, and NO_ADDRESS follows.
    if list_people(recipient) and not addressee.people:
        return Recipient.LeftOut.NOT_SELECTED
    if not addressee.address or addressee.language not in writers:
        return Recipient.LeftOut.NO_ADDRESS
    return str(reasons.get(normalize_email(addressee.address), ""))


def _send_mail(recipient: Recipient, addressee: Addressee, writer: MailingWriter, send: SendMail) -> None:
    if wait := seconds_until_mail_allowed(addressee.address):
        # Not an attempt: the limit is ours, not a failure of the mail server.
        _update_recipient(recipient, due_at=timezone.now() + datetime.timedelta(seconds=wait))
        return
    addressee.attach_event(writer.mailing.event)
    try:
        answer = send(writer.write(addressee))
    except MailRefused as refusal:
        # Final for this address; a failure of the server itself (MailNotSent) ends the batch.
        logger.warning("The mail server refused %s.", recipient.message_key)
        _record_attempt(recipient, refused_at=timezone.now(), answer=str(refusal))
    except MailPostponed as postponement:
        _postpone(recipient, str(postponement))
    else:
        _record_attempt(recipient, accepted_at=timezone.now(), answer=answer)
        # One mail that went through ends the series of faults, so that later ones have all pauses again.
        if writer.mailing.faults:
            writer.mailing.faults = 0
            Mailing.objects.filter(pk=writer.mailing.pk).update(faults=0, fault="")


def _postpone(recipient: Recipient, answer: str) -> None:
    """Schedule another attempt after a growing pause; after the last one the mail counts as refused."""
    now = timezone.now()
    if recipient.attempts < len(RETRY_PAUSES_SECONDS):
        due_at = now + datetime.timedelta(seconds=RETRY_PAUSES_SECONDS[recipient.attempts])
        _record_attempt(recipient, due_at=due_at, answer=answer)
    else:
        _record_attempt(recipient, refused_at=now, answer=answer)


def _record_attempt(recipient: Recipient, **fields: Any) -> None:
    _update_recipient(recipient, attempts=F("attempts") + 1, **fields)


def _update_recipient(recipient: Recipient, **fields: Any) -> None:
    Recipient.objects.filter(pk=recipient.pk).update(**fields)
