"""kill -9 while registering, mailing, importing and scanning: nothing lost, nothing doubled.

Each test has a small size for every run and a full one behind `soak`.
"""

import csv
import datetime
import io
import os
import random
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import transaction
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from badges.attendance.models import Presence, Scan
from badges.attendance.scanning.presence_store import rebuild_presence
from convention.club.models import Company, DirectoryImport, Employment
from convention.jobs.job_queue import request_job as ask_for_job
from convention.jobs.models import Job
from convention.tables.import_payload import pack_import
from registrations.booking.place_order import place_order
from registrations.models import IdempotencyKey, MailDelivery, Order, Registration, Ticket
from registrations.order_request import OrderRequest, RequestedPlace
from schedule.models import Session
from tests.badges.attendance import factories
from tests.convention.tasks import sample_tasks
from tests.factories import make_administrator, make_event, make_ticket
from tests.faults.processes import WAIT_TIMEOUT_SECONDS, Site, kill, send_request, wait_until

pytestmark = pytest.mark.django_db(transaction=True)
FULL_SIZE = pytest.mark.soak


def list_message_ids(receiver) -> list[str]:
    return [str(message["Message-ID"]) for message in receiver.messages]


def make_order_body(number: int) -> dict:
    address = f"person{number}@example.org"
    person = {"ticket": "guest", "first_name": "Zoé", "last_name": f"Müller {number}", "email": address}
    return {"email": address, "language": "fr", "payment": "invoice", "registrations": [person]}


def send_until_acknowledged(url: str, data: dict, acknowledged: list[str], **headers: str) -> None:
    """Send the same request until it is acknowledged."""

    def acknowledged_now() -> bool:
        status, _headers, answer = send_request(url, data, timeout=10, **headers)
        assert status in (0, 200, 201, 503), (status, answer)
        return status in (200, 201)

    wait_until(acknowledged_now, what="an acknowledgement")
    acknowledged.append(url)


def run_while_killing_server(site: Site, jobs_to_do: list, done: list, kills: int) -> None:
    """Run all functions while the server is killed and restarted `kills` times."""
    server = site.server()
    with ThreadPoolExecutor(6) as pool:
        futures = [pool.submit(job) for job in jobs_to_do]
        for number in range(1, kills + 1):
            wait_until(
                lambda number=number: len(done) >= len(jobs_to_do) * number // (kills + 1), what="answers"
            )
            time.sleep(random.uniform(0, 0.05))
            kill(server)
            server = site.server()
        for future in futures:
            future.result(WAIT_TIMEOUT_SECONDS)
    kill(server)


@pytest.mark.long
@pytest.mark.parametrize(("orders", "kills"), [(30, 1), pytest.param(600, 6, marks=FULL_SIZE)])
def test_server_killed_during_orders_loses_and_doubles_nothing(site, orders, kills):
    ticket = make_ticket(event := make_event(), capacity=orders)
    url, done = f"{site.url}/api/v1/events/{event.slug}/orders/", []
    work = [
        lambda n=n: send_until_acknowledged(
            url, make_order_body(n), done, Idempotency_Key=f"order-number-{n}"
        )
        for n in range(orders)
    ]

    run_while_killing_server(site, work, done, kills)

    ticket.refresh_from_db()
    assert len(done) == orders
    assert sorted(Order.objects.values_list("email", flat=True)) == sorted(
        make_order_body(number)["email"] for number in range(orders)
    )
    assert (Registration.objects.count(), ticket.reserved, IdempotencyKey.objects.count()) == (orders,) * 3
    assert DBTaskResult.objects.count() == orders
    event.refresh_from_db()
    assert event.sequence == orders
    assert sorted(Registration.objects.values_list("sequence", flat=True)) == list(range(1, orders + 1))


@pytest.mark.long
@pytest.mark.parametrize(("orders", "kills"), [(12, 1), pytest.param(300, 6, marks=FULL_SIZE)])
def test_worker_killed_while_sending_confirmations_loses_no_mail(site, receiver, orders, kills):
    make_ticket(event := make_event())
    for number in range(orders):
        place = RequestedPlace(ticket="guest", first_name="A", last_name="B", email=f"p{number}@example.org")
        place_order(event=event, request=OrderRequest(email=place.email, places=(place,)))
    for number in range(1, kills + 1):
        worker = site.worker()
        wait_until(
            lambda number=number: len(list_message_ids(receiver)) >= orders * number // (kills + 1),
            what="mails",
        )
        kill(worker)
    site.worker()

    wait_until(lambda: not Registration.objects.filter(confirmation_sent_at=None), what="every mail")

    assert set(list_message_ids(receiver)) == {
        f"<confirmation-{reference}-1@127.0.0.1>"
        for reference in Order.objects.values_list("reference", flat=True)
    }
    assert len(list_message_ids(receiver)) - orders <= kills
    assert {delivery.state for delivery in MailDelivery.objects.all()} == {"accepted"}


