"""People of the club: search, employments, changes of employer and successors."""

import datetime

import pytest
from django.utils import timezone

from convention.audit.models import AuditEntry
from convention.club.change_employer import HandoverPlan, MandateOutcome, change_employer, hand_over_mandates
from convention.club.companies import end_company_role, give_company_role, save_company
from convention.club.downloads import CLUB_LISTS
from convention.club.models import Company, CompanyRole, Employment, Mandate, Market, Person, WorkingGroup
from convention.club.people import EmailTaken, add_colleague, add_employment, search_people
from convention.club.permissions import get_companies_of_contact
from convention.errors import InvalidFields
from tests.factories import (
    START_OF_2020,
    make_administrator,
    make_company,
    make_contact,
    make_member,
    make_person,
)
from tests.threads import run_in_threads

pytestmark = pytest.mark.django_db
AT = "/organize/club/"
TODAY = timezone.localdate
ONE_DAY = datetime.timedelta(days=1)


@pytest.fixture
def admin(client):
    client.force_login(make_administrator())
    return client


def make_group_lead(person):
    group = WorkingGroup.objects.create(slug="cloud", name="Cloud", kind="thematic")
    return Mandate.objects.create(group=group, person=person, role="lead", starts_on=START_OF_2020)


def test_same_company_role_cannot_overlap_but_different_roles_can():
    company = make_company()
    vendor = give_company_role(company=company, role="vendor", starts_on=TODAY(), ends_on=TODAY() + ONE_DAY)

    assert sorted(CompanyRole.objects.open().values_list("role", flat=True)) == ["member", "vendor"]
    with pytest.raises(InvalidFields):
        give_company_role(company=company, role="vendor", starts_on=TODAY() + ONE_DAY)

    give_company_role(company=company, role="vendor", starts_on=TODAY() + 2 * ONE_DAY)
    end_company_role(role=vendor)

    assert CompanyRole.objects.filter(role="vendor").count() == 1

    member = CompanyRole.objects.get(role="member")
    end_company_role(role=member)

    member.refresh_from_db()
    assert member.ends_on == TODAY() - ONE_DAY


def test_employments_at_one_company_cannot_overlap():
    person, company = make_person(), make_company()
    add_employment(person=person, company=company, starts_on=START_OF_2020, ends_on=TODAY() - ONE_DAY)

    with pytest.raises(InvalidFields):
        add_employment(person=person, company=company, starts_on=TODAY() - ONE_DAY)

    add_employment(person=person, company=company, starts_on=TODAY())
    add_employment(person=person, company=make_company(), starts_on=TODAY(), title="Conseil")

    assert Employment.objects.open().filter(person=person).count() == 2


def test_successor_takes_over_contact_billing_vote_and_mandate():
    company, after = make_company(), make_company()
    leaver, heir, leads = make_contact(company), make_member(company), make_person()
    mandate = make_group_lead(leaver)
    company.memberships.update(representative=leaver, billing_contact=leaver)
    change_employer(
        person=leaver,
        to=after,
        on=TODAY(),
        handover=HandoverPlan(
            company_successor=heir, mandate_outcome=MandateOutcome.HAND_OVER, mandate_successor=leads
        ),
    )

    membership = company.memberships.get()

    assert membership.representative == heir
    assert membership.billing_contact == heir
    assert [list(get_companies_of_contact(one)) for one in (leaver, heir)] == [[], [company]]
    mandate.refresh_from_db()
    assert mandate.ends_on == TODAY() - ONE_DAY
    held = Mandate.objects.open().get()
    assert held.person == leads
    assert held.role == "lead"
    assert held.starts_on == TODAY()


def test_mandate_that_ends_before_the_change_is_left_alone():
    leaver, successor = make_member(make_company()), make_person()
    mandate = make_group_lead(leaver)
    Mandate.objects.update(ends_on=TODAY() - ONE_DAY)

    hand_over_mandates(person=leaver, on=TODAY(), successor=successor)

    assert Mandate.objects.get() == mandate
    assert not AuditEntry.objects.filter(verb__startswith="mandate.").exists()


@pytest.mark.parametrize(("choice", "still_leads"), [("stay", True), ("end", False)])
def test_company_without_successor_has_no_representative_or_contact(choice, still_leads):
    company = make_company()
    leaver = make_contact(company)
    make_group_lead(leaver)
    company.memberships.update(representative=leaver)

    change_employer(person=leaver, to=None, on=TODAY(), handover=HandoverPlan(mandate_outcome=choice))

    assert company.memberships.get().representative is None
    assert company.contacts.get().ends_on == TODAY() - ONE_DAY
    assert Mandate.objects.open().filter(person=leaver).exists() == still_leads


