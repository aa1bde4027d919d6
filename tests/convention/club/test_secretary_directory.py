"""The secretary reads the directory, adds and edits companies and people, and gives seats."""

import datetime

import pytest
from django.utils import timezone
from lxml import html

from convention.audit.models import AuditEntry
from convention.club.models import (
    ClubRole,
    Company,
    CompanyContact,
    CompanyRole,
    Employment,
    Mandate,
    Membership,
    Person,
    WorkingGroup,
)
from convention.club.permissions import get_member_company
from tests.factories import (
    START_OF_2020,
    make_company,
    make_contact,
    make_member,
    make_membership,
    make_person,
)
from tests.site_objects import make_client

pytestmark = pytest.mark.django_db


@pytest.fixture
def secretary():
    person = make_person()
    ClubRole.objects.create(person=person, role="secretary", starts_on=START_OF_2020)
    return make_client(person)


def find_actions(page):
    """Return the addresses of the links and forms of a page's content."""
    tree = html.fromstring(page.text)
    return {*tree.xpath("//main//a/@href"), *tree.xpath("//main//form/@action")}


def test_secretary_reads_companies_people_and_groups_without_links_to_refused_pages(secretary):
    member = make_member()
    company = member.employments.get().company
    group = WorkingGroup.objects.create(name="Stockage", slug="stockage")
    Mandate.objects.create(group=group, person=member, role="lead", starts_on=START_OF_2020)
    CompanyContact.objects.create(company=company, person=member, starts_on=START_OF_2020)
    ClubRole.objects.create(person=member, role="treasurer", starts_on=START_OF_2020)
    paths = [
        "/en/organize/club/",
        f"/en/organize/club/companies/{company.slug}/",
        "/en/organize/club/people/",
        f"/en/organize/club/people/{member.pk}/",
        "/en/organize/club/groups/",
        "/en/organize/club/groups/stockage/",
    ]

    actions = {action for path in paths for action in find_actions(secretary.get(path))}
    refused = {
        action
        for action in actions
        if action.startswith("/en/organize/") and secretary.get(action).status_code == 403
    }

    assert "/en/organize/club/companies/new/" in actions
    assert "/en/organize/club/people/new/" in actions
    assert refused == set()


def test_secretary_adds_a_company_and_a_person_with_their_employer(secretary):
    secretary.post("/en/organize/club/companies/new/", {"name": "Nimbus Cloud", "country": "FR"})
    secretary.post(
        "/en/organize/club/people/new/",
        {"first_name": "Ana", "last_name": "Silva", "email": "ana@nimbus.example", "language": "fr"},
    )
    company, person = Company.objects.get(name="Nimbus Cloud"), Person.objects.get(last_name="Silva")
    secretary.post(
        f"/en/organize/club/people/{person.pk}/jobs/",
        {"job-company": company.pk, "job-starts_on": "2026-01-01"},
    )

    assert [employment.company for employment in person.employments.all()] == [company]


def test_secretary_corrects_a_company(secretary):
    company = make_company(name="Nimbus Cluod")
    address = f"/en/organize/club/companies/{company.slug}/"
    fields = {"name": "Nimbus Cloud", "country": "FR", "city": "Rennes"}

    page = secretary.get(address)
    secretary.post(f"{address}edit/", fields)

    company.refresh_from_db()
    assert f"{address}edit/" in find_actions(page)
    assert company.name == "Nimbus Cloud"
    assert company.city == "Rennes"


def test_secretary_gives_and_ends_the_role_of_vendor_only(secretary):
    company, member = make_company(), make_company(role="member")
    address = f"/en/organize/club/companies/{company.slug}/roles/"
    member_role = member.roles.get(role="member")

    secretary.post(address, {"role-role": "organizer", "role-starts_on": "2026-01-01"})
    secretary.post(address, {"role-role": "vendor", "role-starts_on": "2026-01-01"})
    vendor_role = company.roles.get(starts_on=datetime.date(2026, 1, 1))
    secretary.post(f"{address}{vendor_role.pk}/end/")
    refusal = secretary.post(f"/en/organize/club/companies/{member.slug}/roles/{member_role.pk}/end/")

    ended_role = CompanyRole.objects.get(pk=vendor_role.pk)
    assert vendor_role.role == "vendor"
    assert ended_role.ends_on is not None
    assert refusal.status_code == 403


def edit_person(client, person, **changes):
    """Post the page that edits the person, and return it."""
    values = {
        "first_name": person.first_name, "last_name": person.last_name, "email": person.email or "",
        "language": person.language,
    }  # fmt: skip
    return client.post(f"/en/organize/club/people/{person.pk}/edit/", values | changes)


