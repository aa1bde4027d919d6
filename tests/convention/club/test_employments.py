"""Correcting, ending and removing an employment, and the warnings before one is added."""

import datetime

import pytest
from django.utils import timezone, translation

from convention.audit.models import AuditEntry
from convention.club.companies import give_company_role
from convention.club.employments import (
    EmploymentRemoved,
    end_employment,
    remove_employment,
    update_employment,
)
from convention.club.models import ClubRole, CompanyContact, Employment, Market, Seat
from convention.errors import InvalidFields
from tests.factories import (
    START_OF_2020,
    make_account,
    make_company,
    make_contact,
    make_member,
    make_membership,
    make_person,
)
from tests.site_objects import make_client

pytestmark = pytest.mark.django_db

TODAY = timezone.localdate
ONE_DAY = datetime.timedelta(days=1)


@pytest.fixture
def secretary():
    person = make_account()
    ClubRole.objects.create(person=person, role="secretary", starts_on=START_OF_2020)
    return make_client(person)


def get_address(employment, page=""):
    return f"/en/organize/club/people/{employment.person_id}/jobs/{employment.pk}/{page}"


def test_secretary_removes_a_job_with_its_seat_and_roles_after_reading_them(secretary):
    company = make_company(name="Mistaken SA")
    person = make_contact(company)
    other_seat = Seat.objects.exclude(person=person).count()
    company.memberships.update(representative=person)
    job = person.employments.get()
    CompanyContact.objects.filter(person=person).update(starts_on=job.starts_on)

    asked = secretary.get(get_address(job, "remove/")).content.decode()

    assert "Removed with the job" in asked
    assert "Seat, Mistaken SA" in asked
    assert "Role as a contact, Mistaken SA" in asked
    assert "Voting representative of the membership" in asked

    answer = secretary.post(get_address(job, "remove/"), follow=True).content.decode()

    assert "The job at Mistaken SA has been removed." in answer
    assert not person.employments.exists()
    assert not Seat.objects.filter(person=person).exists()
    assert not CompanyContact.objects.filter(person=person).exists()
    assert company.memberships.get().representative is None
    assert Seat.objects.exclude(person=person).count() == other_seat
    assert set(AuditEntry.objects.values_list("verb", flat=True)) == {
        "employment.remove", "seat.remove", "contact.remove", "membership.hand_over",
    }  # fmt: skip


def test_removing_a_mistaken_job_leaves_the_true_job_and_its_seat():
    true_company = make_company()
    person = make_contact(true_company)
    mistaken = Employment.objects.create(person=person, company=make_company(), starts_on=TODAY())

    remove_employment(employment=mistaken)

    assert [job.company for job in person.employments.all()] == [true_company]
    assert Seat.objects.granting_membership().filter(person=person).exists()
    assert CompanyContact.objects.open().filter(person=person).exists()


def test_removing_one_of_two_jobs_at_a_company_leaves_what_the_other_covers():
    company = make_company()
    person = make_member(company)
    Employment.objects.filter(person=person).update(ends_on=TODAY() + ONE_DAY)
    later = Employment.objects.create(person=person, company=company, starts_on=TODAY() + 2 * ONE_DAY)

    remove_employment(employment=later)

    assert Seat.objects.granting_membership().filter(person=person).exists()


def test_secretary_ends_a_job_with_its_seat_and_role(secretary):
    company = make_company(name="Left SA")
    person = make_contact(company)
    job = person.employments.get()

    asked = secretary.get(get_address(job, "end/")).content.decode()
    secretary.post(get_address(job, "end/"), {"last_day": TODAY()})

    assert "Ending with the job" in asked
    assert "Seat, Left SA" in asked
    job.refresh_from_db()
    assert job.ends_on == TODAY()
    assert Seat.objects.get(person=person).ends_on == TODAY()
    assert CompanyContact.objects.get(person=person).ends_on == TODAY()
    assert AuditEntry.objects.filter(verb="employment.end").count() == 1


def test_seat_of_a_prepared_renewal_is_removed_with_the_job():
    company = make_company()
    person = make_member(company)
    company.memberships.update(ends_on=TODAY() + 8 * ONE_DAY)
    renewal = make_membership(company, starts_on=TODAY() + 9 * ONE_DAY)
    Seat.objects.create(membership=renewal, person=person, starts_on=renewal.starts_on)

    end_employment(employment=person.employments.get(), last_day=TODAY())

    assert not Seat.objects.filter(membership=renewal).exists()


def test_ending_a_job_that_another_at_the_company_follows_leaves_the_seat():
    company = make_company()
    person = make_member(company)
    job = person.employments.get()
    Employment.objects.create(person=person, company=company, starts_on=TODAY() + ONE_DAY)

    end_employment(employment=job, last_day=TODAY())

    assert Seat.objects.get(person=person).ends_on is None


def test_last_day_before_the_first_is_refused_and_points_to_the_removal(secretary):
    job = Employment.objects.create(person=make_person(), company=make_company(), starts_on=TODAY())

    page = secretary.post(get_address(job, "end/"), {"last_day": TODAY() - ONE_DAY}).content.decode()

    assert "Remove the job if it was added by mistake." in page
    job.refresh_from_db()
    assert job.ends_on is None


