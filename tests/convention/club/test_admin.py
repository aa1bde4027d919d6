"""The back office: the directory is edited there and each edit is recorded; the trail is only read."""

import pytest

from convention.audit.models import Entry
from convention.club.models import Company, Employment, Person
from tests.factories import make_company, make_person

pytestmark = pytest.mark.django_db
EMPTY = {f"{name}-{part}": "0" for name in ("employments", "club_roles", "roles", "mandates")
         for part in ("TOTAL_FORMS", "INITIAL_FORMS")}  # fmt: skip


@pytest.fixture
def administrator(client):
    person = Person.objects.create_superuser("root@club.example", "a long password")
    client.force_login(person)
    return client


def test_a_company_and_a_person_are_added_and_the_trail_names_fields(administrator):
    administrator.post(
        "/back-office/club/company/add/", {**EMPTY, "name": "Neuve", "slug": "neuve", "country": "FR"}
    )
    administrator.post(
        "/back-office/club/person/add/",
        {
            **EMPTY,
            "first_name": "Ana",
            "last_name": "Silva",
            "email": "ana@club.example",
            "language": "fr",
            "employments-TOTAL_FORMS": "1",
            "employments-0-company": Company.objects.get().pk,
            "employments-0-starts_on": "01/01/2026",
        },
    )
    assert Employment.objects.get().person.email == "ana@club.example"
    verbs = dict(Entry.objects.values_list("verb", "fields"))
    assert set(verbs) == {"company.add", "person.add"}
    assert "ana@club.example" not in str(verbs)


def test_every_page_of_the_directory_opens(administrator):
    make_company()
    person = make_person()
    for address in ("company/", "person/", f"person/{person.pk}/change/", "workinggroup/add/"):
        assert "Convention" in administrator.get(f"/back-office/club/{address}").content.decode()


def test_nobody_rewrites_the_trail(administrator):
    make_company()
    administrator.post(
        "/back-office/club/company/add/", {**EMPTY, "name": "Neuve", "slug": "neuve", "country": "FR"}
    )
    entry = Entry.objects.get()
    assert administrator.get("/back-office/audit/entry/").status_code == 200
    for act in ("change", "delete"):
        administrator.post(f"/back-office/audit/entry/{entry.pk}/{act}/", {"verb": "nothing", "post": "yes"})
    assert Entry.objects.get().verb == "company.add"


def test_others_are_kept_out(client):
    client.force_login(make_person())
    assert client.get("/back-office/club/person/").status_code in {302, 403}
