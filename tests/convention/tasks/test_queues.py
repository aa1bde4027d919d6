"""Task queues: a confirmation never waits behind a mailing or an import."""

import pytest
from django_tasks_db.models import DBTaskResult

from badges.mailings.sending.run import run_mailing
from convention.jobs.job_queue import request_job
from convention.serve.processes import InvalidSetting, task_worker_processes
from convention.tasks.queue_names import DEFAULT_QUEUE, DOCUMENT_QUEUE, IMPORT_QUEUE, MAIL_QUEUE, QUEUES
from convention.tasks.worker import RetryingWorker
from registrations.booking.place_order import place_order
from registrations.invoices.documents.pdf_archive import archive_invoice_pdf
from registrations.invoices.reminders import send_reminder
from registrations.sessions.notifications import notify_session_changes
from registrations.visits.identity.requests import send_identity_request
from registrations.visits.lifecycle.reminders import send_day_mail
from registrations.visits.planning.notifications import notify_interested_member
from registrations.visits.visitor_list.remind import send_missing_reminder
from schedule.proposals.proposal_mails import send_proposal_mail
from schedule.versions.notices import notify_speaker
from tests.convention.tasks import sample_tasks
from tests.factories import make_administrator, make_event, make_ticket
from tests.registrations.booking.test_fast_order import UNUSUAL, make_request

pytestmark = pytest.mark.django_db


def make_worker(*queues: str) -> RetryingWorker:
    return RetryingWorker(
        queue_names=list(queues),
        interval=0,
        batch=True,
        backend_name="default",
        startup_delay=False,
        max_tasks=None,
        worker_id="test",
        excluded_queue_names=[],
    )


def list_claimed_queues(worker: RetryingWorker) -> list[str]:
    claimed = []
    while found := worker.claim_task():
        claimed.append(found[0].queue_name)
    return claimed


def test_confirmations_are_in_default_queue():
    """The second order is saved in the plain way (`test_fast_order.py`)."""
    event = make_event()
    for slug in ("guest", "other"):
        make_ticket(event, slug=slug)
    place_order(event=event, request=make_request())
    place_order(event=event, request=UNUSUAL["two tickets"](make_request()))

    assert list(DBTaskResult.objects.values_list("queue_name", flat=True)) == [DEFAULT_QUEUE] * 2


def test_imports_documents_and_mailings_have_separate_queues():
    person, event = make_administrator(), make_event()
    request_job(event=event, kind="registrations", title="list.csv", requested_by=person)
    request_job(event=event, kind="badges", title="A6", requested_by=person, queue=DOCUMENT_QUEUE)

    jobs = DBTaskResult.objects.filter(task_path__endswith="run_job").order_by("enqueued_at")
    assert list(jobs.values_list("queue_name", flat=True)) == [IMPORT_QUEUE, DOCUMENT_QUEUE]
    assert run_mailing.queue_name == MAIL_QUEUE
    assert archive_invoice_pdf.queue_name == DOCUMENT_QUEUE


@pytest.mark.parametrize(
    "mail_to_many",
    [
        notify_interested_member,
        notify_session_changes,
        notify_speaker,
        send_day_mail,
        send_identity_request,
        send_missing_reminder,
        send_proposal_mail,
        send_reminder,
    ],
)
def test_mails_that_one_action_sends_to_many_are_in_mail_queue(mail_to_many):
    assert mail_to_many.queue_name == MAIL_QUEUE


def test_default_queue_worker_ignores_other_queues():
    sample_tasks.answer.using(queue_name=MAIL_QUEUE).enqueue("mail")
    sample_tasks.answer.enqueue("confirmation")

    assert list_claimed_queues(make_worker(DEFAULT_QUEUE)) == [DEFAULT_QUEUE]


def test_worker_of_all_queues_claims_every_task():
    for name in QUEUES:
        sample_tasks.answer.using(queue_name=name).enqueue(name)

    assert sorted(list_claimed_queues(make_worker("*"))) == sorted(QUEUES)


def test_one_worker_runs_all_queues(monkeypatch):
    monkeypatch.setenv("TASK_WORKERS", "1")

    [worker] = task_worker_processes()

    assert worker.command[-1] == "worker"


def test_first_of_several_workers_runs_default_queue_only(monkeypatch):
    monkeypatch.setenv("TASK_WORKERS", "3")

    first, *others = task_worker_processes()

    assert first.command[-2:] == ["--queue", DEFAULT_QUEUE]
    assert [worker.command[-1] for worker in others] == ["worker", "worker"]
    assert len({worker.name for worker in (first, *others)}) == 3


@pytest.mark.parametrize("number", ["0", "17", "two", "-1", "1.5", "²"])
def test_invalid_worker_count_is_refused(monkeypatch, number):
    monkeypatch.setenv("TASK_WORKERS", number)

    with pytest.raises(InvalidSetting, match="it must be a number from 1 to 16"):
        task_worker_processes()


@pytest.mark.django_db(transaction=True)
def test_worker_command_runs_named_queues_only(manage):
    sample_tasks.answer.using(queue_name=MAIL_QUEUE).enqueue("mail")
    sample_tasks.answer.enqueue("confirmation")

    done = manage("worker", "--batch", "--interval", "0.05", "--queue", DEFAULT_QUEUE)

    assert done.returncode == 0
    assert list(DBTaskResult.objects.ready().values_list("queue_name", flat=True)) == [MAIL_QUEUE]


def test_unknown_queue_is_refused(command):
    done = command("worker", "--queue", "other")

    assert done.returncode == 2
    assert "invalid choice: 'other'" in done.stderr


def test_db_worker_command_is_disabled(command):
    done = command("db_worker")

    assert done.returncode == 2
    assert done.stderr.strip() == "This command could run a task twice. Use `manage.py worker`."
