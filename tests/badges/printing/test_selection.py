"""Test printing the badges of selected registrations, and selecting two registrations to merge."""

import pytest
from django.test import Client
from django.urls import reverse

from badges.printing.print_job import MAX_IMMEDIATE_BADGES
from convention.audit.models import AuditEntry
from convention.jobs.models import Job
from registrations.models import Registration
from tests.badges.mailings.factories import add_people
from tests.factories import make_event, make_staff
from tests.pdf_readers import pdf_text

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture
def people() -> list[Registration]:
    return add_people(make_event(), 4)


@pytest.fixture
def client(people) -> Client:
    client = Client()
    client.force_login(make_staff(people[0].event))
    return client


def submit_selection(client: Client, action: str, people: list[Registration], **fields):
    address = reverse(f"organize-selection-{action}", args=[people[0].event.slug])
    return client.post(address, {"selected": " ".join(row.reference for row in people), **fields})


def test_only_selected_badges_are_printed_immediately_or_in_job(client, people, run_tasks):
    Registration.objects.filter(pk=people[1].pk).update(cancelled_at=people[1].created_at)

    page = submit_selection(client, "badges", people[:3])
    printed = submit_selection(client, "badges", people[:3], layout="a6", back="", flip="long")
    unknown = submit_selection(client, "badges", people[:3], layout="a9")
    others = add_people(people[0].event, MAX_IMMEDIATE_BADGES, start=4)
    queued = submit_selection(client, "badges", [*people[:3], *others], layout="a6")
    run_tasks()

    text = pdf_text(b"".join(printed.streaming_content))
    assert "2 badges à imprimer" in page.text
    assert f"Ana1 Müller ({people[1].reference})" in page.text
    assert "Ana0" in text
    assert "Ana1" not in text
    assert "Ana3" not in text
    assert unknown.status_code == 422
    job = Job.objects.get()
    assert queued.url.endswith(f"/jobs/{job.pk}/")
    assert job.outcome.startswith(f"{MAX_IMMEDIATE_BADGES + 2} badges")
    assert "Ana3" not in pdf_text(job.file.read()).split()
    assert AuditEntry.objects.filter(verb="badges.print").count() == 1


def test_merge_needs_exactly_two_and_proposes_confirmed_survivor(client, people):
    Registration.objects.filter(pk=people[0].pk).update(confirmed_at=None)

    two = submit_selection(client, "merge", people[:2])
    three = submit_selection(client, "merge", people[:3])
    listed = client.get(three.url)

    assert two.url.endswith(f"/registrations/{people[1].reference}/merge/{people[0].reference}/")
    assert "exactement deux inscriptions" in listed.text
