"""The next memberships of several companies, prepared from the list of companies."""

import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from convention.audit.models import AuditEntry
from convention.club.models import Company, Membership, Plan, Seat
from convention.club.renewals.prepare import (
    RenewalChoice,
    RenewalDates,
    RenewalProposal,
    renew_memberships,
)
from convention.errors import InvalidFields
from convention.text.dates import format_date
from tests.convention.club.objects import (
    collect_fields,
    in_days,
    list_reasons,
    make_ending_company,
    make_renewal,
    read,
)
from tests.factories import (
    START_OF_2020,
    make_company,
    make_member,
    make_membership,
    make_person,
    make_secretary,
)
from tests.site_objects import make_client

pytestmark = pytest.mark.django_db
AT = "/en/organize/club/"
RENEW = f"{AT}memberships/renew/"
CONFIRM = f"{AT}memberships/confirm/"
ADDRESSES = f"{AT}addresses/selected/"
DELETE = f"{AT}memberships/delete/"
DAY = datetime.date


@pytest.fixture
def secretary():
    return make_secretary()


@pytest.fixture
def client(secretary):
    return make_client(secretary)


@pytest.fixture
def plan():
    return Plan.objects.create(slug="standard", name="Standard", seats=50, dues_cents=100_000)


def prepare(client, *companies, **changes):
    """Preview the next memberships of the companies, and prepare them with the changed fields."""
    page = read(client.post(RENEW, {"selected": [company.slug for company in companies]}))
    return client.post(RENEW, {**collect_fields(page, "prepare"), **changes})


# --- the list ------------------------------------------------------------------------------------------


def test_list_selects_companies_for_all_actions(client, plan):
    make_ending_company("Lac", plan)

    page = read(client.get(AT))

    assert page.xpath("//main//tbody//input[@name='selected']/@value") == ["lac"]
    # Above and below the table.
    assert page.xpath("//main//button/@formaction") == [RENEW, CONFIRM, ADDRESSES] * 2


@pytest.mark.parametrize(
    ("choice", "names"), [("renewable", ["Ending", "Expired"]), ("draft", ["First", "Prepared"])]
)
def test_list_is_filtered_by_what_is_to_be_done(client, plan, choice, names):
    make_ending_company("Ending", plan)
    make_ending_company("Expired", plan, days=-5)
    make_ending_company("Later", plan, days=200)
    make_ending_company("Left", plan, left_on=in_days(-3), left_as="resigned")
    make_renewal(make_ending_company("Prepared", plan), plan)
    make_membership(make_company(name="First", role=None), confirmed_on=None)

    page = read(client.get(f"{AT}?membership={choice}"))

    assert page.xpath("//main//tbody//th//a/text()") == names


def test_list_names_the_membership_that_was_prepared(client, plan):
    company = make_ending_company("Lac", plan)
    renewal = make_renewal(company, plan)

    page = read(client.get(AT))

    [link] = page.xpath(f"//a[@href='{AT}companies/lac/memberships/{renewal.pk}/']")
    assert link.text_content().startswith("Next: draft from ")


def test_list_is_shown_again_with_its_filter_if_nothing_is_selected(client):
    answer = client.post(RENEW, {"filter": "membership=renewable&role=member", "page": "2"}, follow=True)

    assert answer.redirect_chain == [(f"{AT}?membership=renewable&role=member&page=2", 302)]
    assert "Select at least one company." in answer.text


def test_all_companies_of_the_filter_are_selected_with_one_tick(client, plan):
    make_ending_company("Lac", plan)
    make_ending_company("Rive", plan, days=200)

    page = read(client.post(RENEW, {"all": "1", "filter": "membership=renewable"}))

    assert page.xpath("//input[@name='selected']/@value") == ["lac"]


def test_selection_is_limited(client, plan, monkeypatch):
    monkeypatch.setattr("convention.club.views.company_list.MAX_SELECTED", 1)
    make_ending_company("Lac", plan)
    make_ending_company("Rive", plan)

    answer = client.post(RENEW, {"all": "1"}, follow=True)

    assert "At most 1 company can be selected at once. Narrow the search." in answer.text


# --- the preview of renewals ---------------------------------------------------------------------------


