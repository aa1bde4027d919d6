"""The back office: changes of the directory are recorded; the audit trail is read-only."""

import pytest

from convention.audit.models import AuditEntry
from convention.club.models import ClubRole, Company, Employment, Person
from tests.factories import make_company, make_person

pytestmark = pytest.mark.django_db
EMPTY = {f"{name}-{part}": "0" for name in ("employments", "club_roles", "roles", "contacts", "mandates")
         for part in ("TOTAL_FORMS", "INITIAL_FORMS")}  # fmt: skip


@pytest.fixture
def administrator(client):
    person = Person.objects.create_superuser("root@club.example", "a long password")
    client.force_login(person)
    return client


def test_adding_company_and_person_is_audited_without_values(administrator):
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
    verbs = dict(AuditEntry.objects.values_list("verb", "fields"))
    assert set(verbs) == {"company.add", "person.add", "employment.add"}
    assert "ana@club.example" not in str(verbs)


def test_directory_pages_open(administrator):
    make_company()
    person = make_person()

    for address in ("company/", "person/", f"person/{person.pk}/change/", "workinggroup/add/"):
        assert "Convention" in administrator.get(f"/back-office/club/{address}").content.decode()


def test_audit_trail_cannot_be_changed_or_deleted(administrator):
    make_company()
    administrator.post(
        "/back-office/club/company/add/", {**EMPTY, "name": "Neuve", "slug": "neuve", "country": "FR"}
    )

    entry = AuditEntry.objects.get()
    assert administrator.get("/back-office/audit/auditentry/").status_code == 200

    for action in ("change", "delete"):
        administrator.post(
            f"/back-office/audit/auditentry/{entry.pk}/{action}/", {"verb": "nothing", "post": "yes"}
        )

    assert AuditEntry.objects.get().verb == "company.add"


def test_role_changes_and_deletion_of_selected_people_are_audited(administrator):
    person = make_person(first_name="Ana", last_name="Silva")
    role = ClubRole.objects.create(person=person, role="treasurer")
    form = {
        **EMPTY, "first_name": "Ana", "last_name": "Silva", "email": person.email, "language": "fr",
        "is_active": "on", "club_roles-TOTAL_FORMS": "2", "club_roles-INITIAL_FORMS": "1",
        "club_roles-0-id": role.pk, "club_roles-0-person": person.pk, "club_roles-0-role": "secretary",
        "club_roles-0-starts_on": "01/01/2026",
        "club_roles-1-person": person.pk, "club_roles-1-role": "administrator",
        "club_roles-1-starts_on": "01/01/2026",
    }  # fmt: skip

    administrator.post(f"/back-office/club/person/{person.pk}/change/", form)

    kept = AuditEntry.objects.filter(verb__startswith="clubrole").order_by("verb")
    assert [(entry.verb, sorted(entry.fields)) for entry in kept] == [
        ("clubrole.add", []),
        ("clubrole.change", ["role", "starts_on"]),
    ]

    chosen = {"action": "delete_selected", "_selected_action": [person.pk], "post": "yes"}
    administrator.post("/back-office/club/person/", chosen)

    assert AuditEntry.objects.get(verb="person.delete").subject == f"club.person:{person.pk}"
    assert not Person.objects.filter(pk=person.pk).exists()


def test_back_office_is_closed_to_other_users(client):
    client.force_login(make_person())
    assert client.get("/back-office/club/person/").status_code in {302, 403}
