"""Alarms: an unusual number of places was ordered on invoice from unverified addresses."""

from django.db import models

from convention.events.models import Event


class OrderAlarm(models.Model):
    """The ceiling of one event was reached: `places` were held unverified that were ordered after `since`."""

    event = models.ForeignKey(Event, models.CASCADE, related_name="order_alarms")
    since = models.DateTimeField()
    raised_at = models.DateTimeField()
    places = models.PositiveIntegerField()

    class Meta:
        ordering = ["-raised_at", "-pk"]
        indexes = [models.Index(fields=["event", "-raised_at"], name="order_alarm_by_event")]

    def __str__(self) -> str:
        return f"{self.event}, {self.raised_at:%Y-%m-%d %H:%M}"
