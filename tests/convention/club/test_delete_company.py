"""The secretary deletes a company added by mistake, and merges duplicates within the rules for roles."""

import pytest
from django.utils import timezone

from convention.audit.models import AuditEntry
from convention.club.models import ClubRole, Company, CompanyRole, Employment
from tests.factories import START_OF_2020, make_administrator, make_company, make_event, make_person
from tests.site_objects import make_client

pytestmark = pytest.mark.django_db


@pytest.fixture
def secretary():
    person = make_person()
    ClubRole.objects.create(person=person, role="secretary", starts_on=START_OF_2020)
    return make_client(person)


@pytest.fixture
def company():
    return make_company(role=None, name="Banque Rose")


def get_path(company, page="delete"):
    return f"/en/organize/club/companies/{company.slug}/{page}/"


def merge(client, company, into):
    fields = {"into": into.pk, "on": timezone.localdate().isoformat(), "confirm": "1"}
    return client.post(get_path(company, "merge"), fields)


def test_edit_page_leads_to_the_deletion(secretary, company):
    page = secretary.get(get_path(company, "edit")).text

    assert get_path(company) in page


def test_deletion_asks_first(secretary, company):
    page = secretary.get(get_path(company)).text

    assert "Delete Banque Rose?" in page
    assert Company.objects.filter(pk=company.pk).exists()


def test_company_without_uses_is_deleted(secretary, company):
    CompanyRole.objects.create(company=company, role="vendor", starts_on=START_OF_2020)

    answer = secretary.post(get_path(company), follow=True)

    assert "Banque Rose has been deleted." in answer.text
    assert not Company.objects.filter(pk=company.pk).exists()
    assert AuditEntry.objects.filter(verb="company.delete").count() == 1


def make_employee(company):
    Employment.objects.create(person=make_person(), company=company, starts_on=START_OF_2020)


def make_hosted_event(company):
    make_event(host=company)


def give_analyst_role(company):
    CompanyRole.objects.create(company=company, role="analyst", starts_on=START_OF_2020)


def make_subsidiary(company):
    make_company(role=None, parent=company)


@pytest.mark.parametrize(
    ("add_use", "use"),
    [
        (make_employee, "Employment: 1"),
        (make_hosted_event, "Events: 1"),
        (give_analyst_role, "Company roles: 1"),
        (make_subsidiary, "Companies: 1"),
    ],
)
def test_company_in_use_stays(secretary, company, add_use, use):
    add_use(company)

    answer = secretary.post(get_path(company))

    assert use in answer.text
    assert Company.objects.filter(pk=company.pk).exists()


def test_administrator_deletes_a_company_with_any_role(company):
    give_analyst_role(company)

    make_client(make_administrator()).post(get_path(company))

    assert not Company.objects.filter(pk=company.pk).exists()


def test_secretary_merges_a_duplicate(secretary, company):
    into = make_company(name="Mutuelle Verte")
    CompanyRole.objects.create(company=company, role="vendor", starts_on=START_OF_2020)
    make_employee(company)

    merge(secretary, company, into)

    company.refresh_from_db()
    assert company.parent == into
    assert Employment.objects.open().filter(company=into).count() == 1


def test_secretary_moves_no_role_that_only_administrators_give(secretary, company):
    administrator = make_administrator()
    give_analyst_role(company)

    answer = merge(secretary, company, make_company(name="Mutuelle Verte"))

    company.refresh_from_db()
    assert company.merged_on is None
    assert "Mutuelle Verte would get a role that only administrators give: analyst." in answer.text
    assert f"merge the companies: {administrator}." in answer.text


def test_secretary_merges_a_company_whose_role_the_other_one_has(secretary, company):
    into = make_company(name="Mutuelle Verte")
    for row in (company, into):
        give_analyst_role(row)

    merge(secretary, company, into)

    company.refresh_from_db()
    assert company.parent == into
