"""Select the speakers of an event who get a mailing."""

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Final, Self

from django.db.models import Q, QuerySet, TextChoices
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from convention.events.models import Event
from convention.mail.bounces import find_bounced_addresses
from convention.text.email_addresses import normalize_email
from schedule.models import (
    ProgrammeAudience,
    Session,
    SessionSpeaker,
    Speaker,
    SpeakerMail,
    SpeakerMailing,
)
from schedule.programme.programme_version import get_programme_version

# Prevents duplicates after a second click, or by a second organizer.
REPEAT_PAUSE: Final = datetime.timedelta(hours=1)


class SpeakerState(TextChoices):
    """A step that speakers have not taken yet."""

    UNCONFIRMED = "unconfirmed", _("have not confirmed or declined a session")
    DECLINED = "declined", _("have declined a session")
    UNANSWERED = "unanswered", _("have not given their availability")
    ASKED = "asked", _("were asked for their availability and have not answered")
    NO_ADDRESS = "no_address", _("have no e-mail address")


@dataclass(frozen=True, kw_only=True)
class SpeakerAudience:
    """The conditions, which must all be met; an empty one selects every speaker of the event.

    `session`, `room` and `track` are primary keys, `day` is a date in ISO format. Room and day are those of
    the published programme.
    """

    state: str = ""
    session: int | None = None
    room: int | None = None
    track: int | None = None
    day: str = ""

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Read the result of `to_json`; missing conditions get their defaults."""
        return cls(**{item.name: stored[item.name] for item in fields(cls) if item.name in stored})

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class SpeakerRecipients:
    """The recipients of a mailing, and those of its audience who are left out, by reason."""

    speakers: list[Speaker] = field(default_factory=list)
    without_address: list[Speaker] = field(default_factory=list)
    bounced: list[Speaker] = field(default_factory=list)
    recently_mailed: list[Speaker] = field(default_factory=list)

    @property
    def left_out(self) -> list[tuple[str, list[Speaker]]]:
        """Return reason and speakers, of each reason that applies."""
        groups = [
            (pgettext_lazy("speakers", "No e-mail address"), self.without_address),
            (pgettext_lazy("speakers", "E-mail to the address bounced"), self.bounced),
            (pgettext_lazy("speakers", "Got the same e-mail less than an hour ago"), self.recently_mailed),
        ]
        return [(str(reason), speakers) for reason, speakers in groups if speakers]


# States of a speaker's answer to one session; the others are states of the speaker.
ANSWER_STATES: Final = frozenset({SpeakerState.UNCONFIRMED, SpeakerState.DECLINED})


def filter_by_state(state: str) -> Q:
    """Return a condition on speakers; a state of answers, like an empty one, selects all."""
    states = SpeakerState
    conditions = {
        states.UNANSWERED: Q(link=None) | Q(link__answered_at=None),
        states.ASKED: Q(link__requested_at__isnull=False, link__answered_at=None),
        states.NO_ADDRESS: Q(email=""),
    }
    return conditions.get(SpeakerState(state), Q()) if state in states.values else Q()


def select_speakers(event: Event, audience: SpeakerAudience) -> list[Speaker]:
    """Return the speakers of the audience by name."""
    rows = event.speakers.filter(filter_by_state(audience.state))
    appearances = select_appearances(event, audience)
    if appearances is not None:
        rows = rows.filter(pk__in=appearances.values("speaker"))
    return list(rows.select_related("link").defer("biography", "biography_html"))


def select_appearances(event: Event, audience: SpeakerAudience) -> "QuerySet[SessionSpeaker] | None":
    """Return the appearances that meet all conditions on sessions at once; None without such a condition.

    So a speaker is not selected by a session that they confirmed and another one that they did not answer.
    """
    sessions = select_sessions(event, audience)
    if audience.state not in ANSWER_STATES:
        return None if sessions is None else SessionSpeaker.objects.filter(session__in=sessions)
    if sessions is None:
        sessions = event.sessions.exclude(role=Session.Role.BLOCKER)
    appearances = SessionSpeaker.objects.filter(session__in=sessions, session__cancelled_at=None)
    if audience.state == SpeakerState.DECLINED:
        return appearances.filter(declined_at__isnull=False)
    return appearances.filter(confirmed_at=None, declined_at=None)


def select_sessions(event: Event, audience: SpeakerAudience) -> "QuerySet[Session] | None":
    """Return the sessions of an audience; None without a condition on sessions."""
    names = {"pk": audience.session, "room": audience.room, "track": audience.track}
    wanted = {name: value for name, value in names.items() if value is not None}
    if not (wanted or audience.day):
        return None
    sessions = event.sessions.exclude(role=Session.Role.BLOCKER).filter(**wanted)
    if audience.session is None:
        # A cancelled session can be selected by itself, to inform its speakers.
        sessions = sessions.filter(cancelled_at=None)
    if audience.day:
        days = _load_days(event, sessions)
        sessions = sessions.filter(pk__in=[pk for pk, day in days.items() if day == audience.day])
    return sessions


def _load_days(event: Event, sessions: QuerySet[Session]) -> dict[int, str]:
    """Return the day of the programme of each session that has a published time."""
    version = get_programme_version(event, audience=ProgrammeAudience.MEMBERS)
    rows = sessions.values_list("pk", "starts_at", "day")
    return {pk: str(day or version.get_programme_day(starts_at)) for pk, starts_at, day in rows if starts_at}


def list_days(event: Event) -> list[datetime.date]:
    """Return the days of the published programme."""
    version = get_programme_version(event, audience=ProgrammeAudience.MEMBERS)
    rows = event.sessions.published(audience=ProgrammeAudience.MEMBERS).values_list("starts_at", "day")
    return sorted({day or version.get_programme_day(starts_at) for starts_at, day in rows})


def split_recipients(
    speakers: Iterable[Speaker], *, mailing: SpeakerMailing, at: datetime.datetime | None = None
) -> SpeakerRecipients:
    """Decide who of the speakers gets the mailing: once per address, and not again within an hour.

    Requests and reminders contain a speaker's own link, so two speakers with one address get one mail each.
    """
    recipients = SpeakerRecipients()
    chosen = list(speakers)
    bounced = find_bounced_addresses(speaker.email for speaker in chosen)
    recent = find_recently_mailed(mailing, at=at or timezone.now())
    addresses: set[str] = set()
    for speaker in chosen:
        address = normalize_email(speaker.email)
        if not address:
            recipients.without_address.append(speaker)
        elif address in bounced:
            recipients.bounced.append(speaker)
        elif speaker.pk in recent:
            recipients.recently_mailed.append(speaker)
        elif mailing.kind != SpeakerMailing.Kind.MESSAGE or address not in addresses:
            addresses.add(address)
            recipients.speakers.append(speaker)
    return recipients


def find_recently_mailed(mailing: SpeakerMailing, *, at: datetime.datetime) -> set[int]:
    """Return the ids of speakers who got the same within an hour: a request or reminder, or this text."""
    kinds = SpeakerMailing.Kind
    rows = SpeakerMail.objects.filter(mailing__event=mailing.event, created_at__gt=at - REPEAT_PAUSE)
    if mailing.kind == kinds.MESSAGE:
        texts = ("subject_fr", "text_fr", "subject_en", "text_en")
        rows = rows.filter(**{f"mailing__{name}": getattr(mailing, name) for name in texts})
    else:
        rows = rows.filter(mailing__kind__in=[kinds.REQUEST, kinds.REMINDER])
    return set(rows.values_list("speaker", flat=True))
