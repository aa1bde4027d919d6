"""Administrators' pages of companies and memberships."""

import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from lxml import html

from convention.club.models import Company, Employment, Membership, Person, Plan
from convention.club.permissions import get_companies_of_contact, get_member_company
from tests.factories import (
    START_OF_2020,
    make_administrator,
    make_company,
    make_contact,
    make_member,
    make_person,
)

pytestmark = pytest.mark.django_db
AT = "/organize/club/"
TODAY = timezone.localdate
COMPANY = {"name": "Banque  du Lac", "country": "fr", "siren": "732 829 320", "siret": "73282932000074"}


@pytest.fixture
def admin(client):
    client.force_login(make_administrator())
    return client


@pytest.mark.parametrize(
    "name",
    [
        "nimbus  cloud",
        "Nimbus-Cloud",
        "NIMBUS CLOUD",
        "Nimbus cloud.",
        "Nimbus Cloud S.A.S.",
        "SARL Nimbus Cloud",
        "Nimbus Claud",
        "Nimbuss Cloud SAS",
    ],
)
def test_company_with_a_similar_name_needs_a_confirmation(admin, name):
    known = make_company(name="Nimbus Cloud")
    fields = {"name": name, "country": "FR"}

    warned = admin.post(f"/en{AT}companies/new/", fields).text
    count_before = Company.objects.count()
    admin.post(f"/en{AT}companies/new/", {**fields, "is_other_company": "on"})

    assert "The directory may have this company already" in warned
    assert f'href="/en{AT}companies/{known.slug}/"' in warned
    assert count_before == 1
    assert Company.objects.count() == 2


def test_company_with_a_known_siren_needs_a_confirmation(admin):
    make_company(name="Nimbus Cloud", siren="732829320")

    page = admin.post(
        f"/en{AT}companies/new/", {"name": "NC Services", "siren": "732 829 320", "country": "FR"}
    )

    assert "The directory may have this company already" in page.text
    assert Company.objects.count() == 1


def test_company_with_another_siren_is_no_mistyped_one(admin):
    make_company(name="Nimbus Cloud", siren="732829320")

    admin.post(f"/en{AT}companies/new/", {"name": "Nimbus Claud", "siren": "552100554", "country": "FR"})

    assert Company.objects.filter(name="Nimbus Claud").count() == 1


def test_company_keeps_its_name_without_a_confirmation(admin):
    for name in ("Nimbus Cloud", "nimbus cloud"):
        make_company(name=name)
    company = Company.objects.get(name="nimbus cloud")
    path = f"/en{AT}companies/{company.slug}/edit/"

    admin.post(path, {"name": "nimbus cloud", "country": "FR", "sector": "Cloud"})
    company.refresh_from_db()

    assert company.sector == "Cloud"


def test_plan_is_chosen_by_its_dues_and_seats(admin):
    Plan.objects.create(slug="p", name="Essentiel", seats=2, dues_cents=250_000)
    company = make_company()

    page = admin.get(f"/en{AT}companies/{company.slug}/memberships/new/").text

    assert "Essentiel: €2,500, 2 seats" in page


def test_company_is_created_joins_and_renews_its_membership(admin):
    plan = Plan.objects.create(slug="p", name="Essentiel", seats=2, dues_cents=250_000)
    answer = admin.post(f"{AT}companies/new/", COMPANY)

    one = Company.objects.get()
    assert answer["Location"] == f"{AT}companies/banque-du-lac/"
    assert one.name == "Banque du Lac"
    assert one.country == "FR"
    assert one.siren == "732829320"
    assert one.siret == "73282932000074"

    at = answer["Location"]
    days = {"plan": plan.pk, "starts_on": TODAY(), "ends_on": TODAY() + datetime.timedelta(days=30)}
    membership = admin.post(f"{at}memberships/new/", days)["Location"]

    admin.post(f"{membership}confirm/", {"submit": "1"})

    assert Membership.objects.get().state == "pending"

    admin.post(f"{membership}confirm/", {"confirm": "1"})

    assert Membership.objects.get().state == "active"

    admin.post(
        at, {"email": "Cleo@lac.example", "first_name": "Cléo", "last_name": "Roi", "starts_on": TODAY()}
    )

    cleo = Person.objects.get(email="cleo@lac.example")
    assert list(get_companies_of_contact(cleo)) == [one]
    assert get_member_company(cleo) is None

    admin.post(f"{at}seats/give/{cleo.employments.get().pk}/")

    assert get_member_company(cleo) == one

    last = TODAY() + datetime.timedelta(days=395)
    renewed = admin.post(f"{membership}renew/", {"renew-plan": plan.pk, "renew-ends_on": last})["Location"]

    admin.post(f"{renewed}confirm/")

    assert get_member_company(cleo, at=last) == one

    admin.post(f"{at}contacts/{cleo.company_contacts.get().pk}/end/")

    assert list(get_companies_of_contact(cleo)) == []

    admin.post(f"{at}seats/take/{cleo.seats.order_by('starts_on').first().pk}/")

    assert get_member_company(cleo) is None

    page = admin.get(at).content.decode()

    assert [page.count(word) > 0 for word in ("Essentiel", "Cléo Roi")] == [True] * 2


