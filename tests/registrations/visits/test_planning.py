"""Planning of visits: season, proposals, interest, setting a date, and company history."""

import datetime

import pytest
from django.utils import timezone
from lxml import html

from convention.audit.models import AuditEntry
from convention.club.models import ClubRole, Company, Employment
from convention.club.seats import end_seat
from convention.errors import Forbidden, InvalidFields, NotOpenNow
from convention.events.models import Event
from convention.events.permissions import can_organize
from registrations.changes.cancel import cancel_registration
from registrations.visits.models import Interest, NdaText, Proposal, Visit
from registrations.visits.planning.company_history import count_visits_by_person, list_company_history
from registrations.visits.planning.interest import (
    InterestCount,
    count_interest,
    express_interest,
    withdraw_interest,
)
from registrations.visits.planning.notifications import notify_interested_members
from registrations.visits.planning.plan_visit import plan_visit
from registrations.visits.planning.proposals import (
    MAX_UNDECIDED_PROPOSALS,
    create_proposal,
    reopen_proposal,
    set_aside_proposal,
    withdraw_proposal,
)
from registrations.visits.planning.season import (
    Season,
    build_season_calendar,
    find_season,
    list_season_events,
    parse_season,
)
from tests.factories import (
    START_OF_2020,
    make_administrator,
    make_company,
    make_event,
    make_member,
    make_person,
    make_registration,
    make_secretary,
    make_ticket,
)
from tests.registrations.visits.factories import make_application, make_market, make_visit

pytestmark = pytest.mark.django_db
PARIS = Event(timezone="Europe/Paris").zone


def at(year, month, day, hour=9):
    return datetime.datetime(year, month, day, hour, tzinfo=PARIS)


def make_vendor(*markets):
    company = make_company(role="vendor")
    company.markets.set(markets)
    return company


def make_vendor_employee(company):
    person = make_person()
    Employment.objects.create(person=person, company=company, starts_on=START_OF_2020)
    return person


def make_proposal(**fields):
    return create_proposal(person=make_member(), **{"title": "Le stockage", "host": make_vendor(), **fields})


# --- the season -------------------------------------------------------------------------------------------


def test_a_season_runs_from_september_to_august():
    days = {
        datetime.date(2026, 8, 31): 2025,
        datetime.date(2026, 9, 1): 2026,
        datetime.date(2027, 1, 1): 2026,
    }
    assert {day: find_season(day).year for day in days} == days
    season = Season(2026)
    assert (season.first_day, season.last_day, str(season)) == (
        datetime.date(2026, 9, 1), datetime.date(2027, 8, 31), "2026–2027",
    )  # fmt: skip
    this = find_season(timezone.localdate())
    assert [parse_season(text) for text in ("2031", "", "x", "99999", "0001", "²026")] == [
        Season(2031), this, this, this, this, this,
    ]  # fmt: skip


def test_season_calendar_shows_overlaps_and_days_off():
    first = make_visit(starts_at=at(2030, 10, 7))
    same = make_event(kind="group_meeting", starts_at=at(2030, 10, 7, 14), ends_at=at(2030, 10, 7, 16))
    off = make_visit(starts_at=at(2030, 10, 7), cancelled_at=timezone.now())
    holiday = make_visit(starts_at=at(2030, 11, 11))
    make_visit(starts_at=at(2029, 8, 31))
    convention = make_event(starts_at=at(2030, 10, 20), ends_at=at(2030, 10, 21))
    for audience in ("member", "guest"):
        make_registration(make_ticket(convention, slug=audience, audience=audience))
    season = Season(2030)
    months = build_season_calendar(season, list_season_events(season))
    assert [month.first_day.month for month in months] == [9, 10, 11, 12, 1, 2, 3, 4, 5, 6, 7, 8]
    found = {entry.event: entry for month in months for entry in month.entries}
    assert set(found) == {first.event, same, off.event, holiday.event, convention}
    assert found[convention].registered_count == 2
    assert [found[event].overlapping_events for event in (first.event, same, off.event)] == [
        (same,),
        (first.event,),
        (),
    ]
    assert found[first.event].starts_on_working_day
    assert not found[holiday.event].starts_on_working_day
    assert (found[first.event].visit, found[first.event].ticket.capacity) == (first, 5)


