"""What mailings hold of people, for the privacy desk; and news, agreed to and refused."""

import datetime
from functools import partial

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from convention.addresses import folded
from convention.audit.record import record
from convention.models import BouncedAddress
from convention.personal import Agreement, Holding, Rule, Subject

from .forget import corrected_addresses
from .models import Mailing, Recipient, ReminderPlan, Unsubscription


def news(subject: Subject) -> list[Agreement]:
    """Whether this person’s address gets news of the club’s events."""
    if not subject.person or not subject.person.email:
        return []
    address = folded(subject.person.email)
    refused = Unsubscription.objects.filter(email=address).first()
    return [
        Agreement(
            key="news",
            title=_("News of the club’s events"),
            text=_("E-mails that are not needed for an event you registered for."),
            given_at=subject.person.date_joined,
            withdrawn_at=refused.at if refused else None,
            give=partial(want_news, address=address),
            withdraw=partial(refuse_news, address=address),
        )
    ]


@transaction.atomic
def refuse_news(*, address: str) -> None:
    """No news to this address any more; twice changes nothing."""
    row, is_new = Unsubscription.objects.get_or_create(email=address)
    if is_new:
        record("news.unsubscribe", row)


@transaction.atomic
def want_news(*, address: str) -> None:
    """News to this address again."""
    row = Unsubscription.objects.filter(email=address).first()
    if row:
        record("news.subscribe", row)
        row.delete()


def old_answers(before: datetime.datetime) -> int:
    """Remove what mail servers answered before then, which may name an address; how many."""
    return Recipient.objects.filter(due_at__lt=before).exclude(answer="").update(answer="")


def _bounces(_before: datetime.datetime) -> int:
    count = BouncedAddress.objects.count()
    corrected_addresses()
    return count - BouncedAddress.objects.count()


HOLDINGS = [
    Holding(
        model=Mailing,
        why=_("mailings that you wrote"),
        did=("written_by",),
        tells=("id", "event", "created_at"),
        because=_("what was sent to others stays known; no name is left"),
        leads=False,
    ),
    Holding(
        model=Recipient,
        name=_("mailings"),
        why=_("which mailings you got; the log keeps no address"),
        through=("registrations",),
        because=_("how many got an e-mail stays countable; no name is left"),
    ),
    Holding(model=Unsubscription, why=_("that you want no news"), addresses=("email",), gone=True),
    Holding(
        model=BouncedAddress,
        name=_("addresses from which mail came back"),
        why=_("that mail to you came back"),
        addresses=("email",),
        gone=True,
    ),
]
AGREEMENTS = [news]
RETENTION = [
    Rule(
        slug="mail-answers",
        name=_("Answers of mail servers to mailings"),
        since=_("after the e-mail was sent"),
        days=365,
        least=30,
        sweep=old_answers,
    ),
    Rule(
        slug="bounces",
        name=_("Addresses from which mail came back"),
        since=_("as soon as nobody has them"),
        days=0,
        sweep=_bounces,
        is_fixed=True,
    ),
]
FREE_TEXT = {
    Mailing: ("subject_fr", "text_fr", "subject_en", "text_en", "fault"),
    ReminderPlan: ("subject_fr", "text_fr", "subject_en", "text_en"),
    Recipient: ("answer",),
    BouncedAddress: ("answer",),
}
