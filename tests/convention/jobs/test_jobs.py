"""Jobs: requested on a page, run by the worker, shown with progress, deleted after a week."""

import datetime
import re

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_tasks_db.models import DBTaskResult
from lxml import html

from badges.printing.print_job import MAX_IMMEDIATE_BADGES
from convention.audit.models import AuditEntry
from convention.hooks import job_kinds
from convention.jobs.job_queue import (
    JobAlreadyFinished,
    JobProgress,
    delete_old_jobs,
    finish_job,
    request_job,
    run_job,
)
from convention.jobs.models import INTERRUPTED_AFTER, Job, JobFile
from convention.tables.import_payload import pack_import
from registrations.import_export.import_registrations import run_import_job
from registrations.models import Registration
from tests.badges.mailings.factories import add_people
from tests.factories import make_event, make_person, make_registration, make_staff, make_ticket
from tests.pdf_readers import pdf_text

pytestmark = pytest.mark.django_db


@pytest.fixture
def event():
    return make_event(slug="x")


@pytest.fixture
def organizer(event, client):
    person = make_staff(event)
    client.force_login(person)
    return person


def make_list(people, *, ticket="guest"):
    rows = [f"Ana,Silva {number},ana{number}@example.org,{ticket}" for number in range(people)]
    return "\n".join(["first_name,last_name,email,ticket", *rows])


def test_badges_are_printed_by_the_worker_and_downloaded(event, organizer, client, run_tasks):
    make_registration(make_ticket(event), first_name="Zoé", last_name="Müller")
    add_people(event, MAX_IMMEDIATE_BADGES)
    answer = client.post("/organize/x/badges/a6/print/")

    job = Job.objects.get()
    assert answer["Location"] == f"/organize/x/jobs/{job.pk}/"
    assert "Démarrage imminent." in client.get(answer["Location"]).text

    run_tasks()

    assert f"{MAX_IMMEDIATE_BADGES + 1} badges." in client.get(answer["Location"]).text

    file = client.get(f"/organize/x/jobs/{job.pk}/file/")

    assert file["Content-Disposition"] == 'attachment; filename="badges-x-a6.pdf"'
    assert "Müller" in pdf_text(b"".join(file.streaming_content))
    job.refresh_from_db()
    assert job.state == Job.State.DONE
    assert job.total == MAX_IMMEDIATE_BADGES + 1
    assert AuditEntry.objects.get(verb="job.badges").actor == organizer


def test_the_title_of_a_list_that_is_imported_is_in_the_language_of_its_reader(event, organizer, client):
    make_ticket(event)
    page = "/organize/x/registrations/import/"
    file = SimpleUploadedFile("list.csv", make_list(501).encode())
    page_of_check = client.post(page, {"file": file, "check": "1"}).text
    [checked] = re.findall(r'<textarea name="checked" hidden>(.*?)</textarea>', page_of_check, re.DOTALL)

    client.post(page, {"checked": checked})

    assert "Import of 501 people" in client.get("/en/organize/x/jobs/").text
    assert "Import de 501 personnes" in client.get("/organize/x/jobs/").text


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        ("badges", "/en/organize/x/badges/"),
        ("certificates", "/en/organize/x/attendance/certificates/"),
        ("registrations", "/en/organize/x/registrations/"),
        ("cancel-event", "/en/organize/x/jobs/"),
    ],
)
def test_page_of_job_leads_back_to_the_page_that_started_it(event, organizer, client, kind, path):
    make_registration(make_ticket(event))
    job = request_job(event=event, kind=kind, title="Job", requested_by=organizer)

    page = html.fromstring(client.get(f"/en/organize/x/jobs/{job.pk}/").content)

    assert page.xpath("//a[@class='back']/@href") == [path]


def test_job_of_badges_is_below_badges_in_the_navigation(event, organizer, client):
    job = request_job(event=event, kind="badges", title="Badges", requested_by=organizer)

    page = html.fromstring(client.get(f"/en/organize/x/jobs/{job.pk}/").content)

    assert page.xpath("//nav//a[@aria-current='page']/text()") == ["Badges"]