def test_successor_must_be_another_employee_of_the_company():
    company = make_company()
    leaver = make_contact(company)

    for heir in (leaver, make_member()):
        with pytest.raises(InvalidFields) as refused:
            change_employer(person=leaver, to=None, on=TODAY(), handover=HandoverPlan(company_successor=heir))
        assert list(refused.value.field_errors) == ["company_successor"]

    with pytest.raises(InvalidFields) as refused:
        change_employer(
            person=leaver,
            to=None,
            on=TODAY(),
            handover=HandoverPlan(mandate_outcome=MandateOutcome.HAND_OVER, mandate_successor=leaver),
        )
    assert list(refused.value.field_errors) == ["mandate_successor"]


def test_successor_takes_over_current_and_later_mandates():
    leaver, heir, closed = make_person(), make_person(), make_person(is_active=False)
    mandate = make_group_lead(leaver)
    later = {"group": mandate.group, "role": "member", "starts_on": TODAY() + 9 * ONE_DAY}
    Mandate.objects.create(person=leaver, **later)
    Mandate.objects.create(person=heir, group=mandate.group, role=mandate.role, starts_on=START_OF_2020)
    plan = HandoverPlan(mandate_outcome=MandateOutcome.HAND_OVER, mandate_successor=heir)
    with pytest.raises(InvalidFields):
        change_employer(person=leaver, to=None, on=TODAY(), handover=HandoverPlan(company_successor=closed))
    change_employer(person=leaver, to=None, on=TODAY(), handover=plan)

    lasting = Mandate.objects.exclude(ends_on__lt=TODAY()).order_by("starts_on")
    assert list(lasting.values_list("person", "role", "starts_on")) == [
        (heir.pk, mandate.role, START_OF_2020),
        (heir.pk, "member", TODAY() + 9 * ONE_DAY),
    ]


def test_people_are_found_by_words_company_and_seat():
    company = make_company()
    ana = make_member(company, first_name="Ana", last_name="Silva", email="a@x.example")
    zoe = make_person(first_name="Zoé", last_name="Silva", email="zoe@x.example")
    Employment.objects.create(person=zoe, company=company, starts_on=START_OF_2020)
    make_person(first_name="Ana", last_name="Gone", is_active=False)

    find = search_people

    assert [list(find(words)) for words in ("silva ana", "zoe@x", "gone", "a b")] == [[ana], [zoe], [], []]
    assert list(find("", company=company.slug)) == [ana, zoe]
    assert [list(find("", company=company.slug, seat=seat)) for seat in ("held", "none")] == [[ana], [zoe]]


def test_person_is_found_edited_and_changes_employer_on_pages(admin):
    company, after = make_company(name="Avant"), make_company(name="Après")
    person = make_contact(company, first_name="Ana", last_name="Silva")
    make_group_lead(person)
    leads = make_person(email="lead@x.example")
    heir = make_member(company)

    page = admin.get(f"{AT}people/?q=silva&seat=held&company={company.slug}")

    assert set(page.context["page_obj"]) == {person, heir}

    at = f"{AT}people/{person.pk}/"
    names = {"first_name": " Anna ", "last_name": "Silva", "email": person.email, "language": "en"}

    admin.post(f"{at}edit/", names)

    person.refresh_from_db()
    assert person.first_name == "Anna"
    assert person.language == "en"

    nameless = admin.post(f"{at}edit/", {**names, "first_name": "", "last_name": ""})

    assert list(nameless.context["form"].errors) == ["last_name"]

    past = {"job-company": after.pk, "job-starts_on": "2010-01-01", "job-ends_on": "2011-01-01"}

    assert admin.post(f"{at}jobs/", past)["Location"] == at

    twice = admin.post(f"{at}jobs/", past)

    assert list(twice.context["job_form"].errors) == ["company"]

    job = person.employments.get(company=company)
    admin.post(f"{at}jobs/{job.pk}/", {"title": "RSSI", "level": "manager", "starts_on": job.starts_on})

    job.refresh_from_db()
    assert job.title == "RSSI"
    assert job.level == "manager"

    typed = {
        "on": TODAY(),
        "to": after.pk,
        "company_successor": heir.pk,
        "mandates": "hand_over",
        "mandate_successor": "nobody@x.example",
    }

    assert list(admin.post(f"{at}employer/", typed).context["form"].errors) == ["mandate_successor"]
    for year in ("0001-01-01", "0026-01-01", "9999-12-31"):  # sent by browsers for an incomplete year
        assert list(admin.post(f"{at}employer/", {**typed, "on": year}).context["form"].errors) == [
            "on",
            "mandate_successor",
        ]
    assert admin.post(f"{at}employer/", {**typed, "mandate_successor": "Lead@x.example"})["Location"] == at
    assert Mandate.objects.open().get().person == leads
    assert list(get_companies_of_contact(heir)) == [company]
    assert "Après" in admin.get(at).content.decode()


