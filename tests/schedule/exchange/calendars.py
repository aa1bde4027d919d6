"""Calendars as an independent program reads them."""

import vobject


def read_calendar(data: bytes):
    """The calendar, by vobject; it must take each file's own time zones, not those of a file before."""
    zones = vobject.icalendar.__dict__["__tzidMap"]
    for name in [name for name in zones if name != "UTC"]:
        del zones[name]
    return vobject.readOne(data.decode())
