"""Several draft memberships at once: confirm and delete them after a preview."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from convention.audit.models import AuditEntry
from convention.club.memberships import create_membership, delete_draft_membership, renew_membership
from convention.club.models import Membership, Plan
from convention.errors import NotOpenNow
from tests.convention.club.objects import (
    collect_fields,
    in_days,
    list_reasons,
    make_ending_company,
    make_renewal,
    read,
)
from tests.factories import make_company, make_member, make_secretary
from tests.site_objects import make_client

pytestmark = pytest.mark.django_db
AT = "/en/organize/club/"
CONFIRM = f"{AT}memberships/confirm/"
DELETE = f"{AT}memberships/delete/"


@pytest.fixture
def secretary():
    return make_secretary()


@pytest.fixture
def client(secretary):
    return make_client(secretary)


@pytest.fixture
def plan():
    return Plan.objects.create(slug="standard", name="Standard", seats=50, dues_cents=100_000)


# --- confirming ----------------------------------------------------------------------------------------


def test_drafts_are_confirmed_together_after_a_preview(client, plan, secretary, mailoutbox, run_tasks):
    drafts = [make_renewal(make_ending_company(name, plan), plan) for name in ("Lac", "Rive")]

    page = read(client.post(CONFIRM, {"all": "1", "filter": "membership=draft"}))

    assert "2 memberships (€2,000 in all)" in page.text_content()
    assert Membership.objects.filter(confirmed_on=None).count() == 2

    page = read(client.post(CONFIRM, collect_fields(page, "confirm")))
    run_tasks()

    assert not Membership.objects.filter(confirmed_on=None).exists()
    assert "2 memberships have been confirmed." in page.text_content()
    assert AuditEntry.objects.filter(verb="membership.confirm", actor=secretary).count() == len(drafts)
    assert mailoutbox == []


def test_second_click_confirms_nothing_more(client, plan):
    make_renewal(make_ending_company("Lac", plan), plan)
    fields = collect_fields(read(client.post(CONFIRM, {"selected": "lac"})), "confirm")

    client.post(CONFIRM, fields)
    page = read(client.post(CONFIRM, fields))

    assert AuditEntry.objects.filter(verb="membership.confirm").count() == 1
    assert "Nothing was confirmed." in page.text_content()


@pytest.mark.parametrize(
    "changed", [{"dues_cents": 5}, {"votes": 7}, {"passes": 7}, {"grace_until": in_days(900)}]
)
def test_draft_that_changed_since_the_preview_is_shown_again(client, plan, changed):
    company = make_ending_company("Lac", plan)
    draft = renew_membership(membership=company.memberships.get(), plan=plan, ends_on=in_days(800))
    fields = collect_fields(read(client.post(CONFIRM, {"selected": "lac"})), "confirm")
    Membership.objects.filter(pk=draft.pk).update(**changed)

    page = read(client.post(CONFIRM, fields))

    assert "The table has changed since you saw it." in page.text_content()
    assert Membership.objects.filter(pk=draft.pk, confirmed_on=None).exists()


def test_companies_without_a_draft_are_named(client, plan):
    make_ending_company("Lac", plan)

    page = read(client.post(CONFIRM, {"selected": "lac"}))

    assert list_reasons(page) == ["Lac: No draft: nothing is to be confirmed."]


def test_confirmation_warns_of_a_representative_who_leaves(client, plan):
    company = make_ending_company("Lac", plan)
    member = make_member(company, first_name="Zoé", last_name="Roi")
    company.memberships.update(representative=member)
    member.employments.update(ends_on=in_days(100))
    make_renewal(company, plan)

    page = read(client.post(CONFIRM, {"selected": "lac"}))

    assert "Zoé Roi stays the voting representative of Lac until" in page.text_content()


@pytest.mark.parametrize(
    ("days", "grace_days", "is_named"), [(-5, 60, True), (-5, None, False), (-5, -2, False), (30, 60, False)]
)
def test_confirmation_names_seats_of_a_grace_period_only_during_one(client, plan, days, grace_days, is_named):
    company = make_ending_company("Lac", plan, days=days, grace_until=grace_days and in_days(grace_days))
    make_renewal(company, plan)

    text = read(client.post(CONFIRM, {"selected": "lac"})).text_content()

    assert ("in its grace period are replaced" in text) == is_named


def make_first_draft(plan, *, days, **fields):
    """Draft the first membership of a company, from 364 days before that day until it."""
    make_ending_company("Lac", plan, days=days, **fields)
    Membership.objects.update(confirmed_on=None)


def test_confirmation_of_a_first_membership_with_a_grace_period_names_no_earlier_one(client, plan):
    make_first_draft(plan, days=30, grace_until=in_days(60))

    text = read(client.post(CONFIRM, {"selected": "lac"})).text_content()

    assert "grace period" not in text


def test_confirmation_says_that_a_period_is_over(client, plan):
    make_first_draft(plan, days=-5)

    text = read(client.post(CONFIRM, {"selected": "lac"})).text_content()

    assert "1 membership is for a period that is already over" in text
    assert "counts from" not in text


def test_confirmation_counts_a_draft_in_its_grace_period_from_today(client, plan):
    make_first_draft(plan, days=-5, grace_until=in_days(5))

    text = read(client.post(CONFIRM, {"selected": "lac"})).text_content()

    assert "1 membership counts from today." in text


def test_number_of_queries_of_the_confirmation_does_not_depend_on_the_companies(client, plan):
    for number in range(8):
        company = make_ending_company(f"Lac{number}", plan)
        company.memberships.update(representative=make_member(company))
        make_renewal(company, plan)

    with CaptureQueriesContext(connection) as few:
        client.post(CONFIRM, {"selected": ["lac0", "lac1"]})
    with CaptureQueriesContext(connection) as many:
        client.post(CONFIRM, {"selected": [f"lac{number}" for number in range(8)]})

    assert len(many) == len(few)


# --- deleting drafts -----------------------------------------------------------------------------------


def test_button_of_a_draft_selects_that_draft_only(client, plan):
    company = make_company(name="Lac", slug="lac", role=None)
    first, second = (
        create_membership(company=company, plan=plan, starts_on=in_days(days), ends_on=in_days(days + 9))
        for days in (10, 30)
    )
    page = read(client.get(f"{AT}companies/lac/memberships/{first.pk}/"))

    page = read(client.post(DELETE, collect_fields(page, "confirm") | {"selected": "lac"}))
    client.post(DELETE, collect_fields(page, "delete"))

    assert list(Membership.objects.all()) == [second]


def test_deleted_draft_gives_the_seats_back_to_the_present_membership(client, plan, secretary):
    company = make_ending_company("Lac", plan)
    seat = make_member(company).seats.get()
    make_renewal(company, plan)
    page = read(client.post(DELETE, {"selected": "lac"}))

    page = read(client.post(DELETE, collect_fields(page, "delete")))

    seat.refresh_from_db()
    assert seat.ends_on is None
    assert company.memberships.count() == 1
    assert AuditEntry.objects.get(verb="membership.delete_draft").actor_id == secretary.pk
    assert "1 draft has been deleted. The seats continue as before." in page.text_content()


def test_confirmed_membership_cannot_be_deleted(plan):
    membership = make_ending_company("Lac", plan).memberships.get()

    with pytest.raises(NotOpenNow):
        delete_draft_membership(membership=membership)

    assert Membership.objects.filter(pk=membership.pk).exists()


def test_draft_is_deleted_from_its_own_page(client, plan):
    draft = make_renewal(make_ending_company("Lac", plan), plan)

    page = read(client.get(f"{AT}companies/lac/memberships/{draft.pk}/"))

    [button] = page.xpath(f"//button[@formaction='{DELETE}']")
    assert button.get("value") == "lac"