def test_secretary_corrects_a_name_and_a_job_title(secretary):
    member = make_member(first_name="Ana", last_name="Sliva")
    job = member.employments.get()

    edit_person(secretary, member, last_name="Silva")
    secretary.post(
        f"/en/organize/club/people/{member.pk}/jobs/{job.pk}/",
        {"title": "Directrice", "starts_on": job.starts_on},
    )

    member.refresh_from_db()
    job.refresh_from_db()
    assert member.last_name == "Silva"
    assert job.title == "Directrice"


def test_secretary_adds_a_group_and_appoints_its_lead(secretary):
    assert "Add a group</a>" in secretary.get("/en/organize/club/groups/").content.decode()
    secretary.post("/en/organize/club/groups/new/", {"name": "Stockage", "kind": "thematic"})
    at = "/en/organize/club/groups/stockage/"
    make_person(email="lead@firm.example", first_name="Ana", last_name="Silva")

    page = secretary.get(at).content.decode()
    fields = {"email": "lead@firm.example", "starts_on": "2026-01-01", "role": "lead"}
    secretary.post(at, fields)

    assert "Appoint someone" in page
    mandate = Mandate.objects.get()
    assert mandate.person.email == "lead@firm.example"

    secretary.post(f"{at}mandates/{mandate.pk}/", {"starts_on": "2025-01-01", "ends_on": ""})
    mandate.refresh_from_db()

    assert mandate.starts_on.year == 2025

    secretary.post(f"{at}mandates/{mandate.pk}/end/")

    assert not Mandate.objects.open().exists()


def test_menu_of_the_secretary_leads_to_the_directory(secretary):
    page = html.fromstring(secretary.get("/en/organize/club/people/").text)

    entry = page.xpath("//nav[@aria-label='Main']/a[@href='/en/organize/club/']")[0]

    assert entry.text_content() == "Directory"
    assert entry.get("aria-current") == "true"


def read_membership(client, person):
    """Return the text of the field “Member” of a person’s page, and the links in it."""
    tree = html.fromstring(client.get(f"/en/organize/club/people/{person.pk}/").text)
    [field] = tree.xpath("//main//dt[.='Member']/following-sibling::dd")
    return " ".join(field.text_content().split()), field.xpath(".//a/@href")


def make_employee_without_seat(company):
    person = make_person()
    Employment.objects.create(person=person, company=company, starts_on=START_OF_2020)
    return person


def test_page_of_person_without_seat_names_the_contacts_too(secretary):
    contact = make_contact(first_name="Ana", last_name="Silva")
    company = contact.employments.get().company

    text, links = read_membership(secretary, make_employee_without_seat(company))

    assert f"{company} has a free seat." in text
    assert text.endswith("Contacts: Ana Silva")
    assert links == [f"/en/organize/club/people/{contact.pk}/"]


def test_page_of_person_without_seat_names_the_company_with_a_free_one(secretary):
    company = make_member().employments.get().company

    text, links = read_membership(secretary, make_employee_without_seat(company))

    assert text.endswith(f"{company} has a free seat.")
    assert links == []


def test_page_of_person_without_seat_offers_none_if_all_are_given(secretary):
    contact = make_contact()
    company = contact.employments.get().company
    Membership.objects.filter(company=company).update(seats=1, extra_seats=0)

    text, _links = read_membership(secretary, make_employee_without_seat(company))

    assert text == "no: this person has no current seat"


def press_button(client, page, label):
    """Post the form of the page whose button has this label, without what only screen readers read."""
    tree = html.fromstring(page.content)
    for hidden in tree.xpath("//*[contains(@class, 'visually-hidden')]"):
        hidden.drop_tree()
    [form] = [form for form in tree.xpath("//main//form") if label in form.text_content()]
    hidden_fields = {field.name: field.value for field in form.xpath(".//input[@type='hidden']")}
    return client.post(form.get("action"), hidden_fields)


def test_secretary_gives_a_seat_on_the_page_of_the_person(secretary, run_tasks, mailoutbox):
    company = make_member().employments.get().company
    person = make_employee_without_seat(company)
    path = f"/en/organize/club/people/{person.pk}/"

    response = press_button(secretary, secretary.get(path), f"Give a seat of {company}")

    run_tasks()
    assert response["Location"] == path
    assert get_member_company(person) == company
    assert [mail.to for mail in mailoutbox] == [[person.email]]


def test_audit_entry_of_a_seat_names_the_secretary(secretary):
    company = make_member().employments.get().company
    employment = make_employee_without_seat(company).employments.get()

    secretary.post(f"/en/organize/club/companies/{company.slug}/seats/give/{employment.pk}/")

    entry = AuditEntry.objects.get(verb="seat.give")
    assert entry.actor_id == ClubRole.objects.get(role="secretary").person_id