@pytest.mark.long
@pytest.mark.once
def test_mail_resent_after_kill_has_same_message_id(site, receiver):
    make_ticket(event := make_event())
    place = RequestedPlace(ticket="guest", first_name="A", last_name="B", email="p@example.org")
    order = place_order(event=event, request=OrderRequest(email=place.email, places=(place,)))

    kill(site.halting("registrations.orders.deliveries.save_delivery_result", 1, "worker"))

    assert len(list_message_ids(receiver)) == 1
    assert MailDelivery.objects.get().state == "trying"

    site.worker()
    wait_until(lambda: MailDelivery.objects.get().state == "accepted", what="the second sending")

    assert list_message_ids(receiver) == [f"<confirmation-{order.reference}-1@127.0.0.1>"] * 2


@pytest.mark.long
def test_two_workers_run_task_longer_than_lease_once(site, tmp_path):
    marks = tmp_path / "marks"
    sample_tasks.last.enqueue(str(marks), 7)
    site.worker(), site.worker()
    wait_until(lambda: DBTaskResult.objects.get().status == "SUCCESSFUL", what="the task’s end")

    time.sleep(0.5)

    assert marks.read_text() == "begun ended "
    assert len(DBTaskResult.objects.get().worker_ids) == 1


@pytest.mark.long
def test_two_workers_run_each_task_once(site, tmp_path):
    marks = tmp_path / "marks"
    for _each in range(40):
        sample_tasks.last.enqueue(str(marks), 0)
    site.worker(), site.worker()

    wait_until(lambda: not DBTaskResult.objects.exclude(status="SUCCESSFUL"), what="all tasks’ end")

    assert marks.read_text().split().count("begun") == 40


def make_registrations_csv(rows: int) -> str:
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(["first_name", "last_name", "email", "company", "ticket"])
    table.writerows([f"Zoé {n}", "Müller", f"p{n}@example.org", "Acme", "guest"] for n in range(rows))
    return text.getvalue()


@pytest.mark.long
@pytest.mark.parametrize(
    "halted_at",
    [
        pytest.param("registrations.import_export.save_import.exchange_tickets", marks=FULL_SIZE),
        "registrations.import_export.import_registrations.record_action",
    ],
)
def test_killed_registration_import_leaves_nothing_and_can_be_repeated(site, tmp_path, halted_at):
    ticket = make_ticket(event := make_event())
    (tmp_path / "people.csv").write_text(make_registrations_csv(120))
    command = ("registrations_import", event.slug, str(tmp_path / "people.csv"))

    kill(site.halting(halted_at, 1, *command))

    ticket.refresh_from_db()
    assert Order.objects.count() == 0
    assert Registration.objects.count() == 0
    assert ticket.reserved == 0

    for _twice in range(2):
        assert site.manage(*command) == 0, site.said()
        ticket.refresh_from_db()
        assert Registration.objects.count() == 120
        assert ticket.reserved == 120


def make_directory_csv(rows: int) -> str:
    return "company,first_name,last_name,email\n" + "".join(
        f"Lac,Zoé,Müller {n},z{n}@x.example\n" for n in range(rows)
    )


@pytest.mark.long
def test_killed_directory_import_and_undo_are_completed_once(site):
    """Both are killed after their writes and before the commit; the next worker completes them once."""
    clerk, rows = make_administrator(), 120
    given = pack_import(text=make_directory_csv(rows), picks=None, name="list.csv")
    job = ask_for_job(event=None, kind="directory", title="Import", requested_by=clerk, payload=given)
    kill(
        site.halting(
            "convention.club.directory_import.import_directory.record_action",
            1,
            "worker",
            "--interval",
            "0.1",
        )
    )
    job.refresh_from_db()
    assert Employment.objects.count() == 0
    assert Company.objects.count() == 0
    assert job.state == Job.State.RUNNING
    assert job.done == rows
    assert job.total == rows
    worker = site.worker()
    wait_until(lambda: Job.objects.exclude(finished_at=None), what="the end of the import")
    kill(worker)
    run = DirectoryImport.objects.get()
    assert Employment.objects.count() == rows
    assert Company.objects.count() == 1
    assert run.created_count == rows

    undoing = ask_for_job(
        event=None, kind="directory-undo", title="x", requested_by=clerk, argument=str(run.pk)
    )
    kill(
        site.halting("convention.club.directory_import.undo.record_action", 1, "worker", "--interval", "0.1")
    )
    assert Employment.objects.count() == rows
    site.worker()
    wait_until(
        lambda: Job.objects.filter(pk=undoing.pk).exclude(finished_at=None), what="the end of the undoing"
    )
    assert Employment.objects.count() == 0
    assert Company.objects.count() == 0
    assert [Job.objects.get(pk=one.pk).state for one in (job, undoing)] == ["done", "done"]