@pytest.mark.parametrize(
    ("page", "typed", "field"),
    [
        ("companies/new/", {**COMPANY, "siren": "732829321"}, "siren"),
        ("companies/new/", {**COMPANY, "siret": "1"}, "siret"),
        ("companies/new/", {**COMPANY, "vat_number": "ZZ1"}, "vat_number"),
        ("companies/new/", {**COMPANY, "postcode": "7500", "city": "Lille"}, "postcode"),
        ("companies/new/", {**COMPANY, "street": "a" * 400}, "street"),
        ("companies/new/", {**COMPANY, "name": "Prise"}, "name"),
        ("companies/prise/", {"email": "nobody@x.example", "starts_on": "2027-01-01"}, "email"),
        (
            "companies/prise/",
            {"email": "x@y.fr", "starts_on": "2027-01-02", "ends_on": "2027-01-01"},
            "ends_on",
        ),
        ("companies/prise/memberships/new/", {"plan": "0", "starts_on": "2027-01-01"}, "plan"),
        ("companies/prise/edit/", {**COMPANY, "country": "France"}, "country"),
    ],
)
def test_invalid_input_is_reported_at_its_field(admin, page, typed, field):
    make_company(name="Prise", slug="prise")
    answer = admin.post(f"{AT}{page}", typed)

    assert answer.status_code == 200
    assert field in answer.context["form"].errors


def test_overlapping_dates_and_seats_in_use_are_reported(admin):
    member = make_member()
    make_member(get_member_company(member))
    one = Membership.objects.get()
    at = f"{AT}companies/{one.company.slug}/memberships/"
    plan = Plan.objects.get()

    answer = admin.post(f"{at}new/", {"plan": plan.pk, "starts_on": "2027-01-01"})

    assert list(answer.context["form"].errors) == ["starts_on"]

    typed = {"starts_on": "2020-01-01", "dues_cents": "1 234,50", "seats": "1", "extra_seats": "0",
             "extra_seat_price_cents": "0", "passes": "2", "votes": "1"}  # fmt: skip
    answer = admin.post(f"{at}{one.pk}/", typed)

    assert list(answer.context["form"].errors) == ["seats"]

    answer = admin.post(f"{at}{one.pk}/", {**typed, "seats": "10001", "extra_seats": "10001"})

    assert list(answer.context["form"].errors) == ["seats", "extra_seats"]

    admin.post(f"{at}{one.pk}/", {**typed, "seats": "2", "representative": member.pk})

    one.refresh_from_db()
    assert one.dues_cents == 123_450
    assert one.seats == 2
    assert one.passes == 2
    assert one.representative == member

    answer = admin.post(f"{at}{one.pk}/renew/", {"renew-plan": plan.pk})

    assert list(answer.context["renewal_form"].errors) == ["ends_on"]

    answer = admin.post(f"{at}{one.pk}/leave/", {"leave-on": "2019-01-01", "leave-left_as": "resigned"})

    assert list(answer.context["end_form"].errors) == ["on"]

    admin.post(f"{at}{one.pk}/leave/", {"leave-on": TODAY(), "leave-left_as": "excluded"})

    assert Membership.objects.get().state == "excluded"
    assert get_member_company(member) is None


def test_change_of_employer_is_saved_with_one_form(admin):
    before, after = make_company(), make_company()
    person = make_contact(before)

    admin.post(
        f"{AT}people/{person.pk}/employer/", {"on": TODAY(), "to": after.pk, "title": "DSI", "level": "cio"}
    )

    assert [job.company for job in person.employments.order_by("starts_on")] == [before, after]

    answer = admin.post(f"{AT}people/{person.pk}/employer/", {"on": TODAY(), "to": after.pk})

    assert list(answer.context["form"].errors) == ["to"]


def test_companies_are_found_and_query_count_does_not_grow(admin):
    def add(number):
        one = make_company(name=f"Banque {number}", siren=f"{number:09}")
        make_contact(one)
        Employment.objects.create(person=make_person(), company=one, starts_on=START_OF_2020)
        return one

    one = add(1)

    def queries():
        with CaptureQueriesContext(connection) as asked:
            for page in ("", f"companies/{one.slug}/", "?q=Banque"):
                admin.get(f"{AT}{page}")
        return len(asked)

    queries()
    few = queries()
    for number in range(2, 8):
        add(number)
        make_contact(one)
    assert queries() == few
    found = {
        words: len(admin.get(f"{AT}?q={words}").context["rows"]) for words in ("000000003", "banque", "x")
    }
    assert found == {"000000003": 1, "banque": 7, "x": 0}


def test_company_country_is_chosen_from_list(admin):
    one = make_company(name="Prise", slug="prise", country="XK")
    at = f"{AT}companies/prise/edit/"

    def offered(address: str) -> list[str]:
        return html.fromstring(admin.get(address).content).xpath("//select[@name='country']/option/text()")

    assert offered(f"{AT}companies/new/")[:2] == ["France", "Afghanistan"]
    assert offered(f"/en{AT}companies/new/")[-1] == "Zimbabwe"
    assert offered(at)[:2] == ["XK", "France"]
    assert admin.post(at, {**COMPANY, "country": "XK"}).status_code == 302
    refused = admin.post(at, {**COMPANY, "country": "ZZ"})
    assert refused.context["form"].errors["country"] == ["Choisissez le pays."]
    assert admin.post(at, {**COMPANY, "country": "DE"}).status_code == 302
    one.refresh_from_db()
    assert one.country == "DE"


@pytest.mark.parametrize(
    ("country", "town"), [("FR", "75001 Paris</dd>"), ("BE", "75001 Paris<br>Belgium</dd>")]
)
def test_company_page_names_foreign_country_and_links_contacts(admin, country, town):
    company = make_company(street="1 rue", postcode="75001", city="Paris", country=country)
    contact = make_contact(company)

    page = admin.get(f"/en{AT}companies/{company.slug}/").text

    assert town in page
    assert f'<th scope="row"><a href="/en{AT}people/{contact.pk}/">' in page