def test_refused_job_shows_its_reason(event, organizer, client, run_tasks):
    job = request_job(event=event, kind="badges", title="Badges", requested_by=organizer, argument="a6")
    run_tasks()

    job.refresh_from_db()
    assert job.state == Job.State.REFUSED
    assert (
        job.outcome
        == "Aucune inscription confirmée avec un nom pour cet événement, donc aucun badge à imprimer."
    )
    assert job.outcome in client.get(f"/organize/x/jobs/{job.pk}/").text


def test_a_long_list_is_checked_on_the_page_and_imported_by_the_worker(event, organizer, client, run_tasks):
    make_ticket(event)
    page = "/organize/x/registrations/import/"
    file = SimpleUploadedFile("list.csv", make_list(501).encode())
    page_of_check = client.post(page, {"file": file, "check": "1"}).text
    [checked] = re.findall(r'<textarea name="checked" hidden>(.*?)</textarea>', page_of_check, re.DOTALL)

    answer = client.post(page, {"checked": checked})

    job = Job.objects.get()
    assert answer["Location"] == f"/organize/x/jobs/{job.pk}/"
    assert job.title == "Import de 501 personnes"
    assert Registration.objects.count() == 0

    run_tasks()

    job.refresh_from_db()
    assert job.state == Job.State.DONE
    assert job.payload == ""
    assert Registration.objects.count() == 501
    assert AuditEntry.objects.get(verb="registration.import").actor == organizer


def test_errors_are_reported_by_row_and_nothing_is_stored(event, organizer, run_tasks):
    make_ticket(event)
    given = make_list(3) + "\nBo,,bo@example.org,nothing"
    job = request_job(
        event=event,
        kind="registrations",
        title="Import",
        requested_by=organizer,
        payload=pack_import(text=given, picks=None, name="list.csv"),
    )

    run_tasks()

    job.refresh_from_db()
    assert job.state == Job.State.REFUSED
    assert Registration.objects.count() == 0
    assert [error.split(":")[0] for error in job.errors] == ["5"]


def test_interrupted_job_is_restarted_and_finished_job_is_not(event, organizer, run_tasks):
    make_ticket(event)
    job = request_job(
        event=event,
        kind="registrations",
        title="Import",
        requested_by=organizer,
        payload=pack_import(text=make_list(2), picks=None, name="list.csv"),
    )

    JobProgress(job)(1, 2)

    assert Job.objects.get().state == Job.State.RUNNING

    Job.objects.update(last_reported_at=timezone.now() - INTERRUPTED_AFTER * 2)

    assert Job.objects.get().state == Job.State.INTERRUPTED

    run_tasks()
    run_job.enqueue(job.pk)

    run_tasks()

    assert Job.objects.get().state == Job.State.DONE
    assert Registration.objects.count() == 2


def test_second_worker_cannot_finish_job_again(event, organizer):
    job = request_job(
        event=event,
        kind="registrations",
        title="Import",
        requested_by=organizer,
        payload=pack_import(text=make_list(1), picks=None, name="list.csv"),
    )
    twin = Job.objects.get()

    finish_job(job, outcome="first")

    with pytest.raises(JobAlreadyFinished):
        finish_job(twin, outcome="second")
    assert Job.objects.get().outcome == "first"


def test_file_of_job_that_another_worker_finished_is_not_stored(event, organizer, monkeypatch):
    monkeypatch.setitem(job_kinds.paths, "badges", "tests.convention.jobs.test_jobs.finish_in_other_worker")
    request_job(event=event, kind="badges", title="Badges", requested_by=organizer)

    run_job.call(Job.objects.get().pk)

    assert Job.objects.get().outcome == "first"
    assert JobFile.objects.count() == 0


