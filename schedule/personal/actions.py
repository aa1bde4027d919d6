"""Change personal agendas: choose and drop sessions, merge agendas, renew the link."""

from collections.abc import Iterable
from typing import Final

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from convention.api.throttles import seconds_until_allowed
from convention.errors import ConventionError
from convention.events.models import Event
from schedule.models import PersonalAgenda, Session
from schedule.versions.timetables import find_last_version_number

MAX_CHOSEN_SESSIONS: Final = 500
MAX_CHANGES_PER_MINUTE: Final = 120
# For each event and not for each address, since all visitors of a venue may share one.
MAX_NEW_AGENDAS_PER_MINUTE: Final = 1200


class TooManyChanges(ConventionError):
    """Too many sessions, or too many changes within a minute."""

    kind = "too-many"
    status = 429


def choose_session(
    *, event: Event, session: Session, personal_agenda: PersonalAgenda | None
) -> PersonalAgenda:
    """Add a session to a personal agenda, which is created if there is none."""
    personal_agenda = personal_agenda or create_agenda(event=event)
    throttle_changes(f"agenda-{personal_agenda.pk}", MAX_CHANGES_PER_MINUTE)
    if personal_agenda.sessions.count() >= MAX_CHOSEN_SESSIONS:
        raise TooManyChanges(_("Your programme is full (500 sessions). Remove one first."))
    _add_sessions(personal_agenda, [session])
    return personal_agenda


def _add_sessions(personal_agenda: PersonalAgenda, sessions: Iterable[Session]) -> None:
    """Add sessions with the version that is public now, whose changes the visitor has seen."""
    number = find_last_version_number(personal_agenda.event)
    personal_agenda.sessions.add(*sessions, through_defaults={"known_version": number})


def drop_session(*, session: Session, personal_agenda: PersonalAgenda) -> None:
    throttle_changes(f"agenda-{personal_agenda.pk}", MAX_CHANGES_PER_MINUTE)
    personal_agenda.sessions.remove(session)


@transaction.atomic
def merge_agendas(*, other_agenda: PersonalAgenda, survivor: PersonalAgenda) -> None:
    """Add the sessions of one agenda to another one of the same event, up to its limit."""
    throttle_changes(f"agenda-{survivor.pk}", MAX_CHANGES_PER_MINUTE)
    remaining_count = MAX_CHOSEN_SESSIONS - survivor.sessions.count()
    # The earliest sessions are added first if not all fit.
    others = other_agenda.sessions.exclude(pk__in=survivor.sessions.values("pk")).order_by("starts_at")
    _add_sessions(survivor, others[: max(remaining_count, 0)])


def create_agenda(*, event: Event) -> PersonalAgenda:
    throttle_changes(f"new-agendas-{event.pk}", MAX_NEW_AGENDAS_PER_MINUTE)
    return PersonalAgenda.objects.create(event=event)


def throttle_changes(key: str, max_per_minute: int) -> None:
    """Count one change. Raise TooManyChanges if there were too many within a minute."""
    if settings.RATE_LIMITS == "off":
        return
    if seconds_until_allowed("changes", key, limit=max_per_minute, window_seconds=60):
        raise TooManyChanges(
            _("Too many changes at once. Your choices have been saved; try again in a minute.")
        )


def renew_agenda_link(*, personal_agenda: PersonalAgenda) -> PersonalAgenda:
    """Raise `link_version`, which makes the old link invalid."""
    throttle_changes(f"agenda-{personal_agenda.pk}", MAX_CHANGES_PER_MINUTE)
    personal_agenda.link_version += 1
    personal_agenda.save(update_fields=["link_version"])
    return personal_agenda
