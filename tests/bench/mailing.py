"""How long a confirmation takes while a mailing of 10,000 goes out, with the workers of `manage.py serve`."""

import contextlib
import json
import subprocess
import threading
import time
from collections.abc import Iterator

from convention.serve.processes import task_worker_processes
from tests.bench.figures import Figure
from tests.bench.load import drive, request
from tests.bench.site import ROOT, Site
from tests.mail_server import MailReceiver

ORDERS, PAUSE_SECONDS = 60, 0.5
LAUNCH = """
from badges.mailings.sending.launch import launch_mailing
from django_tasks_db.models import DBTaskResult
from convention.events.models import Event
from tests.badges.mailings.factories import make_mailing
# The confirmations of all orders that were measured before, which no worker has sent.
DBTaskResult.objects.all().delete()
mailing = launch_mailing(mailing=make_mailing(Event.objects.get(slug="large")))
print(mailing.pk)
"""
# What is left of it would go out during the next measurement.
STOP = (
    "from badges.mailings.models import Mailing; print(Mailing.objects.filter(finished_at=None).delete()[0])"
)
NAME = "confirmation of an order while 10,000 mails go out"
WHY = "a worker runs nothing but what visitors wait for; it asks for the next task every half second."


class Arrivals(threading.Thread):
    """Stores when the mail to each address arrived, in seconds of `time.monotonic`."""

    def __init__(self, receiver: MailReceiver) -> None:
        super().__init__(daemon=True)
        self.receiver = receiver
        self.times: dict[str, float] = {}

    def run(self) -> None:
        """Look at new messages until the process ends."""
        number = 0
        while True:
            for message in self.receiver.messages[number:]:
                number += 1
                self.times.setdefault(str(message["To"]), time.monotonic())
            time.sleep(0.02)


def figures(site: Site) -> Iterator[Figure]:
    """Order every half second, and wait for each confirmation."""
    receiver = MailReceiver()
    receiver.start()
    try:
        arrivals = Arrivals(receiver)
        arrivals.start()
        with run_workers(site, receiver):
            site.manage("shell", "-v0", "-c", LAUNCH)
            receiver.wait_for(200, seconds=120)
            begun, before = time.monotonic(), len(receiver.messages)
            delays = [measure_delay(site, arrivals, number) for number in range(ORDERS)]
            rate = (len(receiver.messages) - before) / (time.monotonic() - begun)
            is_running = site.manage("shell", "-v0", "-c", STOP).strip() != "0"
    finally:
        receiver.stop()
    if not is_running:
        raise RuntimeError("The mailing ended before the last order.")
    p95 = sorted(delays)[int(0.95 * ORDERS)]
    yield Figure(f"{NAME}, p95", p95, "s", at_most=5, why=WHY)
    yield Figure("the mailing meanwhile", rate, "mails/s")


def measure_delay(site: Site, arrivals: Arrivals, number: int) -> float:
    """Place an order and return the seconds until its first e-mail. Raise RuntimeError after a minute."""
    address = f"bench{number}@example.org"
    person = {"ticket": "guest", "first_name": "A", "last_name": "B", "email": address}
    body = {"email": address, "language": "fr", "payment": "invoice", "registrations": [person]}
    data = request("/api/v1/events/large/orders/", method="POST", body=json.dumps(body).encode())
    ordered_at = time.monotonic()
    statuses = drive(site.port, [data], connections=1).statuses
    if statuses != {201: 1}:
        raise RuntimeError(f"The order was answered by {statuses}.")
    while address not in arrivals.times:
        if time.monotonic() > ordered_at + 60:
            raise RuntimeError("No confirmation came within a minute.")
        time.sleep(0.02)
    time.sleep(max(0, ordered_at + PAUSE_SECONDS - time.monotonic()))
    return arrivals.times[address] - ordered_at


@contextlib.contextmanager
def run_workers(site: Site, receiver: MailReceiver) -> Iterator[None]:
    """Run the default number of workers, sending to this mail server."""
    environment = site.environment | {"EMAIL_URL": f"smtp://127.0.0.1:{receiver.port}"}
    with contextlib.ExitStack() as stack:
        for process in task_worker_processes():
            worker = subprocess.Popen(
                [*process.command], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL
            )
            stack.callback(worker.wait, timeout=60)
            stack.callback(worker.terminate)
        yield
