"""Speakers with a session, an address and a page of their own."""

import datetime
import io
import zoneinfo
from typing import Any

from PIL import Image

from convention.events.models import Event
from schedule.models import SessionSpeaker, Speaker
from schedule.speakers.links import get_or_create_link
from tests.factories import make_event, make_session

PARIS = zoneinfo.ZoneInfo("Europe/Paris")


def make_paris_time(day: int, hour: int, minute: int = 0) -> datetime.datetime:
    """Return a time in June 2099, in Paris."""
    return datetime.datetime(2099, 6, day, hour, minute, tzinfo=PARIS)


def make_june_event(**fields: Any) -> Event:
    """Create an event of two days, from 15 June 2099, 9:00 to 16 June, 17:00 in Paris."""
    return make_event(**{"starts_at": make_paris_time(15, 9), "ends_at": make_paris_time(16, 17), **fields})


def make_speaker(event: Event | None = None, name: str = "Ana", **fields: Any) -> Speaker:
    """Create a speaker of one session with an e-mail address."""
    event = event or make_june_event()
    session = make_session(event, f"Talk of {name}", speakers=(name,))
    speaker = session.speakers.get(name=name)
    values = {"email": f"{name.lower()}@example.org", "language": "en", **fields}
    for field, value in values.items():
        setattr(speaker, field, value)
    speaker.save()
    return speaker


def make_page_path(speaker: Speaker) -> str:
    """Return the address of the speaker's own page in English."""
    return f"/en/speakers/{get_or_create_link(speaker=speaker).link_token}/"


def get_appearance(speaker: Speaker) -> SessionSpeaker:
    return SessionSpeaker.objects.get(speaker=speaker)


def make_image(width: int = 600, height: int = 800, *, kind: str = "JPEG", exif: bool = False) -> bytes:
    """Return an image file, if wanted with the place where it was taken."""
    image, file = Image.new("RGB", (width, height), "#884422"), io.BytesIO()
    options: dict[str, Any] = {}
    if exif:
        data = Image.Exif()
        data[0x010F] = "Secret Camera"
        data[0x0112] = 6  # rotated by 90 degrees
        options["exif"] = data
    image.save(file, kind, **options)
    return file.getvalue()