def test_preview_shows_period_dues_and_the_holders_of_seats(client, plan):
    company = make_ending_company("Lac", plan)
    make_member(company, first_name="Zoé", last_name="Roi")

    page = read(client.post(RENEW, {"selected": "lac"}))

    [row] = page.xpath("//main//tbody/tr")
    text = " ".join(row.text_content().split())
    assert "€1,000" in text
    assert row.xpath(".//details//li/text()") == ["Zoé Roi"]
    assert not Membership.objects.filter(confirmed_on=None).exists()


def test_each_company_that_cannot_be_renewed_is_named_with_the_reason(client, plan):
    make_renewal(make_ending_company("Drafted", plan), plan)
    make_company(name="Endless", slug="endless")
    make_membership(make_company(name="First", slug="first", role=None), confirmed_on=None)
    make_ending_company("Left", plan, left_on=in_days(-3), left_as="resigned")
    make_company(name="Never", slug="never", role=None)
    make_ending_company("Merged", plan)
    upcoming = make_ending_company("Upcoming", plan)
    make_membership(upcoming, starts_on=in_days(31), ends_on=in_days(400))
    merged = make_company(name="Survivor", slug="survivor", role=None)
    Company.objects.filter(slug="merged").update(parent=merged, merged_on=START_OF_2020)

    page = read(client.post(RENEW, {"all": "1"}))

    with translation.override("en"):
        days = [format_date(in_days(number)).replace("\xa0", " ") for number in (31, -3)]
    assert list_reasons(page) == [
        f"Drafted: Already prepared: a draft from {days[0]}. View the membership: Drafted",
        "Endless: The present membership has no end date. View the membership: Endless",
        "First: The first membership is not confirmed yet. View the membership: First",
        f"Left: The membership was ended early, on {days[1]}. View the membership: Left",
        "Merged: Merged into Survivor. View the membership: Merged",
        "Never: No membership yet. Add the first one on the company’s page.",
        "Survivor: No membership yet. Add the first one on the company’s page.",
        f"Upcoming: Already confirmed from {days[0]}. View the membership: Upcoming",
    ]


@pytest.mark.parametrize(
    ("present", "following"),
    [
        ((DAY(2026, 1, 1), DAY(2026, 12, 31)), (DAY(2027, 1, 1), DAY(2027, 12, 31))),
        # Joined in the middle of the year.
        ((DAY(2026, 5, 7), DAY(2026, 12, 31)), (DAY(2027, 1, 1), DAY(2027, 12, 31))),
        ((DAY(2025, 7, 1), DAY(2027, 6, 30)), (DAY(2027, 7, 1), DAY(2029, 6, 30))),
        ((DAY(2027, 3, 1), DAY(2028, 2, 28)), (DAY(2028, 2, 29), DAY(2029, 2, 28))),
    ],
)
def test_next_period_has_a_year_or_as_many_as_the_present_one(present, following):
    assert RenewalDates().propose_span(present) == following


def test_common_days_replace_those_that_follow():
    dates = RenewalDates(starts_on=DAY(2027, 2, 1), ends_on=DAY(2027, 11, 30))

    span = dates.propose_span((DAY(2026, 1, 1), DAY(2026, 12, 31)))

    assert span == (DAY(2027, 2, 1), DAY(2027, 11, 30))


def test_common_first_day_within_the_present_membership_is_refused(client, plan):
    page = read(prepare(client, make_ending_company("Lac", plan), starts_on=in_days(20)))

    assert "Choose a later first day." in list_reasons(page)[0]


def test_membership_that_would_be_over_already_is_not_ticked(client, plan):
    make_ending_company("Lac", plan, days=-900)

    page = read(client.post(RENEW, {"selected": "lac"}))

    assert page.xpath("//input[@name='included']/@checked") == []
    assert "This period is over already." in page.text_content()


def test_differences_from_the_plan_are_named(client, plan):
    company = make_ending_company("Lac", plan)
    company.memberships.update(dues_cents=80_000, seats=60)
    plan.is_offered = False
    plan.save()

    text = read(client.post(RENEW, {"selected": "lac"})).text_content()

    assert "Dues now €800; the plan’s are €1,000." in text
    assert "Seats included now: 60; in the plan: 50." in text
    assert "“Standard” is closed to new memberships. Choose another plan." in text


def test_number_of_queries_of_the_preview_does_not_depend_on_the_companies(client, plan):
    for number in range(8):
        make_member(make_ending_company(f"Lac{number}", plan))

    with CaptureQueriesContext(connection) as few:
        client.post(RENEW, {"selected": ["lac0", "lac1"]})
    with CaptureQueriesContext(connection) as many:
        client.post(RENEW, {"selected": [f"lac{number}" for number in range(8)]})

    assert len(many) == len(few)


