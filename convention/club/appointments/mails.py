"""Mails to people who became a company's contact, or got a role of the club: what they may do, and where."""

import datetime
from typing import Final

from django.conf import settings
from django.tasks import task
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from convention.club.models import ClubRole, CompanyContact, Person
from convention.mail.messages import MailMessage, send_or_log
from convention.text.dates import format_date

ROLE_DESCRIPTIONS: Final = {
    ClubRole.Role.ADMINISTRATOR: gettext_lazy(
        "everything: directory, roles, all events, money, personal data"
    ),
    ClubRole.Role.ORGANIZER: gettext_lazy("creates events and runs all of them"),
    ClubRole.Role.TREASURER: gettext_lazy("invoices, payments and accounting"),
    ClubRole.Role.SECRETARY: gettext_lazy(
        "the season of site visits, the directory with its memberships, seats, contacts and working groups, "
        "people’s names and personal data"
    ),
}
# What the mail says to the holder; the page of the roles shows the descriptions.
ROLE_SENTENCES: Final = {
    ClubRole.Role.ADMINISTRATOR: gettext_lazy(
        "You can change everything: the directory, roles, all events, payments and personal data."
    ),
    ClubRole.Role.ORGANIZER: gettext_lazy("You can create events and run all of the club’s events."),
    ClubRole.Role.TREASURER: gettext_lazy("You manage the invoices, payments and accounting."),
    ClubRole.Role.SECRETARY: gettext_lazy(
        "You plan the season of site visits, keep the directory up to date (companies with their memberships "
        "and contacts, people with their employers and seats, working groups), and answer requests about "
        "personal data."
    ),
}
# Pages of higher layers, by name: the first one that the holder of the role opens.
ROLE_PAGES: Final = {
    ClubRole.Role.ADMINISTRATOR: "organize",
    ClubRole.Role.ORGANIZER: "organize",
    ClubRole.Role.TREASURER: "receivables",
    ClubRole.Role.SECRETARY: "organize-season",
}


@task()
def notify_company_contact(contact_id: int) -> None:
    """Mail a company's new contact, unless the role has ended by now. Raise MailNotSent."""
    contact = CompanyContact.objects.select_related("person", "company").filter(pk=contact_id).first()
    if contact and _is_reachable(contact.person) and not _has_ended(contact.ends_on):
        send_or_log(build_contact_message(contact))


@task()
def notify_role_holder(role_id: int) -> None:
    """Mail the new holder of a role of the club, unless it has ended by now. Raise MailNotSent."""
    club_role = ClubRole.objects.select_related("person").filter(pk=role_id).first()
    if club_role and _is_reachable(club_role.person) and not _has_ended(club_role.ends_on):
        send_or_log(build_role_message(club_role))


def build_contact_message(contact: CompanyContact) -> MailMessage:
    with translation.override(contact.person.language):
        values = {"company": contact.company.name}
        return _build_message(
            contact.person,
            subject=_("You are now a contact of %(company)s") % values,
            sentences=[
                _(
                    "Under “My company” you can give colleagues seats, register them for events and see "
                    "their places."
                ),
                *_describe_start(contact.starts_on),
            ],
            page_name="company",
            label=_("My company"),
            message_key=f"company-contact-{contact.pk}-{contact.starts_on}",
        )


def build_role_message(club_role: ClubRole) -> MailMessage:
    role = ClubRole.Role(club_role.role)
    with translation.override(club_role.person.language):
        values = {"role": role.label, "site": settings.SITE_NAME}
        return _build_message(
            club_role.person,
            subject=_("Your role at %(site)s: %(role)s") % values,
            sentences=[
                str(ROLE_SENTENCES[role]),
                *_describe_start(club_role.starts_on),
            ],
            page_name=ROLE_PAGES[role],
            label=_("Open the page"),
            message_key=f"club-role-{club_role.pk}",
        )


def _build_message(
    person: Person, *, subject: str, sentences: list[str], page_name: str, label: str, message_key: str
) -> MailMessage:
    sign_in = _("Sign in with this e-mail address: %(email)s.") % {"email": person.email}
    return MailMessage(
        to=person.email or "",
        subject=subject,
        template="appointment",
        recipient_name=person.first_name,
        context={
            "heading": subject,
            "sentences": [*sentences, sign_in],
            "url": f"{settings.SITE_URL}{reverse(page_name)}",
            "label": label,
        },
        language=person.language,
        message_key=message_key,
    )


def _describe_start(first_day: datetime.date) -> list[str]:
    """Return a sentence about a role that begins later."""
    if first_day <= timezone.localdate():
        return []
    return [_("Your access begins on %(day)s.") % {"day": format_date(first_day)}]


def _has_ended(last_day: datetime.date | None) -> bool:
    return last_day is not None and last_day < timezone.localdate()


def _is_reachable(person: Person) -> bool:
    return bool(person.email) and person.is_active
