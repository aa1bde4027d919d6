"""The form of a meeting's draft."""

import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.events.forms import FirstMeetingForm
from convention.events.models import Event
from convention.web.forms import ActionErrorsMixin

TIME_FIELDS = ("starts_at", "ends_at")


class MeetingDraftForm(ActionErrorsMixin, FirstMeetingForm):
    """Name, times and venue of a meeting that is still a draft."""

    def __init__(self, *args: Any, event: Event, **kwargs: Any) -> None:
        self.event, self.zone = event, event.zone
        initial: dict[str, Any] = {"name": event.name, "name_en": event.name_en, "venue": event.venue_id}
        for name in TIME_FIELDS:
            moment = getattr(event, name).astimezone(event.zone)
            initial[name] = moment.replace(second=0, microsecond=0, tzinfo=None)
        super().__init__(*args, initial=initial, **kwargs)
        self.fields["starts_at"].help_text = _("Time zone: %(zone)s") % {"zone": event.timezone}

    def clean_starts_at(self) -> datetime.datetime:
        """Refuse a new day that has passed: nobody could register for the meeting."""
        starts_at: datetime.datetime = self.cleaned_data["starts_at"]
        if "starts_at" in self.changed_data and starts_at.date() < timezone.localdate(timezone=self.zone):
            raise ValidationError(_("This day has passed. Choose a later first day."))
        return starts_at

    def get_event_values(self) -> dict[str, Any]:
        """Return the values of the event; times that were not changed keep their seconds."""
        stored = {name: getattr(self.event, name) for name in TIME_FIELDS if name not in self.changed_data}
        return super().get_event_values() | stored