def finish_in_other_worker(progress, file):
    file.write(b"%PDF")
    finish_job(Job.objects.get(pk=progress.job.pk), outcome="first")
    return "second"


def test_import_of_job_that_another_worker_finished_is_rolled_back(event, organizer, monkeypatch):
    make_ticket(event)
    path = "tests.convention.jobs.test_jobs.import_after_other_worker"
    monkeypatch.setitem(job_kinds.paths, "registrations", path)
    payload = pack_import(text=make_list(2), picks=None, name="list.csv")
    job = request_job(
        event=event, kind="registrations", title="Import", requested_by=organizer, payload=payload
    )

    run_job.call(job.pk)

    assert Job.objects.get().outcome == "first"
    assert Registration.objects.count() == 0


def import_after_other_worker(progress, file):
    finish_job(Job.objects.get(pk=progress.job.pk), outcome="first")
    return run_import_job(progress, file)


def test_job_with_unexpected_error_is_retried(event, organizer, run_tasks, monkeypatch):
    monkeypatch.setitem(job_kinds.paths, "badges", "tests.convention.jobs.test_jobs.fail")
    job = request_job(event=event, kind="badges", title="Badges", requested_by=organizer)

    [result] = run_tasks(tolerate=True)

    job.refresh_from_db()
    assert job.state == Job.State.RUNNING
    assert job.finished_at is None
    assert DBTaskResult.objects.get(pk=result.pk).status == "READY"


def fail(progress, file):
    raise OSError("The disk is full.")


def test_finished_job_and_its_file_are_deleted_after_a_week(event, organizer):
    job = request_job(event=event, kind="badges", title="Badges", requested_by=organizer)
    job.file.save("kept", ContentFile(b"%PDF"), save=False)
    finish_job(job, outcome="done")
    name = job.file.name

    for days, is_there in ((6, True), (8, False)):
        Job.objects.update(finished_at=timezone.now() - datetime.timedelta(days=days))
        delete_old_jobs()
        assert job.file.storage.exists(name) == is_there

    assert Job.objects.count() == 0


def test_unfinished_job_is_deleted_after_a_week(event, organizer):
    request_job(event=event, kind="badges", title="Badges", requested_by=organizer, payload="ana@example.org")
    for days, left in ((6, 1), (8, 0)):
        Job.objects.update(created_at=timezone.now() - datetime.timedelta(days=days))
        delete_old_jobs()
        assert Job.objects.count() == left


def test_job_list_query_count_does_not_grow_with_jobs(event, organizer, client):
    counts = []
    for more in (1, 11):
        for _number in range(more):
            Job.objects.create(
                event=event, kind="badges", title="Badges", language="fr", requested_by=make_person()
            )
        with CaptureQueriesContext(connection) as queries:
            answer = client.get("/organize/x/jobs/")
        counts.append(len(queries))

    assert len(answer.context["jobs"]) == 12
    assert counts[0] == counts[1]


def test_job_of_another_event_is_not_found(event, organizer, client):
    other = Job.objects.create(event=make_event(), kind="badges", title="Badges", language="fr")

    assert client.get(f"/organize/x/jobs/{other.pk}/").status_code == 404
    assert client.get(f"/organize/x/jobs/{other.pk}/file/").status_code == 404


def test_menu_links_jobs_once_event_has_one(event, organizer, client):
    def menu():
        return re.findall(r'<li><a href="(/organize/x/jobs/)"', client.get("/organize/x/settings/").text)

    request_job(event=make_event(), kind="badges", title="Badges", requested_by=organizer, argument="a6")
    assert menu() == []
    request_job(event=event, kind="badges", title="Badges", requested_by=organizer, argument="a6")
    assert menu() == ["/organize/x/jobs/"]


def test_import_page_says_that_long_lists_run_in_background(event, organizer, client):
    page = client.get("/organize/x/registrations/import/").text

    assert "plus de 500 lignes est importée en arrière-plan" in page
    assert "Listes déjà importées" not in page
