"""How visitors get there and back: coaches, and who sits in which."""

from typing import Self
from urllib.parse import urlencode

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Count, Q
from django.utils.translation import gettext_lazy as _

from convention.counters import NEVER_TOO_MANY, Counted

from .applications import Application
from .visits import Visit

MAPS = "https://www.openstreetmap.org"
STANDS = Q(
    application__refused_at__isnull=True,
    application__withdrawn_at__isnull=True,
    application__host_refused_at__isnull=True,
    application__registration__confirmed_at__isnull=False,
    application__registration__cancelled_at__isnull=True,
)
"""What holds of a seat whose passenger still has a place at the visit."""


class LegQuerySet(models.QuerySet["Leg"]):
    """Sets of rides."""

    def with_riders(self) -> Self:
        """Each with the number of its passengers, those not counted who lost their place since."""
        return self.annotate(riders=Count("passengers", filter=Q(passengers__in=LegSeat.objects.standing())))


class Leg(Counted):
    """One ride of a coach; `latitude` and `longitude` in degrees make the map link of the meeting point."""

    TURN = 88

    class Direction(models.TextChoices):
        OUT = "out", _("to the site")
        BACK = "back", _("back")

    visit = models.ForeignKey(Visit, models.CASCADE, related_name="legs")
    direction = models.CharField(_("direction"), max_length=10, choices=Direction.choices)
    meeting_point = models.CharField(_("meeting point"), max_length=300)
    latitude = models.DecimalField(
        _("latitude"), max_digits=9, decimal_places=6, null=True, blank=True,
        validators=[MinValueValidator(-90), MaxValueValidator(90)],
    )  # fmt: skip
    longitude = models.DecimalField(
        _("longitude"), max_digits=9, decimal_places=6, null=True, blank=True,
        validators=[MinValueValidator(-180), MaxValueValidator(180)],
    )  # fmt: skip
    leaves_at = models.DateTimeField(_("leaves"))
    arrives_at = models.DateTimeField(_("arrives"), null=True, blank=True)

    objects = LegQuerySet.as_manager()

    class Meta:
        verbose_name = _("ride")
        verbose_name_plural = _("rides")
        ordering = ["leaves_at", "pk"]
        constraints = [models.CheckConstraint(name="leg_never_overfull", condition=NEVER_TOO_MANY)]

    @property
    def title(self) -> str:
        """What a sentence calls it."""
        return self.meeting_point

    @property
    def map_url(self) -> str:
        """A map of the meeting point: its coordinates, or a search for its words."""
        if self.latitude is None or self.longitude is None:
            return f"{MAPS}/search?{urlencode({'query': self.meeting_point})}"
        place = {"mlat": f"{self.latitude:f}", "mlon": f"{self.longitude:f}"}
        return f"{MAPS}/?{urlencode(place)}#map=17/{self.latitude:f}/{self.longitude:f}"

    def __str__(self) -> str:
        return f"{self.meeting_point}, {self.leaves_at:%Y-%m-%d %H:%M}"


class LegSeatQuerySet(models.QuerySet["LegSeat"]):
    """Sets of seats."""

    def standing(self) -> Self:
        """Those of people who still have a place at the visit."""
        return self.filter(STANDS)


class LegSeat(models.Model):
    """That someone takes a ride."""

    leg = models.ForeignKey(Leg, models.CASCADE, related_name="passengers")
    application = models.ForeignKey(Application, models.CASCADE, related_name="rides")

    objects = LegSeatQuerySet.as_manager()

    class Meta:
        verbose_name = _("seat in a coach")
        verbose_name_plural = _("seats in coaches")
        constraints = [models.UniqueConstraint(fields=["leg", "application"], name="one_seat_per_ride")]

    def __str__(self) -> str:
        return f"{self.application}, {self.leg}"


class DayMail(models.Model):
    """A mail about the day of the visit that one visitor gets once, with when it was sent."""

    class Kind(models.TextChoices):
        WEEK = "week", _("a week before")
        EVE = "eve", _("the day before")
        AFTER = "after", _("after the visit")

    application = models.ForeignKey(Application, models.CASCADE, related_name="day_mails")
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)

    class Meta:
        verbose_name = _("mail about the day")
        verbose_name_plural = _("e-mails about the day")
        constraints = [models.UniqueConstraint(fields=["application", "kind"], name="day_mail_once")]

    def __str__(self) -> str:
        return f"{self.application}, {self.kind}"
