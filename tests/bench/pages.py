"""Public pages and feeds of 200 sessions and 10,000 registrations, cold, warm and unchanged."""

import urllib.request
from collections.abc import Iterator

from tests.bench.figures import Figure
from tests.bench.load import drive, request
from tests.bench.site import Site

PAGES = {
    "event page": "/events/large/",
    "agenda page, 200 sessions": "/events/large/agenda/",
    "frab XML": "/events/large/agenda.xml",
    "frab JSON": "/events/large/agenda.json",
    "iCalendar": "/events/large/agenda.ics",
}


def figures(site: Site) -> Iterator[Figure]:
    """Measure each page with warm caches; the floor is the health page."""
    floor = drive(site.port, [request("/healthz")] * 4000).rate
    for name, path in PAGES.items():
        drive(site.port, [request(path)] * 50)
        warm = drive(site.port, [request(path)] * 2000)
        yield Figure(f"{name}, warm", warm.rate, "/s", at_least=400, floor=floor, floor_work="an empty page")
        tag = etag(site, path)
        unchanged = drive(site.port, [request(path, headers={"If-None-Match": tag})] * 2000)
        if unchanged.statuses != {304: 2000}:
            raise RuntimeError(f"An unchanged page was sent again: {unchanged.statuses}")
        yield Figure(
            f"{name}, unchanged (304)", unchanged.rate, "/s",
            at_least=400, floor=floor, floor_work="an empty page",
        )  # fmt: skip
    yield from measure_cold_pages(site)


def measure_cold_pages(site: Site) -> Iterator[Figure]:
    """Measure pages that no cache holds, and feeds generated in one process without HTTP."""
    for name, path in (
        ("event page, uncached", "/events/large/?n="),
        # As visitors with stars get it: the page is theirs, the day's sessions come from the cache.
        ("agenda page, only its sessions cached", "/events/large/agenda/?n="),
        ("agenda page, a search, uncached", "/events/large/agenda/?q=cloud"),
    ):
        asked = [request(f"{path}{number}") for number in range(300)]
        yield Figure(name, drive(site.port, asked).rate, "/s", at_least=100)
    # Once after each change of the programme, for each day, order and language.
    for line in site.manage("shell", "-v0", "-c", RENDER_DAY).splitlines():
        yield Figure("agenda page of 100 sessions, nothing cached, on one core", float(line), "/s")
    for line in site.manage("shell", "-v0", "-c", WRITE_FEEDS).splitlines():
        name, rate = line.split()
        yield Figure(f"{name}, generated on one core", float(rate), "/s", at_least=20)


RENDER_DAY = """
import time
from django.core.cache import cache
from django.test import Client
client = Client(SERVER_NAME="127.0.0.1")
assert client.get("/events/large/agenda/").status_code == 200
began = time.perf_counter()
for _turn in range(20):
    cache.clear()
    assert client.get("/events/large/agenda/").status_code == 200
print(20 / (time.perf_counter() - began))
"""
# The feeds that programmes fetch again and again; people download the other formats.
WRITE_FEEDS = """
import time
from convention.events.models import Event
from schedule.exchange.export_schedule import export_schedule
from schedule.exchange.parsed_programme import ScheduleFormat
event = Event.objects.get(slug="large")
for fmt in (ScheduleFormat.FRAB_XML, ScheduleFormat.FRAB_JSON, ScheduleFormat.ICALENDAR):
    export_schedule(event=event, file_format=fmt)
    began = time.perf_counter()
    for _turn in range(20):
        export_schedule(event=event, file_format=fmt)
    print(fmt.value, 20 / (time.perf_counter() - began))
"""


def etag(site: Site, path: str) -> str:
    """Return the page's ETag."""
    asked = urllib.request.Request(f"http://127.0.0.1:{site.port}{path}", headers={"Accept-Encoding": "gzip"})
    with urllib.request.urlopen(asked) as answer:
        return str(answer.headers.get("ETag", '""'))