def test_markets_and_company_roles_are_edited_on_pages(admin):
    company = make_company(role="vendor")
    admin.post(f"{AT}markets/", {"name": " Le  nuage ", "name_en": "Cloud"})

    market = Market.objects.get()
    assert market.slug == "le-nuage"
    assert market.name == "Le nuage"
    assert list(admin.post(f"{AT}markets/", {"name": "le nuage"}).context["form"].errors) == ["name"]

    admin.post(f"{AT}markets/le-nuage/", {"name": "Nuage", "name_en": "Cloud"})
    fields = {"name": company.name, "country": "FR", "markets": [market.pk]}

    admin.post(f"{AT}companies/{company.slug}/edit/", fields)

    assert [one.name for one in company.markets.all()] == ["Nuage"]

    page = admin.get(f"{AT}markets/le-nuage/")

    assert list(page.context["companies"]) == [company]
    assert page.context["rows"][0].company_count == 1

    at = f"{AT}companies/{company.slug}/roles/"
    admin.post(at, {"role-role": "analyst", "role-starts_on": TODAY()})

    twice = admin.post(at, {"role-role": "analyst", "role-starts_on": TODAY()})

    assert list(twice.context["role_form"].errors) == ["role"]

    admin.post(f"{at}{company.roles.get(role='analyst').pk}/end/")

    assert [role.role for role in company.roles.all()] == ["vendor"]
    found = admin.get(f"{AT}?role=vendor").context["rows"]
    assert [row.company for row in found] == [company]


def test_subsidiary_cannot_be_parent_of_its_parent(admin):
    top = make_company(name="Tête")
    below = make_company(name="Fille", parent=top)
    typed = {"name": "Tête", "country": "FR", "parent": below.pk}

    answer = admin.post(f"{AT}companies/{top.slug}/edit/", typed)

    assert list(answer.context["form"].errors) == ["parent"]
    assert Company.objects.get(pk=top.pk).parent is None


def test_a_company_is_not_offered_as_its_own_parent(admin):
    company, other = make_company(name="Tête"), make_company(name="Fille")

    choices = admin.get(f"{AT}companies/{company.slug}/edit/").context["form"].fields["parent"].queryset

    assert other in choices
    assert company not in choices


def test_person_without_employer_is_found(admin):
    person = make_member(first_name="Ana", last_name="Seule")
    change_employer(person=person, to=None, on=TODAY())

    [one] = admin.get(f"{AT}people/?q=seule").context["page_obj"]
    assert one == Person.objects.get(pk=person.pk)
    assert one.current_employments == []
    assert one.current_seats == []


def test_company_list_is_sorted_in_french_order():
    for name in ("Zénith", "de Dietrich", "Éditions", "Eau", "Œuvres"):
        make_company(name=name)
    in_order = ["de Dietrich", "Eau", "Éditions", "Œuvres", "Zénith"]

    assert [row[0] for row in CLUB_LISTS["companies"]().rows] == in_order


@pytest.mark.django_db(transaction=True)
def test_concurrent_first_employers_create_one_employment():
    person = make_person()
    companies = [make_company(), make_company()]

    run_in_threads([lambda to=to: change_employer(person=person, to=to, on=TODAY()) for to in companies])

    assert Employment.objects.filter(person=person).count() == 1


@pytest.mark.django_db(transaction=True)
def test_similar_companies_created_concurrently_get_different_slugs():
    names = ("Acme", "Acme!", "Acme?", "(Acme)")

    run_in_threads(
        [lambda name=name: save_company(company=Company(name=name), changed_fields=[]) for name in names]
    )

    assert sorted(Company.objects.values_list("slug", flat=True)) == ["acme", "acme-2", "acme-3", "acme-4"]


def test_inactive_colleague_is_not_added_again():
    company = make_company()
    colleague = make_member(company, is_active=False)

    with pytest.raises(EmailTaken):
        add_colleague(company=company, email=colleague.email, first_name="Ana", last_name="Silva")
