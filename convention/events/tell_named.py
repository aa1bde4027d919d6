"""Tell somebody of an outside firm what they may do for an event, and until when."""

from django.conf import settings
from django.tasks import task
from django.urls import reverse
from django.utils import formats, translation
from django.utils.translation import gettext as _

from convention.leases import leased
from convention.mail import Letter, Refused, send

from .models import EventRole


@task
def tell_named(role_id: int) -> None:
    """Send the mail; nothing where the role was taken back meanwhile. Raises NotSent."""
    rows = EventRole.objects.select_related("event", "person", "delegation__company")
    role = rows.filter(pk=role_id, delegation__isnull=False, person__is_active=True).first()
    if role is None or not role.person.email:
        return
    with leased(f"named:{role.pk}"), translation.override(role.person.language):
        try:
            send(letter_to(role))
        except Refused:
            return  # the page of the delegation shows the address


def letter_to(role: EventRole) -> Letter:
    """The mail, in the language of the moment."""
    event, contract = role.event, role.delegation
    assert contract is not None
    assert role.person.email is not None
    name = "organize-event" if role.role == EventRole.Role.ORGANIZER else "desk"
    return Letter(
        to=role.person.email,
        subject=_("You work for “%(event)s”") % {"event": event.title},
        template="named",
        context={
            "event": event,
            "role": role.get_role_display(),
            "company": contract.company,
            "last_day": formats.date_format(contract.ends_on),
            "url": f"{settings.SITE_URL}{reverse(name, args=[event.slug])}",
        },
        language=role.person.language,
        key=f"named-{role.pk}",
        accent=event.accent,
        reply_to=event.contact_email,
    )