def make_organizer():
    person = make_person()
    ClubRole.objects.create(person=person, role="organizer", starts_on=START_OF_2020)
    return person


@pytest.mark.parametrize("make_planner", [make_secretary, make_organizer, make_administrator])
def test_season_page_links_open_for_every_planner_role(client, make_planner):
    spring = {"starts_at": at(2030, 10, 7), "ends_at": at(2030, 10, 7, 16)}
    make_visit(starts_at=at(2030, 12, 2), visibility="draft", agreed_at=None)
    make_event(kind="site_visit", visibility="draft", host=make_vendor(), **spring)
    for kind in ("convention", "group_meeting"):
        for visibility in ("draft", "members", "public"):
            make_event(kind=kind, visibility=visibility, **spring)
    client.force_login(make_planner())

    page = html.fromstring(client.get("/organize/season/?season=2030").content)
    links = set(page.xpath("//main//a/@href"))
    refused = {link for link in links if client.get(link, follow=True).status_code != 200}

    assert "/organize/season/visits/new/" in links
    assert refused == set()


def test_the_secretary_creates_a_visit_without_a_proposal(client):
    secretary, host = make_secretary(), make_vendor()
    client.force_login(secretary)
    fields = {"name": "Les caves", "host": host.pk, "contact_email": "club@example.org"}

    wrong = client.post(
        "/organize/season/visits/new/",
        {**fields, "starts_at": "2020-03-04T09:00", "ends_at": "2020-03-04T17:00"},
    )
    answer = client.post(
        "/organize/season/visits/new/",
        {**fields, "starts_at": "2030-03-04T09:00", "ends_at": "2030-03-04T17:00"},
    )

    assert list(wrong.context["form"].errors) == ["starts_at"]
    visit = Visit.objects.get()
    assert answer.url == f"/organize/{visit.event.slug}/visit/"
    assert visit.event.host == host
    assert can_organize(secretary, visit.event)
    assert AuditEntry.objects.filter(verb="event.create").count() == 1


def test_empty_visit_form_names_each_missing_field_and_links_directory_readers_to_directory(client):
    add_path = "/organize/club/companies/new/"
    client.force_login(make_secretary())
    secretary_page = client.post("/organize/season/visits/new/", {"name": ""}).text
    secretary_hint = client.get("/en/organize/season/visits/new/").text
    client.force_login(make_organizer())
    organizer_page = client.get("/organize/season/visits/new/").text
    client.force_login(make_administrator())
    administrator_page = client.get("/organize/season/visits/new/").text

    summary = html.fromstring(secretary_page).xpath("//div[@id='error-summary']")[0].text_content()
    for sentence in ("le nom de la visite", "Choisissez l’hôte", "le début de la", "la fin de la visite"):
        assert sentence in summary
    assert "obligatoire" not in secretary_page
    assert (
        f'<a href="/en{add_path}">Add a company to the directory</a>, then give it the role' in secretary_hint
    )
    assert add_path not in organizer_page
    assert "demandez à un administrateur du club de l’ajouter" in organizer_page
    assert f'<a href="{add_path}">' in administrator_page


def test_members_see_published_visits_and_planners_see_all(client):
    make_visit(starts_at=at(2030, 10, 7), slug="montree")
    draft = make_visit(starts_at=at(2030, 12, 2), slug="cachee", visibility="draft", agreed_at=None)
    client.force_login(make_member())
    season = client.get("/season/?season=2030")
    assert f'href="?season={2029}"' in season.text
    assert f'href="?season={2031}"' in season.text
    months = season.context["months"]
    assert [entry.event.slug for month in months for entry in month.entries] == ["montree"]
    assert client.get("/organize/season/").status_code == 403
    client.force_login(make_secretary())
    page = client.get("/organize/season/?season=2030")
    assert len(page.context["months"]) == 12
    assert f"/organize/{draft.event.slug}/visit/" in page.content.decode()
    client.force_login(make_person())
    assert client.get("/season/").status_code == 403