def test_last_day_is_corrected_and_cleared(secretary):
    job = Employment.objects.create(
        person=make_person(), company=make_company(), starts_on=START_OF_2020, ends_on=TODAY()
    )
    assert "Change the end" in secretary.get(f"/en/organize/club/people/{job.person_id}/").content.decode()

    secretary.post(get_address(job, "end/"), {"last_day": ""})

    job.refresh_from_db()
    assert job.ends_on is None


def test_job_without_end_needs_a_last_day(secretary):
    job = Employment.objects.create(person=make_person(), company=make_company(), starts_on=START_OF_2020)

    answer = secretary.post(get_address(job, "end/"), {"last_day": ""})

    assert list(answer.context["form"].errors) == ["last_day"]


def test_job_is_not_extended_into_another_at_the_same_company():
    person, company = make_person(), make_company()
    job = Employment.objects.create(
        person=person, company=company, starts_on=START_OF_2020, ends_on=TODAY() - 9 * ONE_DAY
    )
    Employment.objects.create(person=person, company=company, starts_on=TODAY())

    with pytest.raises(InvalidFields) as refused:
        end_employment(employment=job, last_day=TODAY())

    assert list(refused.value.field_errors) == ["last_day"]


def test_first_day_is_corrected(secretary):
    job = Employment.objects.create(person=make_person(), company=make_company(), starts_on=TODAY())
    typed = {"title": "RSSI", "level": "manager", "starts_on": "2021-03-01"}

    secretary.post(get_address(job), typed)

    job.refresh_from_db()
    assert job.starts_on == datetime.date(2021, 3, 1)
    assert job.title == "RSSI"


@pytest.mark.parametrize("starts_on", [START_OF_2020, TODAY() + ONE_DAY])
def test_first_day_must_fit_the_last_day_and_other_jobs_at_the_company(starts_on):
    person, company = make_person(), make_company()
    Employment.objects.create(
        person=person, company=company, starts_on=START_OF_2020, ends_on=TODAY() - 9 * ONE_DAY
    )
    job = Employment.objects.create(person=person, company=company, starts_on=TODAY(), ends_on=TODAY())

    with pytest.raises(InvalidFields) as refused:
        update_employment(employment=job, title="", level="", starts_on=starts_on)

    assert list(refused.value.field_errors) == ["starts_on"]


def test_form_for_a_job_says_that_current_jobs_stay(secretary):
    person = make_member(make_company(name="Current SA"))

    page = secretary.get(f"/en/organize/club/people/{person.pk}/").content.decode()

    assert "Adding a job does not end any other. Still current: Current SA." in page


def test_job_at_a_vendor_is_added_once_its_effect_on_visits_is_accepted(secretary):
    person, vendor = make_person(first_name="Ana", last_name="Silva"), make_company(name="Vendor SA")
    give_company_role(company=vendor, role="vendor", starts_on=START_OF_2020)
    at = f"/en/organize/club/people/{person.pk}/"
    typed = {"job-company": vendor.pk, "job-starts_on": TODAY()}

    warned = secretary.post(f"{at}jobs/", typed).content.decode()

    assert "Vendor SA is a vendor. While Ana Silva works there" in warned
    assert not person.employments.exists()

    secretary.post(f"{at}jobs/", {**typed, "job-accepts_visit_limits": "on"})

    assert person.employments.get().company == vendor


def test_job_at_a_company_with_markets_warns_and_a_past_one_does_not(secretary):
    person, company = make_person(), make_company(name="Seller SA")
    company.markets.add(Market.objects.create(slug="cloud", name="Cloud"))
    at = f"/en/organize/club/people/{person.pk}/jobs/"

    with translation.override("en"):
        warned = secretary.post(at, {"job-company": company.pk, "job-starts_on": TODAY()}).content.decode()
    secretary.post(
        at, {"job-company": company.pk, "job-starts_on": "2019-01-01", "job-ends_on": "2019-12-31"}
    )

    assert "Seller SA sells in the club’s markets." in warned
    assert person.employments.get().ends_on == datetime.date(2019, 12, 31)


def remove_meanwhile(job):
    """Return the job as an older request read it, and remove it."""
    older = Employment.objects.get(pk=job.pk)
    remove_employment(employment=job)
    return older


@pytest.mark.parametrize(
    "change",
    [
        lambda job: update_employment(employment=job, title="CIO", level="", starts_on=TODAY()),
        lambda job: end_employment(employment=job, last_day=TODAY()),
        lambda job: remove_employment(employment=job),
    ],
    ids=["edit", "end", "remove"],
)
def test_job_that_was_removed_meanwhile_is_not_changed(change):
    job = remove_meanwhile(make_member().employments.get())

    with translation.override("en"), pytest.raises(EmploymentRemoved) as refused:
        change(job)

    assert str(refused.value) == "This job was removed in the meantime, so nothing was changed."


def test_job_that_was_ended_meanwhile_does_not_begin_after_its_end():
    job = make_member().employments.get()
    older = Employment.objects.get(pk=job.pk)
    end_employment(employment=job, last_day=TODAY() - ONE_DAY)

    with pytest.raises(InvalidFields) as refused:
        update_employment(employment=older, title="", level="", starts_on=TODAY())

    assert list(refused.value.field_errors) == ["starts_on"]
