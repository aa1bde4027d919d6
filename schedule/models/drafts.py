"""Drafts of a timetable, their journal, and what planning must respect."""

import datetime
from typing import Any, Self

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from convention.club.models import Person
from convention.events.models import Event, Room

from .programme import Session, Speaker
from .versions import ScheduleVersion


class ScheduleDraft(models.Model):
    """A working timetable of an event; one is current, others are variants or the planner's proposals.

    `revision` is the number of the draft's last move or undo.
    """

    event = models.ForeignKey(Event, models.CASCADE, related_name="schedule_drafts")
    name = models.CharField(_("name"), max_length=200, blank=True)
    is_current = models.BooleanField(default=False)
    # The version that it was copied from or published as last.
    based_on = models.ForeignKey(ScheduleVersion, models.SET_NULL, null=True, blank=True, related_name="+")
    revision = models.PositiveIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = _("draft of the programme")
        verbose_name_plural = _("drafts of the programme")
        ordering = ["-is_current", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["event"], condition=Q(is_current=True), name="one_current_draft_per_event"
            )
        ]

    def __str__(self) -> str:
        return self.name or f"{self.event} #{self.pk}"


class Slot(models.Model):
    """When and where a session is in a draft. A session without a slot is not placed yet."""

    draft = models.ForeignKey(ScheduleDraft, models.CASCADE, related_name="slots")
    session = models.ForeignKey(Session, models.CASCADE, related_name="slots")
    room = models.ForeignKey(Room, models.SET_NULL, null=True, blank=True, related_name="+")
    starts_at = models.DateTimeField(_("starts"))
    ends_at = models.DateTimeField(_("ends"))
    # May be the day before `starts_at`; while empty, the start and Schedule.day_starts_at decide.
    day = models.DateField(null=True, blank=True)
    is_cancelled = models.BooleanField(default=False)
    # The planner does not change what is pinned.
    is_time_pinned = models.BooleanField(default=False)
    is_room_pinned = models.BooleanField(default=False)

    class Meta:
        ordering = ["starts_at", "room__position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["draft", "session"], name="session_once_per_draft"),
            models.CheckConstraint(name="slot_ends_after_start", condition=Q(ends_at__gte=F("starts_at"))),
        ]

    def __str__(self) -> str:
        return f"{self.session} ({self.draft})"

    @property
    def duration(self) -> datetime.timedelta:
        return self.ends_at - self.starts_at


class Move(models.Model):
    """One change of one session's slot, in the journal of a draft.

    `before` and `after` are slots as `drafts/slot_state.py` serializes them, null for no slot. Moves of one
    command share a `batch`, the number of its first move; they are undone together.
    """

    draft = models.ForeignKey(ScheduleDraft, models.CASCADE, related_name="moves")
    number = models.PositiveIntegerField()
    batch = models.PositiveIntegerField()
    session = models.ForeignKey(Session, models.CASCADE, related_name="+")
    before: Any = models.JSONField(null=True)
    after: Any = models.JSONField(null=True)
    author = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)
    # The batch of which this move is the inverse, if it undoes or redoes one.
    reverts = models.PositiveIntegerField(null=True)
    undone_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["draft", "number"], name="move_number_once_per_draft")]
        indexes = [models.Index(fields=["draft", "batch"])]

    def __str__(self) -> str:
        return f"{self.draft} #{self.number}"