# --- proposals and interest -------------------------------------------------------------------------------


def test_member_proposes_any_host_and_vendor_only_own_site(client):
    vendor = make_vendor()
    member, seller = make_member(), make_vendor_employee(vendor)
    client.force_login(member)
    client.post(
        "/season/proposals/new/",
        {"title": " Un  nuage ", "host_name": "Nuage SA", "motivation": "Avant tous"},
    )
    client.force_login(seller)
    page = client.get("/season/proposals/new/")
    assert list(page.context["form"].fields["host"].queryset) == [vendor]
    client.post("/season/proposals/new/", {"title": "Chez nous", "host": vendor.pk})
    found = Proposal.objects.order_by("pk").values_list("title", "host_name", "host", "is_from_host")
    assert list(found) == [("Un nuage", "Nuage SA", None, False), ("Chez nous", "", vendor.pk, True)]
    rows = client.get("/season/proposals/").context["rows"]
    assert [one.title for one, _interest, _said in rows] == ["Chez nous"]  # vendors see their own only
    own = Proposal.objects.get(title="Un nuage")
    assert client.post(f"/season/proposals/{own.pk}/", {"action": "interest"}).status_code == 404
    client.force_login(make_person())
    assert client.get("/season/proposals/").status_code == 403


def test_proposal_of_own_company_is_from_host():
    company = make_company()
    company.roles.create(role="vendor", starts_on=START_OF_2020)
    person = make_member(company)
    assert create_proposal(person=person, title="Ici", host=company).is_from_host
    assert not create_proposal(person=person, title="Ailleurs", host=make_vendor()).is_from_host


@pytest.mark.parametrize(
    ("typed", "field"), [({"host_name": "X"}, "title"), ({"title": "X"}, "host"), ({"title": " "}, "title")]
)
def test_proposal_needs_title_and_host(client, typed, field):
    client.force_login(make_member())
    answer = client.post("/season/proposals/new/", typed)
    assert field in answer.context["form"].errors
    assert Proposal.objects.count() == 0


def test_undecided_proposals_are_limited_per_member():
    member = make_member()
    for number in range(MAX_UNDECIDED_PROPOSALS):
        create_proposal(person=member, title=f"{number}", host_name="X")
    with pytest.raises(NotOpenNow):
        create_proposal(person=member, title="Encore", host_name="X")


def test_interest_counts_current_members_once_and_refuses_competitors():
    market = make_market()
    proposal = make_proposal(host=make_vendor(market))
    company = make_company()
    one, other = make_member(company), make_member(company)
    for person in (one, one, other):
        express_interest(proposal=proposal, person=person)
    third = make_member()
    express_interest(proposal=proposal, person=third)
    assert count_interest([proposal]) == {proposal.pk: InterestCount(3, 2)}
    end_seat(seat=third.seats.get())
    assert count_interest([proposal]) == {proposal.pk: InterestCount(2, 1)}
    withdraw_interest(proposal=proposal, person=one)
    assert count_interest([proposal]) == {proposal.pk: InterestCount(1, 1)}
    rival = make_company()
    rival.markets.add(market)
    for person in (make_member(rival), make_person()):
        with pytest.raises(Forbidden):
            express_interest(proposal=proposal, person=person)


def test_subsidiary_of_competitor_cannot_express_interest():
    market = make_market()
    parent = make_vendor(market)
    proposal = make_proposal(host=make_vendor(market))
    with pytest.raises(Forbidden):
        express_interest(proposal=proposal, person=make_member(make_company(parent=parent)))


def test_proposal_is_set_aside_and_reopened():
    member = make_member()
    proposal = create_proposal(person=member, title="X", host_name="Y")
    express_interest(proposal=proposal, person=member)
    set_aside_proposal(proposal=proposal, reason="Pas cette année")
    with pytest.raises(NotOpenNow):
        express_interest(proposal=proposal, person=make_member())
    with pytest.raises(NotOpenNow):
        withdraw_proposal(proposal=proposal, person=member)
    again = reopen_proposal(proposal=proposal)
    assert again.is_undecided
    assert again.set_aside_reason == ""
    assert again.interests.count() == 1
    with pytest.raises(Forbidden):
        withdraw_proposal(proposal=proposal, person=make_member())
    withdraw_proposal(proposal=proposal, person=member)
    assert Proposal.objects.count() == 0


