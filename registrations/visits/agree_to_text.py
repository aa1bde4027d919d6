"""Agree to the text of confidentiality: each person for themselves, to the version they have read."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.audit.record import record
from convention.errors import Closed, ConventionError, InvalidFields
from convention.text import tidy

from .models import Application, NdaAcceptance, NdaText
from .refusals import Ended, refuse_called_off


class TextChanged(ConventionError):
    """Another version counts since the page was shown."""

    kind = "text-changed"
    status = 409


@transaction.atomic
def agree_to_text(*, application: Application, text_hash: str, name: str) -> NdaAcceptance:
    """Agree to the version of that hash (SHA-256) under one's name; agreeing again changes nothing.

    Raises TextChanged where another version counts, InvalidFields without a name, Ended, or Closed once the
    visit is over.
    """
    visit = application.visit
    refuse_called_off(visit)
    if visit.event.ends_at <= timezone.now():
        raise Closed(_("The visit is over."))
    if not Application.objects.alive().filter(pk=application.pk).exists():
        raise Ended(_("This application has ended: there is nothing to agree to."))
    latest = NdaText.objects.filter(visit=visit).first()
    if latest is None or latest.hash != text_hash:
        raise TextChanged(_("The text has changed since: read it again, then agree."))
    if not (name := tidy(name)):
        raise InvalidFields(
            _("Some fields need another look."), {"name": [_("Write your first and last name.")]}
        )
    given, is_new = NdaAcceptance.objects.get_or_create(
        application=application, nda=latest, defaults={"name": name[:300], "hash": latest.hash}
    )
    if is_new:
        record("visit.agree_to_text", given, event=visit.event, fields=["accepted_at"])
    return given