# --- preparing -----------------------------------------------------------------------------------------


def test_next_memberships_are_prepared_as_drafts_with_all_seats(client, plan, secretary):
    companies = [make_ending_company(name, plan, extra_seats=2) for name in ("Lac", "Rive")]
    holder = make_member(companies[0])

    page = read(prepare(client, *companies))

    drafts = Membership.objects.filter(confirmed_on=None).order_by("pk")
    assert [draft.company for draft in drafts] == companies
    assert {(draft.starts_on, draft.plan, draft.extra_seats) for draft in drafts} == {(in_days(31), plan, 2)}
    assert Seat.objects.get(membership=drafts[0]).person == holder
    assert AuditEntry.objects.filter(verb="membership.renew", actor=secretary).count() == 2
    assert "2 memberships have been prepared as drafts." in page.text_content()
    assert page.xpath("//ul[@class='listing']//a/@href") == [
        f"{AT}companies/{draft.company.slug}/memberships/{draft.pk}/" for draft in drafts
    ]


def test_plan_and_dues_are_chosen_for_each_company(client, plan):
    other = Plan.objects.create(slug="large", name="Large", seats=90, dues_cents=300_000)
    company = make_ending_company("Lac", plan)
    prefix = f"membership{company.memberships.get().pk}"

    prepare(client, company, **{f"{prefix}-plan": other.pk, f"{prefix}-dues": "2500"})

    draft = Membership.objects.get(confirmed_on=None)
    assert draft.plan == other
    assert draft.dues_cents == 250_000
    assert AuditEntry.objects.get(verb="membership.renew").fields == [
        "plan", "starts_on", "ends_on", "dues_cents",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("dues_source", "typed", "dues"),
    [("present", "", 80_000), ("plan", "", 120_000), ("present", "900,50", 90_050), ("plan", "0", 0)],
)
def test_dues_stay_or_follow_the_plan_unless_others_are_entered(client, plan, dues_source, typed, dues):
    company = make_ending_company("Lac", plan)
    company.memberships.update(dues_cents=80_000)
    Plan.objects.update(dues_cents=120_000)
    field = f"membership{company.memberships.get().pk}-dues"

    page = read(prepare(client, company, **{"dues_source": dues_source, field: typed}))
    if "has changed" in page.text_content():
        client.post(RENEW, collect_fields(page, "prepare"))

    assert Membership.objects.get(confirmed_on=None).dues_cents == dues


def test_company_that_changes_its_plan_pays_the_dues_of_the_new_one(client, plan):
    other = Plan.objects.create(slug="large", name="Large", seats=90, dues_cents=300_000)
    company = make_ending_company("Lac", plan)
    company.memberships.update(dues_cents=80_000)

    prepare(client, company, **{f"membership{company.memberships.get().pk}-plan": other.pk})

    assert Membership.objects.get(confirmed_on=None).dues_cents == 300_000


def test_company_that_is_not_ticked_is_left_out(client, plan):
    companies = [make_ending_company(name, plan) for name in ("Lac", "Rive")]
    page = read(client.post(RENEW, {"selected": ["lac", "rive"]}))
    fields = collect_fields(page, "prepare")

    client.post(RENEW, {**fields, "included": fields["included"][:1]})

    assert Membership.objects.get(confirmed_on=None).company == companies[0]


def test_nothing_is_prepared_without_a_tick(client, plan):
    page = read(prepare(client, make_ending_company("Lac", plan), included=[]))

    assert "Select at least one company." in page.text_content()
    assert not Membership.objects.filter(confirmed_on=None).exists()


def test_changed_days_are_shown_before_anything_is_prepared(client, plan):
    company = make_ending_company("Lac", plan)

    page = read(prepare(client, company, ends_on=in_days(100)))

    assert "The table has changed since you saw it." in page.text_content()
    assert not Membership.objects.filter(confirmed_on=None).exists()

    client.post(RENEW, collect_fields(page, "prepare"))

    assert Membership.objects.get(confirmed_on=None).ends_on == in_days(100)


def test_last_day_for_all_before_the_first_is_refused(client, plan):
    company = make_ending_company("Lac", plan)

    page = read(prepare(client, company, starts_on=in_days(60), ends_on=in_days(50)))

    [error] = page.xpath("//*[@id='error-summary']//a")
    assert error.get("href") == "#id_ends_on"
    assert not Membership.objects.filter(confirmed_on=None).exists()


