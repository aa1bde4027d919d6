"""The secretary manages contacts, memberships, changes of employer and imports, within limits."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone, translation
from lxml import html

from convention.audit.models import AuditEntry
from convention.club.directory_import.import_directory import import_directory, preview_directory_import
from convention.club.directory_import.undo import preview_undo, undo_directory_import
from convention.club.models import ClubRole, Company, Employment, Person, Plan
from convention.club.permissions import get_companies_of_contact, get_member_company
from convention.jobs.models import Job
from convention.tables.files import read_table
from convention.tables.import_payload import MAX_IMMEDIATE_ROWS
from convention.tables.row_errors import InvalidRows
from tests.factories import START_OF_2020, make_company, make_contact, make_member, make_person
from tests.site_objects import make_client

pytestmark = pytest.mark.django_db
AT = "/en/organize/club/"
TODAY = timezone.localdate


@pytest.fixture
def secretary():
    person = make_person()
    ClubRole.objects.create(person=person, role="secretary", starts_on=START_OF_2020)
    return person


@pytest.fixture
def client(secretary):
    return make_client(secretary)


def import_text(text, actor):
    with translation.override("en"):
        return import_directory(table=read_table("list.csv", text.encode()), actor=actor)


def find_import_errors(text, actor):
    with pytest.raises(InvalidRows) as error:
        import_text(text, actor)
    return [sentence for _row, sentence in error.value.rows]


def make_employee(company, **fields):
    person = make_person(**fields)
    Employment.objects.create(person=person, company=company, starts_on=START_OF_2020)
    return person


def test_secretary_appoints_and_dismisses_a_contact(client, run_tasks, mailoutbox):
    company = make_company()
    path = f"{AT}companies/{company.slug}/"
    fields = {"email": "ana@firm.example", "first_name": "Ana", "last_name": "Silva", "starts_on": TODAY()}

    client.post(path, fields)
    run_tasks()
    person = Person.objects.get(email="ana@firm.example")
    companies = list(get_companies_of_contact(person))
    client.post(f"{path}contacts/{person.company_contacts.get().pk}/end/")

    assert companies == [company]
    assert [mail.to for mail in mailoutbox] == [["ana@firm.example"]]
    assert list(get_companies_of_contact(Person.objects.get(pk=person.pk))) == []


def test_secretary_creates_and_confirms_a_membership(client, secretary):
    plan, company = Plan.objects.create(slug="p", name="Essentiel", seats=2), make_company(role=None)

    answer = client.post(
        f"{AT}companies/{company.slug}/memberships/new/", {"plan": plan.pk, "starts_on": TODAY()}
    )
    client.post(f"{answer['Location']}confirm/")

    assert company.memberships.get().state == "active"
    assert AuditEntry.objects.get(verb="membership.confirm").actor_id == secretary.pk


def test_secretary_changes_an_employer(client):
    member, company = make_member(), make_company()

    client.post(f"{AT}people/{member.pk}/employer/", {"on": TODAY(), "to": company.pk})

    assert member.employments.open().get().company == company
    assert get_member_company(member) is None


def test_company_page_shows_dues_votes_and_representative(client):
    member = make_member(first_name="Zoé", last_name="Roi")
    company = member.employments.get().company
    company.memberships.update(dues_cents=250_000, votes=3, representative=member)

    facts = html.fromstring(client.get(f"{AT}companies/{company.slug}/").text).xpath("//main//dl")[0]
    texts = {dt.text_content(): " ".join(dt.getnext().text_content().split()) for dt in facts.xpath(".//dt")}

    assert texts["Dues"] == "€2,500"
    assert texts["Votes"] == "3Voting representative: Zoé Roi"


def test_secretary_reads_no_link_to_the_treasurer_on_a_membership(client):
    company = make_company()
    company.memberships.update(dues_cents=250_000)

    page = client.get(f"{AT}companies/{company.slug}/memberships/{company.memberships.get().pk}/")

    assert page.status_code == 200
    assert "Invoice the dues" not in page.text


def test_secretary_imports_people_with_a_contact_and_a_seat(client):
    company = make_company(name="Lac")
    text = "company,first_name,last_name,email,seat,contact\nLac,Zoé,Roi,zoe@lac.example,yes,yes\n"
    upload = SimpleUploadedFile("list.csv", text.encode())

    page = html.fromstring(client.post(f"{AT}import/", {"file": upload, "check": "1"}).text)
    client.post(f"{AT}import/", {"checked": page.xpath("//textarea[@name='checked']")[0].text})

    person = Person.objects.get(email="zoe@lac.example")
    assert get_member_company(person) == company
    assert list(get_companies_of_contact(person)) == [company]


def test_import_by_the_secretary_gives_a_company_only_the_role_of_vendor(secretary):
    text = "company,roles\nLac,vendor\nRive,organizer\n"

    errors = find_import_errors(text, secretary)

    assert errors == ["Only administrators give companies the role “organizer”. Take it out of the list."]


def test_import_by_the_secretary_may_repeat_a_role_that_the_company_has(secretary):
    company = make_company(name="Lac")

    import_text("company,roles\nLac,member\n", secretary)

    assert company.roles.count() == 1


def test_import_by_the_secretary_enters_no_address_for_the_holder_of_a_role(secretary):
    company = make_company(name="Lac")
    treasurer = make_employee(company, email=None, first_name="Zoé", last_name="Roi")
    ClubRole.objects.create(person=treasurer, role="treasurer", starts_on=START_OF_2020)

    errors = find_import_errors(
        "company,first_name,last_name,email\nLac,Zoé,Roi,mine@secretary.example\n", secretary
    )

    treasurer.refresh_from_db()
    assert errors == [
        "Only administrators can enter an address for Zoé Roi: this person has a role or has signed in."
    ]
    assert treasurer.email is None


def test_preview_for_the_secretary_names_refused_roles(secretary):
    table = read_table("list.csv", b"company,roles\nRive,organizer\n")

    with pytest.raises(InvalidRows):
        preview_directory_import(table=table, actor=secretary)


def test_long_import_by_the_secretary_is_limited_too(client, secretary, run_tasks):
    rows = "".join(f"Rive {number},organizer\n" for number in range(MAX_IMMEDIATE_ROWS + 1))

    client.post(f"{AT}import/", {"checked": f"company,roles\n{rows}", "name": "list.csv"})
    run_tasks()

    assert Job.objects.get().state == Job.State.REFUSED
    assert not Company.objects.filter(name__startswith="Rive").exists()


def test_undo_by_the_secretary_leaves_addresses_of_people_with_roles(secretary):
    person = make_employee(make_company(name="Lac"), email=None, first_name="Zoé", last_name="Roi")
    record = import_text(
        "company,first_name,last_name,email\nLac,Zoé,Roi,zoe@lac.example\n", None
    ).import_record
    ClubRole.objects.create(person=person, role="administrator", starts_on=START_OF_2020)

    with translation.override("en"):
        undone = undo_directory_import(import_record=record, actor=secretary)

    person.refresh_from_db()
    assert person.email == "zoe@lac.example"
    assert undone.named_skipped_rows == [("Zoé Roi", "only administrators can change it")]


def test_undo_by_the_secretary_leaves_the_roles_of_companies(secretary):
    make_company(name="Lac", role=None)
    record = import_text("company,roles\nLac,organizer\n", None).import_record

    undo = preview_undo(record, actor=secretary)

    assert undo.removed_keys["role"] == []


def test_pages_for_the_secretary_lead_to_imports_and_changes_of_employer(client):
    contact = make_contact()

    list_page = client.get(AT).text
    person_page = client.get(f"{AT}people/{contact.pk}/").text

    assert f'href="{AT}import/"' in list_page
    assert f'href="{AT}people/{contact.pk}/employer/"' in person_page