def test_member_expresses_interest_and_withdraws_proposal_on_page(client):
    member = make_member()
    proposal = create_proposal(person=member, title="X", host_name="Y")
    client.force_login(member)
    page = f"/season/proposals/{proposal.pk}/"
    found = []
    for action in ("interest", "interest", "no_interest", "interest"):
        client.post(page, {"action": action})
        found.append(Interest.objects.count())
    assert found == [1, 1, 0, 1]
    client.post(page, {"action": "withdraw"})
    assert Proposal.objects.count() == 0
    with pytest.raises(NotOpenNow, match="retirée"):  # clicked twice: both found it
        withdraw_proposal(proposal=proposal, person=member)


# --- a date is set ----------------------------------------------------------------------------------------


def test_a_proposal_becomes_a_visit_once():
    proposal = make_proposal(host=None, host_name="Nuage SA", motivation="Pour voir")
    host = make_vendor()
    given = {"host": host, "name": "Le nuage", "starts_at": at(2030, 10, 7), "ends_at": at(2030, 10, 7, 17)}
    visit = plan_visit(proposal=proposal, **given)
    event = visit.event
    assert (event.slug, event.kind, event.visibility) == ("le-nuage", "site_visit", "draft")
    assert (event.host, event.description, visit.state) == (host, "Pour voir", "draft")
    proposal.refresh_from_db()
    assert (proposal.visit, proposal.host, proposal.host_name) == (visit, host, "")
    with pytest.raises(NotOpenNow):
        plan_visit(proposal=proposal, **given)
    odd = {"starts_at": at(2020, 10, 7), "ends_at": at(2030, 10, 7)}
    with pytest.raises(InvalidFields) as refused:
        plan_visit(proposal=make_proposal(), **{**given, **odd})
    assert list(refused.value.field_errors) == ["starts_at", "ends_at"]
    secretary = make_person()
    other = plan_visit(proposal=make_proposal(), planner=secretary, **given).event
    assert other.slug == "le-nuage-2"
    assert can_organize(secretary, other)
    assert not can_organize(secretary, event)
    plain = plan_visit(proposal=make_proposal(), **{**given, "name": "Season"}).event
    assert plain.slug == "season-2"  # the first address is taken by the page of all visits
    verbs = set(AuditEntry.objects.values_list("verb", flat=True))
    assert {"proposal.make", "event.create", "visit.create", "proposal.become"} <= verbs


def test_interested_members_are_notified_once_when_visit_is_open(run_tasks, mailoutbox):
    proposal = make_proposal()
    there, gone, closed = make_member(language="en"), make_member(), make_member()
    for person in (there, gone, closed):
        express_interest(proposal=proposal, person=person)
    starts = timezone.now() + datetime.timedelta(days=60)
    visit = plan_visit(
        proposal=proposal, host=proposal.host, name="V", starts_at=starts,
        ends_at=starts + datetime.timedelta(hours=4),
    )  # fmt: skip
    with pytest.raises(NotOpenNow):
        notify_interested_members(proposal=proposal)
    Event.objects.filter(pk=visit.event_id).update(visibility="members")
    Visit.objects.filter(pk=visit.pk).update(agreed_at=timezone.now())
    NdaText.objects.create(visit=visit, number=1, text="x")
    end_seat(seat=gone.seats.get())
    closed.is_active = False
    closed.save()
    assert notify_interested_members(proposal=proposal) == 3
    run_tasks()
    assert [(message.to, message.subject) for message in mailoutbox] == [
        ([there.email], "Date set for the visit: V")
    ]
    assert f"/visits/{visit.event.slug}/" in mailoutbox[0].body
    with pytest.raises(NotOpenNow):
        notify_interested_members(proposal=proposal)


