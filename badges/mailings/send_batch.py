"""Send one batch of a mailing over one connection; what came of each mail is noted at once."""

import datetime
import logging
from collections.abc import Callable
from typing import Any, Final

from django.db.models import F
from django.utils import timezone

from badges.politeness import wait_for
from convention.addresses import folded
from convention.mail import Letter, Postponed, Refused, one_connection

from .audience import reasons_against
from .letters import Addressee, Writer
from .look_again import addressees_now
from .models import Mailing, Recipient

logger = logging.getLogger(__name__)
PAUSES: Final = (60, 300, 900, 1800, 3600, 7200)
"""Seconds before the next attempt: for one mail that was postponed, and where the server fails."""

type Send = Callable[[Letter], str]


def send_batch(mailing: Mailing, recipients: list[Recipient]) -> None:
    """Write to each, unless the mailing is cancelled meanwhile. Raises NotSent where the server fails."""
    writers = {language: Writer(mailing, language) for language in mailing.languages}
    addressees = addressees_now(mailing, recipients)
    reasons = reasons_against(mailing, [folded(to.address) for to in addressees])
    with one_connection() as send:
        for recipient, to in zip(recipients, addressees, strict=True):
            if not Mailing.objects.under_way().filter(pk=mailing.pk).exists():
                return
            if reason := _reason(recipient, to, reasons, writers):
                _mark(recipient, left_out=reason)
            else:
                _send_one(recipient, to, writers[to.language], send)


def addressee_of(recipient: Recipient) -> Addressee:
    """To whom a recipient's letter goes as things stand now: a corrected address counts."""
    people = tuple(recipient.registrations.all())
    return Addressee(people, recipient.language, recipient.pk, recipient.key)


def _reason(recipient: Recipient, to: Addressee, reasons: Any, writers: dict[str, Writer]) -> str:
    """Why not to write to them after all; empty where nothing speaks against it."""
    if recipient.registrations.all() and not to.registrations:
        return Recipient.LeftOut.CHANGED
    if not to.address or to.language not in writers:
        return Recipient.LeftOut.GONE
    return str(reasons.get(folded(to.address), ""))


def _send_one(recipient: Recipient, to: Addressee, writer: Writer, send: Send) -> None:
    if wait := wait_for(to.address):
        _mark(recipient, due_at=timezone.now() + datetime.timedelta(seconds=wait))
        return
    for registration in to.registrations:
        registration.event = registration.order.event = writer.mailing.event
    try:
        answer = send(writer.write(to))
    except Refused as refusal:
        logger.warning("The mail server refused %s.", recipient.key)
        _tried(recipient, refused_at=timezone.now(), answer=str(refusal))
    except Postponed as later:
        _postpone(recipient, str(later))
    else:
        _tried(recipient, accepted_at=timezone.now(), answer=answer)
        if writer.mailing.faults:
            writer.mailing.faults = 0
            Mailing.objects.filter(pk=writer.mailing.pk).update(faults=0, fault="")


def _postpone(recipient: Recipient, answer: str) -> None:
    """Once more after a pause that grows; after the last it counts as refused."""
    now = timezone.now()
    if recipient.attempts < len(PAUSES):
        due_at = now + datetime.timedelta(seconds=PAUSES[recipient.attempts])
        _tried(recipient, due_at=due_at, answer=answer)
    else:
        _tried(recipient, refused_at=now, answer=answer)


def _tried(recipient: Recipient, **came_of_it: Any) -> None:
    _mark(recipient, attempts=F("attempts") + 1, **came_of_it)


def _mark(recipient: Recipient, **fields: Any) -> None:
    """Write down what came of it, in one statement."""
    Recipient.objects.filter(pk=recipient.pk).update(**fields)