def test_secretary_gives_the_last_seat_to_another_person(secretary, run_tasks, mailoutbox):
    member = make_member()
    company = member.employments.get().company
    Membership.objects.filter(company=company).update(seats=1, extra_seats=0)
    successor = make_employee_without_seat(company)
    path = f"/en/organize/club/companies/{company.slug}/seats/move/{member.seats.get().pk}/"

    secretary.post(path, {"person": successor.pk})

    run_tasks()
    assert get_member_company(member) is None
    assert get_member_company(successor) == company
    assert [mail.to for mail in mailoutbox] == [[successor.email]]


def test_seat_cannot_be_moved_to_a_person_of_another_company(secretary):
    member, stranger = make_member(), make_employee_without_seat(make_company())
    company = member.employments.get().company
    path = f"/en/organize/club/companies/{company.slug}/seats/move/{member.seats.get().pk}/"

    page = secretary.post(path, {"person": stranger.pk})

    assert "person" in page.context["form"].errors
    assert get_member_company(member) == company


def test_moved_seat_ends_on_the_same_day(secretary):
    member = make_member()
    last_day = timezone.localdate() + datetime.timedelta(days=30)
    member.seats.update(ends_on=last_day)
    company = member.employments.get().company
    successor = make_employee_without_seat(company)
    path = f"/en/organize/club/companies/{company.slug}/seats/move/{member.seats.get().pk}/"

    secretary.post(path, {"person": successor.pk})

    assert successor.seats.get().ends_on == last_day


def test_seat_that_has_ended_is_not_moved(secretary):
    member = make_member()
    member.seats.update(ends_on=timezone.localdate() - datetime.timedelta(days=1))
    company = member.employments.get().company
    successor = make_employee_without_seat(company)
    path = f"/en/organize/club/companies/{company.slug}/seats/move/{member.seats.get().pk}/"

    page = secretary.post(path, {"person": successor.pk})

    assert "This seat has ended" in page.text
    assert not successor.seats.exists()


def test_secretary_reads_the_seat_actions_on_the_company_page(secretary):
    company = make_member().employments.get().company
    employment = make_employee_without_seat(company).employments.get()

    actions = find_actions(secretary.get(f"/en/organize/club/companies/{company.slug}/"))

    assert f"/en/organize/club/companies/{company.slug}/seats/give/{employment.pk}/" in actions


def make_grace_period(company, **renewal_fields):
    """Return the renewal of the company's membership, which is in its grace period."""
    today = timezone.localdate()
    ended_on = today - datetime.timedelta(days=10)
    company.memberships.update(ends_on=ended_on, grace_until=today + datetime.timedelta(days=20))
    first_day = ended_on + datetime.timedelta(days=1)
    return make_membership(company, starts_on=first_day, confirmed_on=first_day, **renewal_fields)


def test_seat_in_a_grace_period_is_given_in_the_renewal(secretary):
    company = make_company()
    renewal = make_grace_period(company)
    person = make_employee_without_seat(company)

    press_button(
        secretary, secretary.get(f"/en/organize/club/people/{person.pk}/"), f"Give a seat of {company}"
    )

    assert person.seats.get().membership == renewal


def test_page_of_person_offers_no_seat_of_a_grace_period(secretary):
    company = make_company()
    make_grace_period(company, seats=0)

    text, _links = read_membership(secretary, make_employee_without_seat(company))

    assert text == "no: this person has no current seat"


def test_page_of_company_counts_the_seats_of_the_renewal(secretary):
    company = make_company()
    make_grace_period(company, seats=7)

    tree = html.fromstring(secretary.get(f"/en/organize/club/companies/{company.slug}/").text)

    assert tree.xpath("//dt[.='Seats']/following-sibling::dd/text()") == ["0 / 7"]


@pytest.mark.parametrize("page", ["person", ""])
def test_full_membership_is_named_on_the_page_with_the_button(secretary, page):
    company = make_member().employments.get().company
    company.memberships.update(seats=1)
    person = make_employee_without_seat(company)
    path = f"/en/organize/club/companies/{company.slug}/seats/give/{person.employments.get().pk}/"

    response = secretary.post(path, {"page": page}, follow=True)

    back = f"people/{person.pk}/" if page else f"companies/{company.slug}/"
    assert response.request["PATH_INFO"] == f"/en/organize/club/{back}"
    assert "The only seat of this membership is in use." in response.text
    assert not person.seats.exists()


def test_missing_membership_is_named_on_the_page_of_the_company(secretary):
    company = make_company(role=None)
    person = make_employee_without_seat(company)
    path = f"/en/organize/club/companies/{company.slug}/seats/give/{person.employments.get().pk}/"

    response = secretary.post(path, follow=True)

    assert "The company has no membership, so there are no seats to give." in response.text
