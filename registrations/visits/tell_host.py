"""Mails to the host when a visit is called off: each of its contacts, and its security."""

import logging

from django.tasks import task
from django.utils import translation
from django.utils.translation import gettext as _

from convention.mail import Letter, Refused, send

from .models import HostContact, Visit

logger = logging.getLogger(__name__)


@task()
def tell_contact(contact_id: int) -> None:
    """Tell one contact at the host's."""
    contact = HostContact.objects.select_related("visit__event__venue").filter(pk=contact_id).first()
    if contact:
        _tell(contact.visit, contact.email, contact.name, contact.language, f"contact-{contact.pk}")


@task()
def tell_security(visit_id: int) -> None:
    """Tell the host's security."""
    visit = Visit.objects.select_related("event__venue").filter(pk=visit_id).first()
    if visit and visit.security_email:
        _tell(visit, visit.security_email, visit.security_name, "fr", f"security-{visit.pk}")


def _tell(visit: Visit, to: str, name: str, language: str, key: str) -> None:
    event = visit.event
    with translation.override(language):
        letter = Letter(
            to=to,
            subject=(_("Called off: %(visit)s") % {"visit": event.title})[:200],
            template="visit_host_called_off",
            context={"visit": visit, "event": event, "name": name},
            language=language,
            key=f"visit-called-off-{key}",
            accent=event.accent,
            reply_to=event.contact_email,
        )
    try:
        send(letter)
    except Refused:
        logger.warning("The mail server refused to tell the host of the visit %s.", visit.pk)
