"""Copy the programme's settings of an event into another; sessions and speakers are not copied."""

from convention.events.publishing.copy_event import EventCopy
from schedule.models import ConflictLevel, Schedule, Track, WalkingTime


def copy_programme_settings(event_copy: EventCopy) -> None:
    """Copy tracks, walking times, levels of conflicts, and the settings of the programme."""
    event = event_copy.source
    schedules = Schedule.objects.filter(event=event)
    # These name the programme that was imported: its version, and the address it came from.
    event_copy.copy_rows(schedules, revision=0, version="", acronym="", base_url="")
    for model in (Track, WalkingTime, ConflictLevel):
        event_copy.copy_rows(model.objects.filter(event=event))
