"""Complete: whoever holds a place says how they are called and whether they may be photographed."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.audit.record import record
from convention.errors import InvalidFields
from convention.events.sequence import next_sequence

from ..bill import follow_names
from ..checks import about_words
from ..correct import refuse_fixed
from ..models import Order, Registration
from ..order_request import Place
from ..send_links import mail_links
from .models import Invitation


@transaction.atomic
def complete(*, registration: Registration, details: Place) -> Registration:
    """Write a holder's own details and mail them their link; their address stays, and so does their badge.

    Whoever ordered is not written to. Raises InvalidFields, and Closed where nothing can be written any more.
    """
    Order.objects.alone().get(pk=registration.order_id)
    registration = Registration.objects.select_for_update().get(pk=registration.pk)
    details = details.tidied()
    refuse_fixed(registration)
    found: dict[str, list[str]] = {}
    for field, sentence in about_words(details):
        found.setdefault(field, []).append(sentence)
    if found:
        raise InvalidFields(_("Some fields need another look."), found)
    wanted = {name: getattr(details, name) for name in ("first_name", "last_name", "no_photo")}
    changed = [name for name, value in wanted.items() if getattr(registration, name) != value]
    for name in changed:
        setattr(registration, name, wanted[name])
    _mark(registration)
    record("registration.complete", registration, event=registration.event, fields=changed)
    if changed:
        registration.sequence = next_sequence(registration.event_id)
        registration.save(update_fields=[*changed, "sequence"])
        follow_names([registration])
    return registration


def _mark(registration: Registration) -> None:
    """Note the answer, and mail the link under which the badge stands, the first time."""
    asked = Invitation.objects.filter(registration=registration, holder=registration.generation)
    if asked.filter(completed_at__isnull=True).update(completed_at=timezone.now()) and registration.email:
        mail_links.enqueue([], [registration.pk])
