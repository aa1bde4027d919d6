"""Publish a version of 200 sessions that 150 attendees booked or starred, and queue their e-mails."""

import json
import statistics
from collections.abc import Iterator

from tests.bench.figures import Figure
from tests.bench.site import Site

REPETITIONS = 5
MEASURE = f"""
import json
from django_tasks_db.models import DBTaskResult
from tests.registrations.sessions.large_publication import measure_publication
costs = [measure_publication(150) for _ in range({REPETITIONS})]
# Nobody is to send these.
DBTaskResult.objects.filter(task_path__contains="notif").delete()
print(json.dumps([[cost.queries, cost.milliseconds] for cost in costs]))
"""
WORK = "a version published: 200 sessions, 150 attendees and 20 speakers to notify"
WHY = "most of the time loads the timetable and writes the sessions and slots of the version."


def figures(site: Site) -> Iterator[Figure]:
    """Measure the page's action and the worker's task that queues the e-mails."""
    costs = json.loads(site.manage("shell", "-v0", "-c", MEASURE).splitlines()[-1])
    yield Figure(f"{WORK}: queries", max(queries for queries, _time in costs), "", at_most=30, why=WHY)
    median = statistics.median(milliseconds for _queries, milliseconds in costs)
    yield Figure(f"{WORK} (median)", median, "ms", at_most=1000, why=WHY)
