"""E-mail the administrators which address the secretary asks them to change."""

from typing import Final
from urllib.parse import urlencode

from django.conf import settings
from django.tasks import task
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from convention.audit.models import AuditEntry
from convention.club.models import Person
from convention.club.people import find_address_objection
from convention.club.permissions import list_administrators
from convention.codes.secret_keys import UnreadableToken, decrypt_token, encrypt_token
from convention.db.leases import hold_lease
from convention.mail.messages import MailMessage, send_or_log
from convention.text.email_addresses import is_same_email

TOKEN_PURPOSE: Final = "club.address_request"  # noqa: S105 (a name, no secret)


def list_recipients(person: Person) -> list[Person]:
    """Return the administrators who may change this person's address; never the person."""
    return [
        administrator
        for administrator in list_administrators()
        if administrator.email and not find_address_objection(person, administrator)
    ]


def enqueue_address_request(entry: AuditEntry, *, person: Person, email: str, recipient: Person) -> None:
    # Encrypted: queued tasks must not store addresses.
    token = encrypt_token(TOKEN_PURPOSE, email)
    send_address_request.enqueue(entry.pk, person.pk, recipient.pk, token)


@task()
def send_address_request(entry_id: int, person_id: int, recipient_id: int, token: str) -> None:
    """E-mail one administrator, unless the address was changed meanwhile. Raise MailNotSent."""
    person = Person.objects.filter(pk=person_id).first()
    try:
        email = decrypt_token(TOKEN_PURPOSE, token)
    except UnreadableToken:
        return
    if person is None or person.is_erased or is_same_email(person.email, email):
        return
    # They may have lost the role, and with it the right to know, since the e-mail was queued.
    recipient = next((row for row in list_recipients(person) if row.pk == recipient_id), None)
    entry = AuditEntry.objects.select_related("actor").get(pk=entry_id)
    if recipient is None:
        return
    # The queue runs a task again after a worker died: the lease keeps two workers from mailing at once.
    with hold_lease(f"address-request:{entry_id}:{recipient_id}"), translation.override(recipient.language):
        send_or_log(_write_address_request(entry, person, email, recipient))


def _write_address_request(entry: AuditEntry, person: Person, email: str, recipient: Person) -> MailMessage:
    subject = _("Please change the e-mail address of %(name)s") % {"name": person}
    values = {"name": person, "who": entry.actor or settings.SITE_NAME}
    path = reverse("club-person-edit", args=[person.pk])
    return MailMessage(
        to=recipient.email or "",
        subject=subject,
        template="appointment",
        recipient_name=recipient.first_name,
        context={
            "heading": subject,
            "sentences": [
                _("%(who)s asks you to change the e-mail address of %(name)s.") % values,
                _("Present address: %(email)s") % {"email": person.email or pgettext("feminine", "none")},
                _("New address: %(email)s") % {"email": email},
                _(
                    "Only administrators can do this, because the person has signed in or has had a role. "
                    "Make sure that the new address is theirs: it lets its owner sign in."
                ),
                _(
                    "The page that opens has the new address filled in: check it, then save. You don’t have "
                    "to report back. Any questions? Reply to this e-mail."
                ),
            ],
            "url": f"{settings.SITE_URL}{path}?{urlencode({'email': email})}",
            "label": _("Check and save the address"),
        },
        language=recipient.language,
        # A new request is another e-mail; a task that runs twice sends the same one.
        message_key=f"address-request-{entry.pk}-{recipient.pk}",
        reply_to=(entry.actor.email or "") if entry.actor else "",
    )
