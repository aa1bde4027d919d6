"""How visitors get there and back: coaches, and who sits in which."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from convention.counters import NEVER_TOO_MANY, Counted

from .applications import Application
from .visits import Visit


class Leg(Counted):
    """One ride of a coach; `latitude` and `longitude` in degrees make the map link of the meeting point."""

    TURN = 88

    class Direction(models.TextChoices):
        OUT = "out", _("to the site")
        BACK = "back", _("back")

    visit = models.ForeignKey(Visit, models.CASCADE, related_name="legs")
    direction = models.CharField(_("direction"), max_length=10, choices=Direction.choices)
    meeting_point = models.CharField(_("meeting point"), max_length=300)
    latitude = models.DecimalField(_("latitude"), max_digits=9, decimal_places=6, null=True, blank=True)
    longitude = models.DecimalField(_("longitude"), max_digits=9, decimal_places=6, null=True, blank=True)
    leaves_at = models.DateTimeField(_("leaves"))
    arrives_at = models.DateTimeField(_("arrives"), null=True, blank=True)

    class Meta:
        verbose_name = _("ride")
        verbose_name_plural = _("rides")
        ordering = ["leaves_at", "pk"]
        constraints = [models.CheckConstraint(name="leg_never_overfull", condition=NEVER_TOO_MANY)]

    @property
    def title(self) -> str:
        """What a sentence calls it."""
        return self.meeting_point

    def __str__(self) -> str:
        return f"{self.meeting_point}, {self.leaves_at:%Y-%m-%d %H:%M}"


class LegSeat(models.Model):
    """That someone takes a ride."""

    leg = models.ForeignKey(Leg, models.CASCADE, related_name="passengers")
    application = models.ForeignKey(Application, models.CASCADE, related_name="rides")

    class Meta:
        verbose_name = _("seat in a coach")
        verbose_name_plural = _("seats in coaches")
        constraints = [models.UniqueConstraint(fields=["leg", "application"], name="one_seat_per_ride")]

    def __str__(self) -> str:
        return f"{self.application}, {self.leg}"
