"""The task worker: retries with growing pauses, lost tasks, old results, and its state in readyz."""

import datetime

import pytest
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from convention.db.leases import acquire_lease, hold_lease
from convention.models import Lease, PeriodicJob
from convention.tasks import cleanup
from convention.tasks.periodic import register_periodic_jobs, run_due_jobs
from convention.tasks.worker import RETRY_PAUSE_SECONDS, get_lease_name, is_worker_late, recover_lost_tasks
from tests.convention.tasks import sample_tasks

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_answers():
    sample_tasks.ANSWERS.clear()


def pass_time(**fields) -> None:
    """Make all waiting tasks due now."""
    DBTaskResult.objects.filter(status="READY").update(run_after=timezone.now(), **fields)


def get_only_result() -> DBTaskResult:
    return DBTaskResult.objects.get()


def test_failed_task_is_retried_after_growing_pauses(run_tasks):
    sample_tasks.fail_twice.enqueue()
    pauses = []
    for _ in range(2):
        at = timezone.now()
        run_tasks(tolerate=True)
        result = get_only_result()
        assert result.status == "READY"
        assert result.finished_at is None
        assert "the mail server does not answer" in result.traceback
        pauses.append((result.run_after - at).total_seconds())
        pass_time()

    run_tasks()

    assert get_only_result().status == "SUCCESSFUL"
    assert sample_tasks.ANSWERS == ["tried"] * 3
    for pause, planned in zip(pauses, RETRY_PAUSE_SECONDS, strict=False):
        assert planned <= pause <= planned * 1.2 + 5


def test_task_that_always_fails_is_marked_failed(run_tasks):
    sample_tasks.fail_always.enqueue()
    for _ in range(len(RETRY_PAUSE_SECONDS) + 3):
        run_tasks(tolerate=True)
        pass_time()

    assert get_only_result().status == "FAILED"
    assert len(get_only_result().worker_ids) == len(RETRY_PAUSE_SECONDS) + 1


def test_stored_traceback_masks_links_and_addresses(run_tasks):
    sample_tasks.fail_with_a_link.enqueue()
    run_tasks(tolerate=True)

    traceback = get_only_result().traceback
    assert "no such page: /orders/ABCDEFGH/***/ of ***" in traceback
    assert "fail_with_a_link" in traceback
    assert "s" * 43 not in traceback


def test_domain_error_is_not_retried(run_tasks):
    sample_tasks.decide_no.enqueue()
    run_tasks(tolerate=True)

    assert get_only_result().status == "FAILED"
    assert len(get_only_result().worker_ids) == 1


def test_only_tasks_of_dead_workers_are_recovered():
    sample_tasks.fail_twice.enqueue()
    result = get_only_result()
    result.claim("a worker that died")
    with hold_lease(get_lease_name(result)):
        assert recover_lost_tasks() == 0

    acquire_lease(get_lease_name(result))

    assert recover_lost_tasks() == 0

    Lease.objects.update(until=timezone.now() - datetime.timedelta(seconds=1))

    assert recover_lost_tasks() == 1
    assert get_only_result().status == "READY"


def test_task_that_kills_every_worker_is_marked_failed():
    sample_tasks.fail_twice.enqueue()
    result = get_only_result()

    for number in range(len(RETRY_PAUSE_SECONDS) + 1):
        result.claim(f"worker {number}")
        recover_lost_tasks()
        result.refresh_from_db()

    assert result.status == "FAILED"
    assert result.traceback == "Its workers died."


def test_old_results_are_deleted(run_tasks):
    old = DBTaskResult.objects.create(
        args_kwargs={"args": [], "kwargs": {}},
        task_path=sample_tasks.fail_twice.module_path,
        status="SUCCESSFUL",
        run_after=timezone.now(),
        finished_at=timezone.now() - datetime.timedelta(days=15),
        backend_name="default",
    )
    sample_tasks.fail_twice.enqueue()

    cleanup.delete_old_results()

    assert not DBTaskResult.objects.filter(pk=old.pk).exists()
    assert DBTaskResult.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_readyz_fails_if_no_worker_runs_due_jobs(client):
    assert client.get("/readyz").content == b"ok\n"

    register_periodic_jobs()

    assert client.get("/readyz").status_code == 200

    PeriodicJob.objects.update(due_at=timezone.now() - datetime.timedelta(minutes=5))
    late = client.get("/readyz")

    assert late.status_code == 503
    assert late.content == b"tasks wait and no worker takes them\n"

    run_due_jobs(at=timezone.now())

    assert client.get("/readyz").content == b"ok\n"


def test_a_worker_with_one_long_task_is_not_late():
    now = timezone.now()
    for _each in range(2):
        sample_tasks.fail_twice.enqueue()
    DBTaskResult.objects.update(enqueued_at=now - datetime.timedelta(minutes=5))
    result = DBTaskResult.objects.first()
    result.claim("busy")

    DBTaskResult.objects.filter(pk=result.pk).update(started_at=now - datetime.timedelta(minutes=4))

    assert is_worker_late(at=now)

    acquire_lease(get_lease_name(result))

    assert not is_worker_late(at=now)


def test_a_busy_worker_is_not_late():
    now = timezone.now()
    sample_tasks.fail_twice.enqueue()
    sample_tasks.fail_twice.enqueue()

    DBTaskResult.objects.update(enqueued_at=now - datetime.timedelta(minutes=5))

    assert is_worker_late(at=now)

    DBTaskResult.objects.first().claim("busy")

    assert not is_worker_late(at=now)


@pytest.mark.django_db(transaction=True)
def test_worker_command_runs_waiting_tasks(manage):
    sample_tasks.decide_no.enqueue()
    done = manage("worker", "--batch")

    assert done.returncode == 0

    result = get_only_result()

    assert result.status == "FAILED"
    assert result.exception_class_path == "convention.errors.NotOpenNow"
