"""Run the real task worker in the test's process."""

from django_tasks_db.models import DBTaskResult

from convention.tasks.worker import RetryingWorker

LIMIT = 10_000


def run_waiting_tasks(*, tolerate: bool = False) -> list[DBTaskResult]:
    """Run waiting tasks and those they queue; return the results. Failures raise unless tolerated."""
    worker = RetryingWorker(
        queue_names=["*"],
        interval=0,
        batch=True,
        backend_name="default",
        startup_delay=False,
        max_tasks=None,
        worker_id="tests",
        excluded_queue_names=[],
    )
    results = []
    while (result := DBTaskResult.objects.ready().first()) is not None and len(results) < LIMIT:
        result.claim(worker.worker_id)
        worker.run_task(result)
        results.append(result)
    failed = [result for result in results if result.traceback]
    if failed and not tolerate:
        raise AssertionError("\n".join(result.traceback for result in failed))
    return results
