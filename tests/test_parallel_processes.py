"""Two servers and two workers on one database: edits are visible immediately, each task runs once."""

import contextlib
import os
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from django_tasks_db.models import DBTaskResult

from convention.api.tokens import create_token, revoke_token
from convention.events.models import Event
from convention.serve import processes
from convention.web.edit_conflicts import compute_fingerprint
from registrations.booking.place_order import place_order
from registrations.order_request import OrderRequest, RequestedPlace
from schedule.editing.sessions import edit_session, get_session_values
from tests.bench.site import free_port, wait_until_ready
from tests.conftest import database_url
from tests.factories import make_event, make_person, make_session, make_ticket

pytestmark = [pytest.mark.postgresql, pytest.mark.soak, pytest.mark.django_db(transaction=True)]
ROOT = Path(__file__).resolve().parent.parent
ORDERS_PER_ROUND = 20


@pytest.fixture
def start_process(tmp_path, mail_receiver):
    """Return a function that runs a command on the test database; its processes end with the test."""
    environment = os.environ | {
        "DATABASE_URL": database_url(), "MODE": "test", "RATE_LIMITS": "off", "VAR_DIR": str(tmp_path),
        "EMAIL_URL": f"smtp://{mail_receiver.hostname}:{mail_receiver.port}",
    }  # fmt: skip
    with contextlib.ExitStack() as all_of_them:

        def run(*command: str) -> subprocess.Popen:
            process = subprocess.Popen([sys.executable, *command], cwd=ROOT, env=environment)
            all_of_them.callback(process.wait)
            all_of_them.callback(process.kill)
            return process

        yield run


@pytest.fixture
def servers(start_process) -> dict[int, subprocess.Popen]:
    """Return two servers by port."""
    ports = [free_port(), free_port()]
    places = [processes.ServerAddress("127.0.0.1", port, f"http://127.0.0.1:{port}") for port in ports]
    made = {
        place.port: start_process(*processes.server_process(place).command[1:], "--workers", "1")
        for place in places
    }
    for port in ports:
        wait_until_ready(port)
    return made


def fetch(port: int, path: str, token: str = "") -> tuple[int, str]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def rename_session(session, title: str) -> None:
    session.refresh_from_db()
    seen = {name: compute_fingerprint(value) for name, value in get_session_values(session).items()}
    edit_session(session=session, seen_fingerprints=seen, values={"title": title})


@pytest.fixture
def event() -> Event:
    event = make_event(slug="both", name="First name")
    make_ticket(event, slug="guest", price=0, capacity=100)
    return event


def test_edit_is_visible_immediately_on_every_server(servers, event):
    """Cached pages, feeds and tokens: no server returns the old state."""
    session = make_session(event, "Old title")
    person = make_person()
    row, token = create_token(person_id=person.pk, name="probe", scopes=["registrations:read"])
    public = [
        "/events/both/agenda/",
        "/events/both/agenda.json",
        "/events/both/agenda.xml",
        "/events/both/agenda.ics",
    ]
    for number in range(3):
        title, name = f"Title {number}", f"Name {number}"
        rename_session(session, title)
        Event.objects.filter(pk=event.pk).update(name=name, name_en=name)
        for port in servers:
            assert [title in fetch(port, path)[1] for path in public] == [True] * len(public)
            assert name in fetch(port, "/events/both/")[1]
    allowed = [fetch(port, "/api/v1/events/both/registrations/", token)[0] for port in servers]
    revoke_token(person_id=person.pk, token_id=row.pk)

    refused = [fetch(port, "/api/v1/events/both/registrations/", token)[0] for port in servers]

    assert 401 not in allowed
    assert refused == [401, 401]


def test_each_mail_is_sent_once_even_if_a_server_and_a_worker_are_killed(
    start_process, servers, event, mail_receiver
):
    workers = [start_process("manage.py", "worker", "--interval", "0.1") for _ in range(2)]

    def everybody(first: int) -> None:
        for number in range(first, first + ORDERS_PER_ROUND):
            email = f"guest{number}@example.org"
            place = RequestedPlace(ticket="guest", first_name="Zoé", last_name="Müller", email=email)
            place_order(event=event, request=OrderRequest(email=email, places=(place,), payment="free"))

    everybody(0)
    mail_receiver.wait_for(ORDERS_PER_ROUND, seconds=60)
    workers[0].kill()
    next(iter(servers.values())).kill()
    everybody(ORDERS_PER_ROUND)
    mail_receiver.wait_for(2 * ORDERS_PER_ROUND, seconds=60)
    received = sorted(message["To"] for message in mail_receiver.messages)
    assert received == sorted(f"guest{number}@example.org" for number in range(2 * ORDERS_PER_ROUND))
    assert fetch(list(servers)[1], "/readyz") == (200, "ok\n")
    attempts = [len(ids) for ids in DBTaskResult.objects.values_list("worker_ids", flat=True)]
    assert set(attempts) <= {1, 2}
