"""Long directory imports as background jobs, with their progress on a page."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import translation

from convention.audit.models import AuditEntry
from convention.club.directory_import.import_directory import import_directory
from convention.club.models import Company, DirectoryImport, Employment, Person
from convention.jobs.models import Job
from convention.tables.files import read_table
from convention.tables.import_payload import MAX_IMMEDIATE_ROWS
from tests.factories import make_administrator, make_company, make_event
from tests.site_objects import make_client

pytestmark = pytest.mark.django_db
IMPORT = "/organize/club/import/"


@pytest.fixture
def clerk():
    return make_administrator()


@pytest.fixture
def client(clerk):
    return make_client(clerk)


def make_list(people, *, company="Lac"):
    rows = [f"{company},Zoé,Müller {number},zoe{number}@lac.example" for number in range(people)]
    return "\n".join(["company,first_name,last_name,email", *rows])


def read_checked_list(client, text):
    """Return the parsed list as the page of the check posts it back."""
    page = client.post(IMPORT, {"file": SimpleUploadedFile("list.csv", text.encode()), "check": "1"}).text
    [found] = re.findall(r'<textarea name="checked" hidden>(.*?)</textarea>', page, re.DOTALL)
    return found


def import_list(people):
    return import_directory(
        table=read_table("list.csv", make_list(people).encode()), file_name="list.csv"
    ).import_record


def test_a_long_list_is_imported_by_the_worker(client, clerk, run_tasks):
    answer = client.post(
        IMPORT, {"checked": read_checked_list(client, make_list(MAX_IMMEDIATE_ROWS + 1)), "name": "list.csv"}
    )

    job = Job.objects.get()
    assert answer["Location"] == f"/organize/club/long-jobs/{job.pk}/"
    assert job.title == f"Import de {MAX_IMMEDIATE_ROWS + 1} lignes"
    page = client.get(answer["Location"]).text
    assert "Démarrage imminent." in page
    assert re.search(r'<noscript><meta http-equiv="refresh" content="5"></noscript>', page)
    assert not Company.objects.exists()

    run_tasks()

    job.refresh_from_db()
    assert job.state == Job.State.DONE
    assert job.payload == ""
    assert job.done == MAX_IMMEDIATE_ROWS + 1
    assert job.total == MAX_IMMEDIATE_ROWS + 1
    assert Employment.objects.filter(company__name="Lac").count() == MAX_IMMEDIATE_ROWS + 1
    run = DirectoryImport.objects.get()
    assert run.imported_by == clerk
    assert run.file_name == "list.csv"
    assert run.created_count == MAX_IMMEDIATE_ROWS + 1
    assert AuditEntry.objects.get(verb="directory.import").actor == clerk
    assert job.outcome in client.get(answer["Location"]).text
    assert job.title in client.get("/organize/club/long-jobs/").text


def test_short_list_is_imported_at_once(client):
    assert (
        client.post(IMPORT, {"checked": read_checked_list(client, make_list(2))})["Location"]
        == "/organize/club/imports/"
    )
    assert Job.objects.count() == 0
    assert Employment.objects.count() == 2


def test_error_since_the_check_is_reported_by_row_and_nothing_is_stored(client, run_tasks):
    kept = read_checked_list(client, make_list(MAX_IMMEDIATE_ROWS + 1))
    client.post(IMPORT, {"checked": kept})
    Person.objects.create_user("zoe7@lac.example", is_active=False)

    run_tasks()

    job = Job.objects.get()
    assert job.state == Job.State.REFUSED
    assert Employment.objects.count() == 0
    assert [error.partition(":")[0] for error in job.errors] == ["9"]
    assert job.errors[0] in client.get(f"/organize/club/long-jobs/{job.pk}/").text.replace("&#x27;", "'")


def test_large_import_is_undone_once_by_worker(client, clerk, run_tasks):
    run, kept = import_list(MAX_IMMEDIATE_ROWS + 1), make_company(name="Prise")
    answers = [client.post(f"/organize/club/imports/{run.pk}/undo/")["Location"] for _twice in range(2)]

    first, second = Job.objects.order_by("pk")
    assert answers == [f"/organize/club/long-jobs/{job.pk}/" for job in (first, second)]
    assert first.title == "Annulation de l’import list.csv"
    assert Employment.objects.count() == MAX_IMMEDIATE_ROWS + 1

    run_tasks()

    states = list(Job.objects.order_by("pk").values_list("outcome", flat=True))
    assert [Job.objects.get(pk=one.pk).state for one in (first, second)] == ["done", "refused"], states
    run.refresh_from_db()
    assert run.undone_by == clerk
    assert list(Company.objects.all()) == [kept]
    assert list(Person.objects.all()) == [clerk]


def test_undo_of_deleted_import_is_refused(client, clerk, run_tasks):
    run = import_list(MAX_IMMEDIATE_ROWS + 1)
    client.post(f"/organize/club/imports/{run.pk}/undo/")
    run.delete()

    run_tasks()

    assert Job.objects.get().state == "refused"


def test_club_job_pages_show_no_jobs_of_events(client):
    mine = Job.objects.create(kind="directory", title="Import", language="fr")
    other = Job.objects.create(event=make_event(), kind="badges", title="Badges", language="fr")

    page = client.get("/organize/club/long-jobs/").text
    assert re.findall(r'href="(/organize/club/long-jobs/\d+/)"', page) == [
        f"/organize/club/long-jobs/{mine.pk}/"
    ]

    answers = [client.get(f"/organize/club/long-jobs/{job.pk}/").status_code for job in (mine, other)]

    assert answers == [200, 404]


def test_job_page_shows_progress_in_both_languages(client):
    job = Job.objects.create(kind="directory", title="Import", language="fr", done=3, total=9)
    Job.objects.update(last_reported_at=job.created_at)

    assert "3 sur 9" in client.get(f"/organize/club/long-jobs/{job.pk}/").text

    Job.objects.update(done=9)
    with translation.override("en"):
        assert "The file has been read" in client.get(f"/en/organize/club/long-jobs/{job.pk}/").text
