"""The programme of an event: schedule, tracks, speakers, sessions, personal agendas and uploaded files."""

import datetime
import enum
import uuid
from typing import Any, ClassVar, Final, Self

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from convention.backup.rules import EXCLUDED_FROM_BACKUP, BackupRule
from convention.club.models import Person
from convention.db.compiled_query import PLACEHOLDER_ID, CompiledQuery
from convention.db.limited_stock import WITHIN_CAPACITY, LimitedStock, exclude_from_save
from convention.events.models import Event, Room
from convention.rich_text.clean_columns import CleanHtmlField, RichTextModel, RichTextQuerySet
from convention.text.languages import LANGUAGE_CHOICES
from convention.web.link_secrets import LinkedModel

DEFAULT_DAY_START: Final = datetime.time(6)
# For tracks without a colour of their own. White text is readable on them, they are readable as text on light
# paper, and the style sheets lighten them for dark mode.
TRACK_COLORS: Final = (
    *("#0b5c8a", "#a34700", "#2e6b2e", "#8a2d6f", "#7a5c00", "#5146a8"),
    *("#0e6f6f", "#b3261e", "#6b4a2f", "#4f5b66"),
)


class ProgrammeAudience(enum.StrEnum):
    """The readers of a programme: `MEMBERS` see all of it, `PUBLIC` all but sessions for members only.

    Organizers and staff see what members see. `permissions.get_programme_audience` decides for a person.
    """

    PUBLIC = "public"
    MEMBERS = "members"


class Schedule(models.Model):
    """Settings of one event's programme; `revision` is raised with every change."""

    event = models.OneToOneField(Event, models.CASCADE, related_name="schedule")
    version = models.CharField(_("version"), max_length=200, blank=True)
    revision = models.PositiveIntegerField(default=0, editable=False)
    changed_at = models.DateTimeField(auto_now_add=True)
    acronym = models.CharField(max_length=100, blank=True)
    base_url = models.URLField(max_length=500, blank=True)
    day_starts_at = models.TimeField(_("the day starts at"), default=DEFAULT_DAY_START)
    slot_minutes = models.PositiveIntegerField(default=5)
    # The hours in which talks are planned; the usual ones if empty (conflicts/planning_hours.py).
    planning_opens_at = models.TimeField(_("days begin at"), null=True, blank=True)
    planning_closes_at = models.TimeField(_("days end at"), null=True, blank=True)
    # One on each line, or “*” for any (programme/embedding.py).
    embedding_sites = models.TextField(_("websites that may embed the programme"), blank=True, default="")

    class Meta:
        verbose_name = _("schedule")
        verbose_name_plural = _("schedules")

    def __str__(self) -> str:
        return f"{self.event} {self.version}".strip()

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save all fields but `revision`, which only `raise_revision` writes."""
        super().save(*args, **exclude_from_save("revision", row=self, save_arguments=kwargs))

    @classmethod
    def load(cls, event: Event) -> "Schedule":
        """Return the event's settings of the programme; unsaved defaults if there are none."""
        return SCHEDULE_QUERY.first(event.pk) or cls(event=event)


# Every page of the programme needs it; compiled, since building the query took longer than running it.
SCHEDULE_QUERY = CompiledQuery(lambda event: Schedule.objects.filter(event=event), PLACEHOLDER_ID)


class Track(models.Model):
    """A thematic track of the programme, with a colour."""

    event = models.ForeignKey(Event, models.CASCADE, related_name="tracks")
    name = models.CharField(_("name"), max_length=500)
    slug = models.SlugField(max_length=80)
    color = models.CharField(_("colour"), max_length=7, blank=True)
    position = models.PositiveIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("track")
        verbose_name_plural = _("tracks")
        ordering = ["position", "name"]
        constraints = [models.UniqueConstraint(fields=["event", "name"], name="track_name_once_per_event")]

    def __str__(self) -> str:
        return self.name

    @property
    def shown_color(self) -> str:
        """Return its own colour, else one by its position: the same on screens, on paper and in feeds."""
        return self.color or TRACK_COLORS[self.position % len(TRACK_COLORS)]


class Speaker(RichTextModel):
    """A speaker at one event."""

    event = models.ForeignKey(Event, models.CASCADE, related_name="speakers")
    guid = models.UUIDField(default=uuid.uuid4)
    # The id in the file that it was imported from.
    source_id = models.CharField(max_length=1000, blank=True)
    name = models.CharField(_("name"), max_length=1000)
    biography = models.TextField(_("biography"), blank=True)
    biography_html = CleanHtmlField(source="biography")
    url = models.URLField(max_length=2000, blank=True)
    # Never shown to the public.
    email = models.EmailField(_("e-mail address"), blank=True)
    company = models.CharField(_("company"), max_length=300, blank=True)
    person = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="+")
    # The language of the mails that the speaker receives.
    language = models.CharField(
        _("language of e-mails"),
        max_length=2,
        choices=LANGUAGE_CHOICES,
        default="fr",
        db_default="fr",
    )

    class Meta:
        verbose_name = _("speaker")
        verbose_name_plural = _("speakers")
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["event", "guid"], name="speaker_guid_once_per_event")]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("speaker", args=[self.event.slug, self.guid])