def test_invalid_dues_are_shown_at_their_row(client, plan):
    company = make_ending_company("Lac", plan)
    prefix = f"membership{company.memberships.get().pk}"

    page = read(prepare(client, company, **{f"{prefix}-dues": "many"}))

    [error] = page.xpath("//*[@id='error-summary']//a")
    assert error.get("href") == f"#id_{prefix}-dues"
    assert "Lac" in error.text_content()
    assert not Membership.objects.filter(confirmed_on=None).exists()


def test_refused_company_stops_no_other(client, plan):
    small = Plan.objects.create(slug="small", name="Small", seats=0)
    full, other = make_ending_company("Full", plan), make_ending_company("Other", plan)
    make_member(full)

    page = read(prepare(client, full, other, **{f"membership{full.memberships.get().pk}-plan": small.pk}))

    assert Membership.objects.get(confirmed_on=None).company == other
    assert list_reasons(page) == [
        "Full: 1 person has a seat, more than this plan includes. View the membership: Full"
    ]


def test_chosen_plan_that_changed_since_the_preview_is_shown_before_anything_is_prepared(client, plan):
    other = Plan.objects.create(slug="large", name="Large", seats=80, dues_cents=200_000)
    membership = make_ending_company("Lac", plan).memberships.get()
    fields = collect_fields(read(client.post(RENEW, {"selected": "lac"})), "prepare")
    Plan.objects.filter(pk=other.pk).update(dues_cents=900_000, seats=60)

    page = read(client.post(RENEW, {**fields, f"membership{membership.pk}-plan": other.pk}))

    assert "The table has changed since you saw it." in page.text_content()
    assert not Membership.objects.filter(confirmed_on=None).exists()


def test_extra_seats_that_changed_since_the_preview_are_shown_again(client, plan):
    membership = make_ending_company("Lac", plan).memberships.get()
    fields = collect_fields(read(client.post(RENEW, {"selected": "lac"})), "prepare")
    Membership.objects.filter(pk=membership.pk).update(extra_seats=9)

    page = read(client.post(RENEW, fields))

    assert "The table has changed since you saw it." in page.text_content()
    assert not Membership.objects.filter(confirmed_on=None).exists()


def test_second_click_prepares_nothing_more(client, plan):
    page = read(client.post(RENEW, {"selected": make_ending_company("Lac", plan).slug}))
    fields = collect_fields(page, "prepare")

    client.post(RENEW, fields)
    page = read(client.post(RENEW, fields))

    assert Membership.objects.filter(confirmed_on=None).count() == 1
    assert "Nothing was prepared." in page.text_content()
    assert "Already prepared" in list_reasons(page)[0]


def test_second_renewal_on_other_days_is_refused(plan):
    company, other = make_ending_company("Lac", plan), make_ending_company("Rive", plan)
    present = company.memberships.get()
    make_renewal(company, plan, starts_on=in_days(31))
    choices = [
        RenewalChoice(RenewalProposal(membership, in_days(500), in_days(700)), plan)
        for membership in (present, other.memberships.get())
    ]

    with translation.override("en"):
        outcome = renew_memberships(choices)

    assert [row.company.name for row in outcome.done] == ["Rive"]
    assert "already follows this one" in outcome.refused[0].reason


@pytest.mark.parametrize(
    "days", [{"starts_on": in_days(30)}, {"left_on": in_days(10), "left_as": "resigned"}]
)
def test_membership_is_not_renewed_before_its_end_or_after_it_was_left(plan, days):
    company = make_ending_company("Lac", plan)
    starts_on = days.pop("starts_on", None)
    company.memberships.update(**days)

    with pytest.raises(InvalidFields):
        make_renewal(company, plan, starts_on=starts_on)


# --- permissions --------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [RENEW, CONFIRM, DELETE])
def test_page_of_a_selection_exists_for_its_form_only(client, path):
    assert client.get(path)["Location"] == AT


@pytest.mark.parametrize("path", [RENEW, CONFIRM, DELETE])
def test_only_managers_of_the_directory_act_on_several_companies(path, plan):
    make_ending_company("Lac", plan)

    answer = make_client(make_person()).post(path, {"selected": "lac", "prepare": "1", "confirm": "1"})

    assert answer.status_code == 403