def make_programme_xml(sessions: int) -> str:
    day = datetime.datetime(2027, 6, 15, 9, tzinfo=datetime.UTC)
    events = "".join(
        f'<event id="{n}" guid="00000000-0000-4000-8000-{n:012d}">'
        f"<date>{(day + datetime.timedelta(minutes=5 * n)).isoformat()}</date>"
        f"<start>{day + datetime.timedelta(minutes=5 * n):%H:%M}</start><duration>00:05</duration>"
        f"<room>A</room><title>Session {n}</title><persons><person id='{n}'>Speaker {n}</person></persons>"
        "</event>"
        for n in range(1, sessions + 1)
    )
    return (
        "<schedule><conference><title>X</title><start>2027-06-15</start><end>2027-06-15</end><days>1</days>"
        f"</conference><day index='1' date='2027-06-15'><room name='A'>{events}</room></day></schedule>"
    )


@pytest.mark.long
@pytest.mark.once
def test_killed_programme_import_leaves_nothing_and_can_be_repeated(site, tmp_path):
    (tmp_path / "programme.xml").write_text(make_programme_xml(60))
    command = ("schedule_import", "mine", str(tmp_path / "programme.xml"))

    kill(site.halting("schedule.exchange.importing.import_schedule.add_event_notes", 1, *command))

    assert Session.objects.count() == 0
    for _twice in range(2):
        assert site.manage(*command) == 0, site.said()
        assert Session.objects.count() == 60


@pytest.mark.long
@pytest.mark.parametrize(("batches", "kills"), [(30, 1), pytest.param(500, 6, marks=FULL_SIZE)])
def test_server_killed_during_scans_loses_and_doubles_nothing(site, batches, kills):
    event = factories.make_event()
    codes = [factories.make_badge_code(factories.make_registration(event)) for _number in range(10)]
    tokens = [factories.make_device(event)[1] for _number in range(3)]
    at, chosen = timezone.now() - datetime.timedelta(minutes=20), random.Random(1)
    sent, done, work = [], [], []
    for number in range(batches):
        moments = [at + datetime.timedelta(seconds=number, milliseconds=n) for n in range(1 + number % 4)]
        directions = ["in", "out"]
        items = [
            factories.make_item(
                chosen.choice(codes), at=moment.isoformat(), direction=directions[(number + n) % 2]
            )
            for n, moment in enumerate(moments)
        ]
        sent += [item["id"] for item in items]
        token = f"Bearer {tokens[number % 3]}"
        work.append(
            lambda items=items, token=token: send_until_acknowledged(
                f"{site.url}/api/v1/scanner/scans/", {"scans": items}, done, Authorization=token
            )
        )

    run_while_killing_server(site, work, done, kills)

    assert sorted(str(uid) for uid in Scan.objects.values_list("uid", flat=True)) == sorted(sent)

    fields = ["registration_id", "checkpoint_id", "is_inside", "entries", "version"]
    projected = sorted(Presence.objects.values_list(*fields))

    rebuild_presence(event=event)

    assert sorted(Presence.objects.values_list(*fields)) == projected


@pytest.mark.long
@pytest.mark.once
def test_sigterm_lets_current_request_and_task_finish(site, tmp_path):
    ticket = make_ticket(event := make_event())
    marks, answers = tmp_path / "marks", []
    served = site.start("manage.py", "serve", "--port", str(site.port))
    wait_until(lambda: site.answers(served), what="the server’s first answer")
    sample_tasks.last.enqueue(str(marks), 3)
    wait_until(marks.exists, what="the task’s begin")
    url = f"{site.url}/api/v1/events/{event.slug}/orders/"
    with transaction.atomic():
        Ticket.objects.filter(pk=ticket.pk).update(position=1)  # from now on bookings wait for this lock
        request = threading.Thread(
            target=lambda: answers.append(send_request(url, make_order_body(1), Idempotency_Key="last-one"))
        )
        request.start()
        time.sleep(1)
        os.kill(served.pid, signal.SIGTERM)
        time.sleep(0.7)

    request.join(WAIT_TIMEOUT_SECONDS)

    assert served.wait(WAIT_TIMEOUT_SECONDS) == 0, site.said()
    assert answers[0][0] == 201
    assert Order.objects.count() == 1
    assert marks.read_text() == "begun ended "
    assert DBTaskResult.objects.get(task_path=sample_tasks.last.module_path).status == "SUCCESSFUL"
