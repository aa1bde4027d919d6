"""Published versions of a programme."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from convention.club.models import Person
from convention.events.models import Event, Room

from .programme import Session


class ScheduleVersion(models.Model):
    """A publication of a programme; neither it nor its slots ever change.

    Nobody is notified of one that `is_silent`, also not later.
    """

    event = models.ForeignKey(Event, models.CASCADE, related_name="schedule_versions")
    number = models.PositiveIntegerField(_("number"))
    name = models.CharField(_("name"), max_length=200, blank=True)
    note = models.TextField(_("what changed"), blank=True)
    published_at = models.DateTimeField(_("published at"), default=timezone.now)
    published_by = models.ForeignKey(
        Person, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("published by")
    )
    is_silent = models.BooleanField(_("published without notifying anybody"), default=False)

    class Meta:
        verbose_name = _("version of the programme")
        verbose_name_plural = _("versions of the programme")
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["event", "number"], name="schedule_version_number_once_per_event")
        ]

    def __str__(self) -> str:
        return self.name or str(self.number)


class VersionSlot(models.Model):
    """When and where a session was in a version, with the texts of that moment.

    The names are stored, since sessions and rooms may be renamed or deleted later.
    """

    version = models.ForeignKey(ScheduleVersion, models.CASCADE, related_name="slots")
    session = models.ForeignKey(Session, models.SET_NULL, null=True, related_name="+")
    # The session's guid, by which it is recognized if it was deleted and imported again.
    session_guid = models.UUIDField()
    title = models.CharField(max_length=2000)
    room = models.ForeignKey(Room, models.SET_NULL, null=True, related_name="+")
    room_name = models.CharField(max_length=500, blank=True)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)
    is_cancelled = models.BooleanField(default=False)
    # Decides who sees it in the list of changes once its session is deleted.
    is_for_members = models.BooleanField(default=False, db_default=False)

    class Meta:
        ordering = ["starts_at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["version", "session_guid"], name="session_once_per_version")
        ]

    def __str__(self) -> str:
        return f"{self.title} ({self.version})"
