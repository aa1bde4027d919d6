"""Publishing 200 sessions takes at most 30 queries, however many attendees they concern."""

import pytest
from django_tasks_db.models import DBTaskResult

from .large_publication import measure_publication

pytestmark = pytest.mark.django_db


def count_queued(task_name: str) -> int:
    return DBTaskResult.objects.filter(task_path__endswith=task_name).count()


def test_publication_queries_do_not_grow_with_attendees():
    few, many = measure_publication(15), measure_publication(60)

    assert many.queries == few.queries
    assert many.queries <= 30


def test_one_mail_is_queued_for_each_attendee_and_speaker():
    measure_publication(15)

    assert count_queued("notify_session_changes") == 15
    assert count_queued("notify_speaker") == 20
