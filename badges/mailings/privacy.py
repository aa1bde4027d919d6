"""Declare the personal data in mailings, and offer the agreement to get news."""

import datetime
from functools import partial

from django.utils.translation import gettext_lazy as _

from convention.models import BouncedAddress
from convention.personal_data import Agreement, DataSubject, PersonalDataSource, RetentionRule
from convention.text.email_addresses import normalize_email

from .bounces.bounced_addresses import forget_corrected_addresses
from .models import Mailing, Recipient, ReminderPlan, Unsubscription
from .unsubscribe import subscribe_address, unsubscribe_address


def list_news_agreements(subject: DataSubject) -> list[Agreement]:
    """Return the agreement to get news at this person's address; [] if there is no address."""
    if not subject.person or not subject.person.email:
        return []
    address = normalize_email(subject.person.email)
    unsubscription = Unsubscription.objects.filter(email=address).first()
    return [
        Agreement(
            key="news",
            title=_("Club news"),
            text=_("The club may e-mail me news that is not about an event I am registered for."),
            # There is no opt-in: the agreement counts from the creation of the account until it is withdrawn.
            given_at=subject.person.date_joined,
            withdrawn_at=unsubscription.unsubscribed_at if unsubscription else None,
            give_consent=partial(subscribe_address, address=address),
            withdraw_consent=partial(unsubscribe_address, address=address),
        )
    ]


def clear_old_answers(before: datetime.datetime) -> int:
    """Clear mail servers' answers from before `before`, which may contain addresses; return their number."""
    return Recipient.objects.filter(due_at__lt=before).exclude(answer="").update(answer="")


def _purge_corrected_addresses(_before: datetime.datetime) -> int:
    count = BouncedAddress.objects.count()
    forget_corrected_addresses()
    return count - BouncedAddress.objects.count()


PERSONAL_DATA = [
    PersonalDataSource(
        model=Mailing,
        purpose=_("mailings you wrote"),
        actor_columns=("written_by",),
        exported_columns=("id", "event", "created_at"),
        retention_reason=_("the mailings remain, without your name"),
        leads_to_other_tables=False,
    ),
    PersonalDataSource(
        model=Recipient,
        name=_("mailings"),
        purpose=_("which mailings you received; the log stores no address"),
        person_columns=("person",),
        parent_columns=("registrations", "waiting_entries"),
        retention_reason=_("only the number of e-mails sent is kept, without names"),
    ),
    PersonalDataSource(
        model=Unsubscription,
        purpose=_("your unsubscription from news"),
        address_columns=("email",),
        is_deleted_on_erasure=True,
    ),
    PersonalDataSource(
        model=BouncedAddress,
        name=_("bounced addresses"),
        purpose=_("the fact that an e-mail to you bounced"),
        address_columns=("email",),
        is_deleted_on_erasure=True,
    ),
]
AGREEMENTS = [list_news_agreements]
RETENTION = [
    RetentionRule(
        slug="mail-answers",
        name=_("Mail server responses to mailings"),
        counted_from=_("after the e-mail was sent"),
        days=365,
        min_days=30,
        delete_older_than=clear_old_answers,
    ),
    RetentionRule(
        slug="bounces",
        name=_("Bounced addresses"),
        counted_from=_("as soon as the addresses are no longer used"),
        days=0,
        delete_older_than=_purge_corrected_addresses,
        is_fixed=True,
    ),
]
FREE_TEXT = {
    Mailing: ("subject_fr", "text_fr", "subject_en", "text_en", "fault"),
    ReminderPlan: ("subject_fr", "text_fr", "subject_en", "text_en"),
    Recipient: ("answer",),
    BouncedAddress: ("answer",),
}