class Availability(models.Model):
    """When a speaker or a room can, would rather not, or cannot be used.

    Without any row of the level CAN, all other times are possible; with at least one, only those.
    """

    class Level(models.TextChoices):
        CAN = "can", _("available")
        RATHER_NOT = "rather_not", _("rather not")
        CANNOT = "cannot", _("not available")

    speaker = models.ForeignKey(Speaker, models.CASCADE, null=True, blank=True, related_name="availabilities")
    room = models.ForeignKey(Room, models.CASCADE, null=True, blank=True, related_name="availabilities")
    starts_at = models.DateTimeField(_("starts"))
    ends_at = models.DateTimeField(_("ends"))
    level = models.CharField(max_length=10, choices=Level.choices, default=Level.CANNOT)

    class Meta:
        verbose_name = _("availability")
        verbose_name_plural = _("availabilities")
        ordering = ["starts_at", "pk"]
        constraints = [
            models.CheckConstraint(
                name="availability_of_speaker_or_room",
                condition=Q(speaker__isnull=False, room__isnull=True)
                | Q(speaker__isnull=True, room__isnull=False),
            ),
            models.CheckConstraint(
                name="availability_ends_after_start", condition=Q(ends_at__gt=F("starts_at"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.speaker or self.room}: {self.level}"


class DayHours(models.Model):
    """The hours in which talks are planned on one day of an event, where they differ from Schedule's.

    The days are numbered, not dated: they stay as they are when the event is moved or copied.
    """

    event = models.ForeignKey(Event, models.CASCADE, related_name="day_hours")
    # Counted from 1, the first day of the programme.
    number = models.PositiveIntegerField(_("day"))
    opens_at = models.TimeField(_("begins at"), null=True, blank=True)
    closes_at = models.TimeField(_("ends at"), null=True, blank=True)

    class Meta:
        verbose_name = _("hours of one day")
        verbose_name_plural = _("hours of single days")
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["event", "number"], name="hours_once_per_day")]

    def __str__(self) -> str:
        return f"{self.event}: {self.number}"


class WalkingTime(models.Model):
    """Minutes to walk between two zones of rooms, in either direction."""

    event = models.ForeignKey(Event, models.CASCADE, related_name="walking_times")
    from_zone = models.CharField(_("first zone"), max_length=100)
    to_zone = models.CharField(_("second zone"), max_length=100)
    minutes = models.PositiveIntegerField(_("minutes"))

    class Meta:
        verbose_name = _("walking time")
        verbose_name_plural = _("walking times")
        ordering = ["from_zone", "to_zone"]
        constraints = [
            models.UniqueConstraint(
                fields=["event", "from_zone", "to_zone"], name="walking_time_once_per_zones"
            )
        ]

    def __str__(self) -> str:
        return f"{self.from_zone} – {self.to_zone}"


class ConflictLevel(models.Model):
    """How an event treats one kind of schedule conflict; without a row, by the default of the kind."""

    class Level(models.TextChoices):
        BLOCK = "block", _("prevents publishing")
        WARN = "warn", _("warning only")
        IGNORE = "ignore", _("ignored")

    event = models.ForeignKey(Event, models.CASCADE, related_name="conflict_levels")
    kind = models.CharField(max_length=40)
    level = models.CharField(max_length=10, choices=Level.choices)
    # For kinds with a buffer, such as the walk between two rooms.
    minutes = models.PositiveIntegerField(null=True, blank=True)
    # For kinds that concern an audience: fewer people are not reported.
    minimum_people = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        verbose_name = _("level of conflicts")
        verbose_name_plural = _("levels of conflicts")
        ordering = ["kind"]
        constraints = [models.UniqueConstraint(fields=["event", "kind"], name="conflict_level_once_per_kind")]

    def __str__(self) -> str:
        return f"{self.kind}: {self.level}"


class PlanRunQuerySet(models.QuerySet["PlanRun"]):
    def open(self) -> Self:
        """Return the runs that are waiting or running."""
        return self.filter(state__in=(PlanRun.State.WAITING, PlanRun.State.RUNNING))


class PlanRun(models.Model):
    """One run of the planner: from which draft, its settings, and the proposal that it made."""

    class Mode(models.TextChoices):
        UNPLACED = "unplaced", _("Schedule the sessions that have no time; leave the others where they are")
        EVERYTHING = "everything", _("Plan everything that is not pinned")
        REPAIR = "repair", _("Resolve the conflicts in as few moves as possible")

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        RUNNING = "running", _("running")
        DONE = "done", pgettext_lazy("planner", "done")
        IMPOSSIBLE = "impossible", _("no timetable is possible")
        FAILED = "failed", pgettext_lazy("planner", "failed")

    event = models.ForeignKey(Event, models.CASCADE, related_name="plan_runs")
    from_draft = models.ForeignKey(ScheduleDraft, models.SET_NULL, null=True, related_name="+")
    proposal = models.OneToOneField(ScheduleDraft, models.SET_NULL, null=True, related_name="plan_run")
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    seconds = models.PositiveIntegerField(_("search time in seconds"), default=10)
    seed = models.PositiveIntegerField(_("seed"), default=1)
    mode = models.CharField(_("task"), max_length=12, choices=Mode.choices, default=Mode.UNPLACED)
    stop_requested_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="+")
    # Units by name of cost, of the best plan so far.
    costs: Any = models.JSONField(default=dict)
    # Sentences by language: the rules that contradict each other, or what the planner could not use.
    reasons: Any = models.JSONField(default=dict)

    objects = PlanRunQuerySet.as_manager()

    class Meta:
        verbose_name = _("run of the planner")
        verbose_name_plural = _("runs of the planner")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.event} #{self.pk}"

    @property
    def is_open(self) -> bool:
        return self.state in {self.State.WAITING, self.State.RUNNING}
