"""Coach rides to and from the site, seats in them, and the mails about the day and its changes."""

from typing import Self
from urllib.parse import urlencode

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Count, Q
from django.utils.translation import gettext_lazy as _

from convention.db.limited_stock import WITHIN_CAPACITY, LimitedStock
from convention.text.web_addresses import MAP_URL, build_map_url

from .applications import Application
from .identities import HostContact
from .visits import Visit

# True for seats whose passenger still has a place at the visit. The rows of others are deleted lazily.
ACTIVE_PASSENGER_CONDITION = Q(
    application__refused_at__isnull=True,
    application__withdrawn_at__isnull=True,
    application__host_refused_at__isnull=True,
    application__registration__confirmed_at__isnull=False,
    application__registration__cancelled_at__isnull=True,
)


class RideQuerySet(models.QuerySet["Ride"]):
    def with_passenger_count(self) -> Self:
        """Annotate `passenger_count`: seats of people who still have a place at the visit."""
        return self.annotate(
            # As a subquery: the condition is written for seats, and `reserved` still counts people who lost
            # their place.
            passenger_count=Count("passengers", filter=Q(passengers__in=RideSeat.objects.active()))
        )


class Ride(LimitedStock):
    """One ride of a coach; latitude and longitude are in degrees (WGS 84) and used for the map link."""

    LOCK_ORDER = 88

    class Direction(models.TextChoices):
        OUT = "out", _("to the site")
        BACK = "back", _("return")

    visit = models.ForeignKey(Visit, models.CASCADE, related_name="rides")
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

    objects = RideQuerySet.as_manager()

    class Meta:
        verbose_name = _("ride")
        verbose_name_plural = _("rides")
        ordering = ["leaves_at", "pk"]
        constraints = [models.CheckConstraint(name="ride_never_overfull", condition=WITHIN_CAPACITY)]

    @property
    def title(self) -> str:
        """Return the label of this stock in error messages."""
        return self.meeting_point

    @property
    def map_url(self) -> str:
        """Return a map of the coordinates, or a search for the meeting point without them."""
        if self.latitude is None or self.longitude is None:
            return build_map_url(self.meeting_point)
        place = {"mlat": f"{self.latitude:f}", "mlon": f"{self.longitude:f}"}
        return f"{MAP_URL}/?{urlencode(place)}#map=17/{self.latitude:f}/{self.longitude:f}"

    def __str__(self) -> str:
        return f"{self.meeting_point}, {self.leaves_at:%Y-%m-%d %H:%M}"


class RideSeatQuerySet(models.QuerySet["RideSeat"]):
    def active(self) -> Self:
        """Return the seats of people who still have a place at the visit."""
        return self.filter(ACTIVE_PASSENGER_CONDITION)


class RideSeat(models.Model):
    ride = models.ForeignKey(Ride, models.CASCADE, related_name="passengers")
    application = models.ForeignKey(Application, models.CASCADE, related_name="ride_seats")

    objects = RideSeatQuerySet.as_manager()

    class Meta:
        verbose_name = _("seat in a coach")
        verbose_name_plural = _("seats in coaches")
        constraints = [models.UniqueConstraint(fields=["ride", "application"], name="one_seat_per_ride")]

    def __str__(self) -> str:
        return f"{self.application}, {self.ride}"


class DayMail(models.Model):
    """A mail about the day of the visit, sent to each visitor at most once per kind."""

    class Kind(models.TextChoices):
        WEEK = "week", _("a week before")
        DAY_BEFORE = "eve", _("the day before")
        AFTER = "after", _("after the visit")

    application = models.ForeignKey(Application, models.CASCADE, related_name="day_mails")
    kind = models.CharField(_("type"), max_length=10, choices=Kind.choices)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)

    class Meta:
        verbose_name = _("e-mail about the day")
        verbose_name_plural = _("e-mails about the day")
        constraints = [models.UniqueConstraint(fields=["application", "kind"], name="day_mail_once")]

    def __str__(self) -> str:
        return f"{self.application}, {self.kind}"


class NotifiedDates(models.Model):
    """The dates of a visit that one recipient was last told; created when the visit first moves.

    The recipient is an applicant, a contact of the host, or, without both, the host's security contact.
    """

    visit = models.ForeignKey(Visit, models.CASCADE, related_name="notified_dates")
    application = models.OneToOneField(
        Application, models.CASCADE, null=True, blank=True, related_name="notified_dates"
    )
    contact = models.OneToOneField(
        HostContact, models.CASCADE, null=True, blank=True, related_name="notified_dates"
    )
    starts_at = models.DateTimeField(_("start"))
    ends_at = models.DateTimeField(_("end"))

    class Meta:
        verbose_name = _("dates in the last e-mail")
        verbose_name_plural = _("dates in the last e-mails")
        constraints = [
            models.UniqueConstraint(
                fields=["visit"],
                condition=Q(application__isnull=True, contact__isnull=True),
                name="notified_dates_of_security_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.visit}, {self.starts_at:%Y-%m-%d %H:%M}"
