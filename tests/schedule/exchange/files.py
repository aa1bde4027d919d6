"""Small schedule files, made by hand."""

import csv
import io
import json
from typing import Any


def xml(*days: str, head: str = "<title>Test</title>", before: str = "") -> bytes:
    """A frab file around these days."""
    inside = f"<version>1</version><conference>{head}</conference>{''.join(days)}"
    return f"{before}<schedule>{inside}</schedule>".encode()


def day(*inside: str, date: str = "2026-06-17", **attributes: str) -> str:
    """A day around rooms or events."""
    extra = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return f'<day index="1" date="{date}"{extra}>{"".join(inside)}</day>'


def room(*events: str, name: str = "Aula") -> str:
    """A room around events."""
    return f'<room name="{name}">{"".join(events)}</room>'


def event(title: str = "Opening", *, guid: str = "", number: str = "", more: str = "", **fields: str) -> str:
    """An event; fields are elements, empty ones are left out."""
    values = {"title": title, "start": "10:00", "duration": "00:30", **fields}
    attributes = (f' guid="{guid}"' if guid else "") + (f' id="{number}"' if number else "")
    inside = "".join(f"<{name}>{value}</{name}>" for name, value in values.items() if value)
    return f"<event{attributes}>{inside}{more}</event>"


def make_one_room_xml(*events: str, **options: str) -> bytes:
    """Return a frab file with one day and one room."""
    return xml(day(room(*events)), **options)


def frab_json(*events: dict[str, Any], **conference: Any) -> bytes:
    """A frab JSON file with one day and one room."""
    days = [{"index": 1, "date": "2026-06-17", "rooms": {"Aula": list(events)}}]
    head = {"title": "Test", "acronym": "test", "days": days, **conference}
    return json.dumps({"schedule": {"version": "1", "conference": head}}).encode()


def ics(*events: str, head: str = "") -> bytes:
    """A calendar around these events."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", *filter(None, [head]), *events, "END:VCALENDAR", ""]
    return "\r\n".join(lines).encode()


def vevent(
    *lines: str, summary: str = "Opening", start: str = ":20260617T080000Z", uid: str = "1@test"
) -> str:
    """An event of a calendar, with more lines."""
    named = {"UID:": uid, "SUMMARY:": summary, "DTSTART": start}
    found = [name + value for name, value in named.items() if value]
    return "\r\n".join(["BEGIN:VEVENT", *found, *lines, "END:VEVENT"])


def make_csv(*rows: list[str], delimiter: str = ",") -> bytes:
    file = io.StringIO()
    csv.writer(file, delimiter=delimiter).writerows(rows)
    return file.getvalue().encode()