class SessionQuerySet(RichTextQuerySet):
    def visible_to(self, audience: ProgrammeAudience) -> Self:
        """Return the sessions that this audience may see."""
        rows: Self = self if audience is ProgrammeAudience.MEMBERS else self.filter(is_for_members=False)
        return rows

    def published(self, *, audience: ProgrammeAudience) -> Self:
        """Return the sessions that the published programme shows to an audience, cancelled ones included."""
        rows: Self = self.visible_to(audience)
        return rows.filter(starts_at__isnull=False).exclude(role=Session.Role.BLOCKER)


class Session(LimitedStock, RichTextModel):
    """A session of the programme. Texts are public as saved; time and room, once a draft is published.

    Publishing a draft (`versions/publish.py`) writes `PUBLISHED_FIELDS`; no page edits them. A session
    without a start is not public. If it takes bookings, its checkpoint admits only attendees who booked it;
    else everybody.
    """

    # Locked after add-ons (20) and before vouchers (40), see LimitedStock.
    LOCK_ORDER = 30
    PUBLISHED_FIELDS = ("room", "starts_at", "ends_at", "day", "cancelled_at", "sequence", "published_in")

    class Role(models.TextChoices):
        TALK = "talk", _("session")
        PLENARY = "plenary", _("plenary: for everyone")
        BREAK = "break", _("break")
        BLOCKER = "blocker", _("blocked time: never public")

    event = models.ForeignKey(Event, models.CASCADE, related_name="sessions")
    guid = models.UUIDField(default=uuid.uuid4)
    number = models.PositiveIntegerField(help_text="The id of the frab formats.")
    # The id or UID in the file that it was imported from; others are in extra["aliases"].
    source_id = models.CharField(max_length=1000, blank=True)
    slug = models.CharField(max_length=500, blank=True)
    title = models.CharField(_("title"), max_length=2000)
    subtitle = models.CharField(_("subtitle"), max_length=2000, blank=True)
    role = models.CharField(_("role"), max_length=10, choices=Role.choices, default=Role.TALK)
    kind = models.CharField(_("type"), max_length=500, blank=True)
    language = models.CharField(_("language"), max_length=200, blank=True)
    abstract = models.TextField(_("abstract"), blank=True)
    abstract_html = CleanHtmlField(source="abstract")
    description = models.TextField(_("description"), blank=True)
    description_html = CleanHtmlField(source="description")
    track = models.ForeignKey(Track, models.SET_NULL, null=True, blank=True, related_name="sessions")
    room = models.ForeignKey(Room, models.SET_NULL, null=True, blank=True, related_name="sessions")
    starts_at = models.DateTimeField(_("starts"), null=True, blank=True)
    ends_at = models.DateTimeField(_("ends"), null=True, blank=True)
    # May be the day before `starts_at`; while empty, the start and Schedule.day_starts_at decide.
    day = models.DateField(_("day of the programme"), null=True, blank=True)
    speakers = models.ManyToManyField(Speaker, through="SessionSpeaker", related_name="sessions")
    url = models.URLField(max_length=2000, blank=True)
    recording_license = models.CharField(max_length=1000, blank=True)
    recording_optout = models.BooleanField(default=False)
    links = models.JSONField(default=list, blank=True)
    attachments = models.JSONField(default=list, blank=True)
    # Fields that are only exported again (frab_entry.EXTRA_FIELDS), and data by which imports match sessions:
    # “guid_made” if the file had no guid, “aliases” for the ids of other files.
    extra = models.JSONField(default=dict, blank=True)
    cancelled_at = models.DateTimeField(_("cancelled"), null=True, blank=True)
    # The SEQUENCE of its calendar entry (RFC 5545): raised when its own time, room or state changes.
    sequence = models.PositiveIntegerField(default=0, editable=False)
    # The last version in which its time, room or state changed.
    published_in = models.ForeignKey(
        "ScheduleVersion", models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )
    # If empty, the length of its slot.
    planned_minutes = models.PositiveIntegerField(_("planned length in minutes"), null=True, blank=True)
    expected_attendance = models.PositiveIntegerField(_("expected audience"), null=True, blank=True)
    # One on each line, as Room.features.
    needed_features = models.TextField(_("required equipment"), blank=True)
    follows = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("comes after")
    )
    is_bookable = models.BooleanField(_("booking required"), default=False, db_default=False)
    # Hidden from everybody else, as if it did not exist (`SessionQuerySet.visible_to`).
    is_for_members = models.BooleanField(_("for members only"), default=False, db_default=False)

    objects: ClassVar[Any] = SessionQuerySet.as_manager()

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")
        # Repeated in programme/agenda.py, whose filters and pages must have the same order.
        ordering = ["starts_at", "room__position", "title", "pk"]
        indexes = [models.Index(fields=["event", "starts_at"])]
        constraints = [
            models.UniqueConstraint(fields=["event", "guid"], name="session_guid_once_per_event"),
            models.UniqueConstraint(fields=["event", "number"], name="session_number_once_per_event"),
            models.CheckConstraint(
                name="session_ends_after_start",
                condition=Q(ends_at__isnull=True) | Q(ends_at__gte=F("starts_at")),
            ),
            models.CheckConstraint(name="session_never_overbooked", condition=WITHIN_CAPACITY),
        ]

    def __str__(self) -> str:
        return self.title

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save all fields but `reserved`, which only bookings write."""
        super().save(*args, **exclude_from_save("reserved", row=self, save_arguments=kwargs))

    def get_absolute_url(self) -> str:
        return reverse("session", args=[self.event.slug, self.guid])

    @property
    def is_published(self) -> bool:
        """Return whether the published programme shows it, to members at least."""
        return self.starts_at is not None and self.role != self.Role.BLOCKER

    def is_visible_to(self, audience: ProgrammeAudience) -> bool:
        """Return whether this audience may see it: the rule of `SessionQuerySet.visible_to`."""
        return not self.is_for_members or audience is ProgrammeAudience.MEMBERS

    @property
    def duration(self) -> datetime.timedelta:
        """Return the time from start to end; zero if one of them is missing."""
        if self.starts_at is None or self.ends_at is None:
            return datetime.timedelta()
        return self.ends_at - self.starts_at


class SessionSpeaker(models.Model):
    """A speaker or chair of a session, in order."""

    class Part(models.TextChoices):
        SPEAKER = "speaker", _("speaker")
        CHAIR = "chair", _("chair")

    session = models.ForeignKey(Session, models.CASCADE, related_name="appearances")
    speaker = models.ForeignKey(Speaker, models.CASCADE, related_name="appearances")
    position = models.PositiveIntegerField(default=0)
    part = models.CharField(_("part"), max_length=10, choices=Part.choices, default=Part.SPEAKER)
    confirmed_at = models.DateTimeField(pgettext_lazy("speaker", "confirmed"), null=True, blank=True)
    # The speaker declined to take part.
    declined_at = models.DateTimeField(pgettext_lazy("speaker", "declined"), null=True, blank=True)

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["session", "speaker"], name="speaker_once_per_session"),
            models.CheckConstraint(
                name="speaker_confirmed_or_declined",
                condition=Q(confirmed_at__isnull=True) | Q(declined_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.speaker}, {self.session}"


class PersonalAgenda(LinkedModel):
    """A visitor's own agenda, without an account: the token of its link is enough to see and change it."""

    LINK_PURPOSE = "schedule.personal_agenda"

    event = models.ForeignKey(Event, models.CASCADE, related_name="personal_agendas")
    created_at = models.DateTimeField(auto_now_add=True)
    sessions = models.ManyToManyField(
        Session, through="ChosenSession", related_name="personal_agendas", blank=True
    )

    class Meta:
        verbose_name = _("personal programme")
        verbose_name_plural = _("personal programmes")

    def __str__(self) -> str:
        return f"{self.event} #{self.pk}"


class ChosenSession(models.Model):
    """A session in a personal agenda. `known_version` is the version that was public when it was chosen."""

    personal_agenda = models.ForeignKey(PersonalAgenda, models.CASCADE, db_column="personalagenda_id")
    session = models.ForeignKey(Session, models.CASCADE)
    known_version = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        # The name from before the table had a model.
        db_table = "schedule_personalagenda_sessions"
        unique_together = [("personal_agenda", "session")]
        verbose_name = _("session of a personal programme")
        verbose_name_plural = _("sessions of personal programmes")

    def __str__(self) -> str:
        return f"{self.session} ({self.personal_agenda})"


class ScheduleUpload(models.Model):
    """A schedule file between its preview and its import, with the preview's content."""

    # It lasts a day only, so a restored one would have expired.
    BACKUP_RULE: ClassVar[BackupRule] = EXCLUDED_FROM_BACKUP

    event = models.ForeignKey(Event, models.CASCADE, related_name="+")
    # secrets.token_urlsafe(32) has 43 characters.
    token = models.CharField(max_length=43, unique=True)
    name = models.CharField(max_length=300)
    content = models.BinaryField()
    report = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("schedule file")
        verbose_name_plural = _("schedule files")

    def __str__(self) -> str:
        return self.name
