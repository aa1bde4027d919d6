"""E-mail people who were given a role for an event: who gave it, what it allows, and how to sign in."""

from typing import Final

from django.conf import settings
from django.tasks import task
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from convention.actor import current_actor
from convention.club.models import Person
from convention.db.leases import hold_lease
from convention.mail.messages import MailMessage, send_or_log
from convention.text.dates import format_date

from .models import EventRole

# The page on which each role works.
START_PAGES: Final[dict[str, str]] = {
    EventRole.Role.ORGANIZER: "organize-event",
    EventRole.Role.DESK: "desk",
    EventRole.Role.REVIEWER: "review-queue",
}
ROLE_TEXTS: Final[dict[str, Promise]] = {
    EventRole.Role.ORGANIZER: gettext_lazy("You can view and change everything for this event."),
    EventRole.Role.DESK: gettext_lazy("You can find attendees, check them in and print badges."),
    EventRole.Role.REVIEWER: gettext_lazy("You can read the session proposals and score them."),
}


def queue_role_mail(role: EventRole) -> None:
    """Queue the mail about a role that the current actor has given, unless it is their own or has ended."""
    actor_id = current_actor.get().person_id
    if role.person_id != actor_id and not _has_ended(role):
        notify_appointee.enqueue(role.pk, actor_id)


def _has_ended(role: EventRole) -> bool:
    return role.last_day is not None and role.last_day < timezone.localdate()


@task
def notify_appointee(role_id: int, appointed_by_id: int | None = None) -> None:
    """E-mail the person about their role, unless it was removed or has ended meanwhile. Raise MailNotSent."""
    rows = EventRole.objects.select_related("event", "person", "delegation__company")
    role = rows.filter(pk=role_id, person__is_active=True).first()
    if role is None or not role.person.email or _has_ended(role):
        return
    appointed_by = Person.objects.filter(pk=appointed_by_id).first()
    # The queue runs a task again after a worker died: the lease keeps two workers from mailing at once.
    with hold_lease(f"role:{role.pk}"), translation.override(role.person.language):
        message = write_delegate_mail(role) if role.delegation else write_role_mail(role, appointed_by)
        send_or_log(message)


def write_role_mail(role: EventRole, appointed_by: Person | None) -> MailMessage:
    """Return the mail about a role that the club has given, in the active language."""
    return _write_mail(
        role,
        template="role",
        context={
            "appointed_by": str(appointed_by or ""),
            "allowed": ROLE_TEXTS[role.role],
            "first_day": format_date(role.starts_on) if role.starts_on > timezone.localdate() else "",
            "last_day": format_date(role.ends_on) if role.ends_on else "",
        },
    )


def write_delegate_mail(role: EventRole) -> MailMessage:
    """Return the mail about a role under a contract, in the active language."""
    contract = role.delegation
    assert contract is not None
    return _write_mail(
        role,
        template="delegate",
        context={
            "company": contract.company,
            "first_day": format_date(contract.starts_on) if contract.starts_on > timezone.localdate() else "",
            "last_day": format_date(contract.ends_on),
        },
    )


def _write_mail(role: EventRole, *, template: str, context: dict[str, object]) -> MailMessage:
    event = role.event
    assert role.person.email is not None
    return MailMessage(
        to=role.person.email,
        subject=_("You have a role at “%(event)s”") % {"event": event.title},
        template=template,
        recipient_name=role.person.first_name,
        context={
            **context,
            "event": event,
            "role": role.get_role_display(),
            "url": f"{settings.SITE_URL}{reverse(START_PAGES[role.role], args=[event.slug])}",
        },
        language=role.person.language,
        # Given again with other days, the role is news.
        message_key=f"{template}-{role.pk}-{role.starts_on}-{role.ends_on}",
        accent=event.accent,
        reply_to=event.contact_email,
    )