def test_planner_pages_turn_proposal_into_visit(client):
    proposal = make_proposal()
    express_interest(proposal=proposal, person=make_member())
    client.force_login(make_secretary())
    assert client.get("/organize/season/proposals/").context["rows"][0][1] == InterestCount(1, 1)
    page = f"/organize/season/proposals/{proposal.pk}/"
    fields = {"title": "Mieux dit", "host": proposal.host_id, "motivation": ""}
    client.post(page, fields)
    client.post(f"{page}decide/", {"aside-reason": "Non"})
    client.post(f"{page}decide/", {"reopen": "1"})
    assert list(client.post(f"{page}decide/", {}).context["aside_form"].errors) == ["reason"]
    typed = {
        "date-name": "V", "date-host": proposal.host_id, "date-starts_at": "2030-10-07T09:00",
        "date-contact_email": "visites@club.example",
    }  # fmt: skip
    wrong = client.post(f"{page}date/", {**typed, "date-ends_at": "2030-10-07T08:00"})
    assert list(wrong.context["date_form"].errors) == ["ends_at"]
    answer = client.post(f"{page}date/", {**typed, "date-ends_at": "2030-10-07T17:00"})
    visit = Visit.objects.get()
    assert answer["Location"] == f"/organize/{visit.event.slug}/visit/"
    assert (visit.event.starts_at, visit.proposal.title) == (at(2030, 10, 7), "Mieux dit")
    assert visit.event.contact_email == "visites@club.example"
    client.post(f"{page}decide/", {"notify": "1"})
    assert Proposal.objects.get().members_notified_at is None


# --- company history --------------------------------------------------------------------------------------


def end_visit(visit):
    """Move the visit into the past and return it."""
    ends = timezone.now() - datetime.timedelta(days=20)
    Event.objects.filter(pk=visit.event_id).update(starts_at=ends - datetime.timedelta(hours=6), ends_at=ends)
    return visit


def test_company_history_lists_fewest_visits_first():
    often, never, vain = make_company(name="A"), make_company(name="B"), make_company(name="C")
    for _each in range(2):
        visit = make_visit(places=1)
        make_application(visit, often)
        make_application(visit, vain)
        end_visit(visit)
    ahead = make_visit()
    make_application(ahead, never)
    cancelled = make_visit()
    make_application(cancelled, never)
    Visit.objects.filter(pk=cancelled.pk).update(cancelled_at=timezone.now())
    rows = [row for row in list_company_history() if row.company in (often, never, vain)]
    assert [
        (row.company.name, row.attended_count, row.missed_count, row.upcoming_count, row.unplaced_count)
        for row in rows
    ] == [
        ("C", 0, 0, 0, 2),
        ("B", 0, 0, 1, 0),
        ("A", 2, 0, 0, 0),
    ]
    assert rows[2].last_visit.event.ends_at < timezone.now()


def test_last_visit_of_company_is_over():
    past, ahead, company = make_visit(), make_visit(), make_company()
    make_application(past, company)
    end_visit(past)
    make_application(ahead, company)

    [row] = [row for row in list_company_history() if row.company == company]

    assert row.upcoming_count == 1
    assert row.last_visit == past


def test_cancelled_place_does_not_count_as_visit():
    application = make_application(make_visit())
    cancel_registration(registration=application.registration)
    end_visit(application.visit)
    assert count_visits_by_person([application.person_id]) == {}
    [row] = [row for row in list_company_history() if row.company == application.company]
    assert (row.attended_count, row.unplaced_count) == (0, 1)


def test_company_history_is_shown_and_downloaded(client):
    application = make_application(make_visit())
    end_visit(application.visit)
    client.force_login(make_administrator())
    history = client.get("/organize/season/turns/").context["page_obj"]
    rows = {row.company: row.attended_count for row in history}
    assert rows[application.company] == 1
    lines = client.get("/organize/season/turns.csv").content.decode("utf-8-sig").splitlines()
    assert f"{application.company},1,0,0,0,Visite" in lines
    assert Company.objects.filter(memberships__isnull=False).count() == len(lines) - 1
