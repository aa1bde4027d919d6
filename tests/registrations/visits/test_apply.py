"""Applying: a place, a place in the line, or the reasons why not; withdrawing; other doors to a place."""

import datetime

import pytest
from django.test import Client
from django.utils import timezone

from convention.audit.models import Entry
from convention.club.models import Employment, Membership, Seat
from convention.errors import Closed, InvalidFields
from convention.tables import Table
from registrations.accept_offer import accept_ticket
from registrations.cancel import cancel
from registrations.correct import Correction, correct, correct_for, correct_own
from registrations.import_list import import_list
from registrations.import_rows import BadRows
from registrations.models import CompanyShare, Registration, Ticket, WaitingEntry
from registrations.on_application import GivenOnApplication
from registrations.order_request import OrderRequest, Place
from registrations.receive import receive
from registrations.register import Means, register
from registrations.substitute import substitute
from registrations.visits.apply import apply
from registrations.visits.models import Application
from registrations.visits.refusals import Ended, NotEligible, NotReady
from registrations.visits.standing import State
from registrations.visits.veto import veto
from registrations.visits.withdraw import take_place_back, withdraw
from tests.factories import LONG_AGO, make_company, make_member, make_person

from .makers import applicant, applied, make_market, make_visit, reread, state

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1)


def test_a_member_gets_a_confirmed_place_for_their_company():
    visit, company = make_visit(), make_company()
    application = applied(visit, company)
    place = application.registration
    assert state(application) == State.CONFIRMED
    assert (place.person, place.member_of, place.ticket.slug) == (application.person, company, "member")
    assert (place.order.source, place.order.payment) == ("visit", "free")
    assert CompanyShare.objects.get(company=company).taken == 1
    assert Entry.objects.get(verb="visit.apply").subject == f"visits.application:{application.pk}"


def test_asking_twice_changes_nothing():
    visit = make_visit()
    first = applied(visit)
    assert apply(visit=visit, person=applicant(first)) == first
    assert Registration.objects.count() == 1


def test_a_priced_place_is_invoiced_to_the_company():
    company = make_company(street="1 rue", postcode="75001", city="Paris")
    application = applied(make_visit(price=12_000), company)
    order = application.registration.order
    assert (order.payment, order.total, order.billing_name, order.billing_city) == (
        "invoice", 12_000, company.name, "Paris",
    )  # fmt: skip


def test_who_finds_no_place_waits():
    visit = make_visit(places=1)
    applied(visit)
    second = applied(visit)
    assert (second.registration, state(second)) == (None, State.WAITING)
    assert second.waiting.ticket == Ticket.objects.get(event=visit.event)


def test_someone_without_a_seat_on_that_day_is_told_so_and_may_apply_again():
    visit, company = make_visit(), make_company()
    person = make_person()
    refused = apply(visit=visit, person=person)
    assert (refused.reasons, state(refused)) == (["no_seat"], State.REFUSED)
    Employment.objects.create(person=person, company=company, starts_on=LONG_AGO)
    Seat.objects.create(membership=company.memberships.get(), person=person, starts_on=visit.day)
    again = apply(visit=visit, person=person)
    assert (again.pk, again.reasons, state(again)) == (refused.pk, [], State.CONFIRMED)


def test_a_seat_counts_on_the_day_of_the_visit_and_not_today():
    visit = make_visit()
    person = make_member()
    Seat.objects.filter(person=person).update(ends_on=visit.day - DAY)
    assert apply(visit=visit, person=person).reasons == ["no_seat"]
    Seat.objects.filter(person=person).update(ends_on=visit.day)
    assert state(apply(visit=visit, person=person)) == State.CONFIRMED


def test_a_membership_that_ends_before_the_visit_gives_no_place():
    visit, company = make_visit(), make_company()
    Membership.objects.filter(company=company).update(ends_on=visit.day - DAY)
    assert applied(visit, company).reasons == ["no_seat"]


def test_competitors_are_refused_by_their_own_market_and_by_their_groups():
    market = make_market()
    host = make_company(role="vendor")
    host.markets.add(market)
    visit = make_visit(host=host)
    rival, parent, bank = make_company(), make_company(role=None), make_company()
    rival.markets.add(market)
    parent.markets.add(market)
    bank.parent = parent
    bank.save()
    assert applied(visit, rival).reasons == ["competitor"]
    assert applied(visit, bank).reasons == ["competitor"]
    assert state(applied(visit)) == State.CONFIRMED


def test_a_second_employer_that_competes_counts_too():
    market, host = make_market(), make_company(role="vendor")
    host.markets.add(market)
    visit, rival = make_visit(host=host), make_company(role="vendor")
    rival.markets.add(market)
    person = make_member()
    job = Employment.objects.create(person=person, company=rival, starts_on=LONG_AGO)
    assert apply(visit=visit, person=person).reasons == ["competitor"]
    job.ends_on = visit.day - DAY
    job.save()
    assert state(apply(visit=visit, person=person)) == State.CONFIRMED


def test_the_host_s_own_people_compete_with_nobody():
    host = make_company()
    host.markets.add(make_market())
    assert state(applied(make_visit(host=host), host)) == State.CONFIRMED


def test_the_cap_of_a_company_counts_its_places_and_what_is_offered_to_it():
    visit, company = make_visit(places=2, cap=1), make_company()
    first = applied(visit, company)
    second = applied(visit, company)
    assert (second.reasons, state(second)) == (["cap"], State.REFUSED)
    withdraw(application=first)
    assert state(apply(visit=visit, person=applicant(second))) == State.CONFIRMED


def test_two_visits_on_one_day_are_possible_one_after_the_other_and_not_at_once():
    morning = make_visit()
    noon = make_visit(starts_at=morning.event.ends_at)
    clash = make_visit(starts_at=morning.event.ends_at - datetime.timedelta(minutes=1))
    person = make_member()
    assert state(apply(visit=morning, person=person)) == State.CONFIRMED
    assert state(apply(visit=noon, person=person)) == State.CONFIRMED
    assert apply(visit=clash, person=person).reasons == ["same_day"]


def test_a_visit_that_was_left_or_called_off_stands_in_nobody_s_way():
    first = make_visit()
    second = make_visit(starts_at=first.event.starts_at)
    person = make_member()
    withdraw(application=apply(visit=first, person=person))
    assert state(apply(visit=second, person=person)) == State.CONFIRMED


def test_nobody_applies_before_it_is_open_or_after_it_is_closed():
    person = make_member()
    for visit, sentence in (
        (make_visit(agreed_at=None), "not open to members yet"),
        (make_visit(visibility="draft"), "not open to members yet"),
        (make_visit(cancelled_at=timezone.now()), "called off"),
        (make_visit(closed_at=timezone.now()), "Applications are closed"),
        (make_visit(locked_at=timezone.now()), "Applications are closed"),
        (make_visit(starts_at=timezone.now() + DAY), "Applications are closed"),  # the lock has passed
    ):
        with pytest.raises(Closed, match=sentence):
            apply(visit=visit, person=person)
    assert Application.objects.count() == 0


def test_someone_whose_name_is_not_known_is_told_whom_to_write_to():
    with pytest.raises(NotReady, match="full name"):
        apply(visit=make_visit(), person=make_member(last_name=""))


def test_withdrawing_gives_the_place_to_the_next_in_line():
    visit = make_visit(places=1)
    first, second = applied(visit), applied(visit)
    withdraw(application=first)
    assert (state(first), state(second)) == (State.WITHDRAWN, State.OFFERED)
    accept_ticket(entry=second.waiting)
    second.refresh_from_db()
    assert state(second) == State.CONFIRMED
    assert second.registration.person == second.person
    assert Ticket.objects.get(event=visit.event).taken == 1


def test_withdrawing_twice_says_that_it_has_ended():
    application = applied(make_visit())
    withdraw(application=application)
    with pytest.raises(Ended):
        withdraw(application=application)


def test_leaving_the_line_keeps_the_others_in_it():
    visit = make_visit(places=1)
    applied(visit)
    second, third = applied(visit), applied(visit)
    withdraw(application=second)
    assert (state(second), state(third)) == (State.WITHDRAWN, State.WAITING)


def test_after_withdrawing_one_may_apply_again_and_after_cancelling_by_the_mailed_link_too():
    visit = make_visit()
    application = applied(visit)
    withdraw(application=application)
    again = apply(visit=visit, person=applicant(application))
    cancel(registration=again.registration)
    assert state(again) == State.WITHDRAWN
    third = apply(visit=visit, person=applicant(application))
    assert (state(third), Application.objects.count()) == (State.CONFIRMED, 3)


def test_a_company_without_a_place_is_served_before_who_joined_earlier():
    visit, big, small = make_visit(places=1, cap=2), make_company(), make_company()
    first = applied(visit, big)
    colleague, newcomer = applied(visit, big), applied(visit, small)
    stranger = applied(visit)
    withdraw(application=first)  # now no company has a place: as they joined
    assert state(colleague) == State.OFFERED
    assert (state(newcomer), state(stranger)) == (State.WAITING, State.WAITING)


def test_a_second_colleague_waits_behind_companies_without_a_place():
    visit, big, other, small = make_visit(places=2, cap=2), make_company(), make_company(), make_company()
    applied(visit, big)
    leaving = applied(visit, other)
    colleague = applied(visit, big)
    newcomer = applied(visit, small)
    withdraw(application=leaving)
    assert (state(newcomer), state(colleague)) == (State.OFFERED, State.WAITING)


def test_who_became_a_competitor_while_waiting_is_passed_over():
    market, host, company = make_market(), make_company(role="vendor"), make_company()
    host.markets.add(market)
    visit = make_visit(places=1, host=host)
    first, second, third = applied(visit), applied(visit, company), applied(visit)
    company.markets.add(market)
    withdraw(application=first)
    assert (state(second), state(third)) == (State.WAITING, State.OFFERED)
    assert WaitingEntry.objects.get(application=second).passed_over == "not_eligible"


def test_an_offer_is_not_for_who_lost_the_seat_since():
    visit = make_visit(places=1)
    first, second = applied(visit), applied(visit)
    withdraw(application=first)
    Seat.objects.filter(person=second.person).update(ends_on=LONG_AGO)
    with pytest.raises(NotEligible, match="You hold no seat"):
        accept_ticket(entry=second.waiting)


def test_promotion_goes_on_after_closing_and_stops_at_the_lock():
    visit = make_visit(places=1)
    first, second, third = applied(visit), applied(visit), applied(visit)
    visit.closed_at = visit.event.registration_closes_at = timezone.now()
    visit.save()
    visit.event.save()
    withdraw(application=first)
    assert state(second) == State.OFFERED
    visit.locked_at = timezone.now()
    visit.save()
    withdraw(application=second)
    assert state(third) == State.WAITING


def test_an_offer_ends_before_the_lock():
    visit = make_visit(places=1, list_days=5)
    first, second = applied(visit), applied(visit)
    withdraw(application=first)
    second.waiting.refresh_from_db()
    until = second.waiting.offer_expires_at
    assert timezone.now() < until <= timezone.now() + DAY


def test_the_club_takes_a_place_back_and_says_why(run_tasks, mailoutbox):
    application = applied(make_visit(), language="en")
    with pytest.raises(InvalidFields):
        take_place_back(application=application, reason=" ")
    take_place_back(application=application, reason="You changed employer.")
    run_tasks()
    assert state(application) == State.WITHDRAWN
    [mail] = [m for m in mailoutbox if "taken back" in m.subject]
    assert "You changed employer." in mail.body


def test_the_host_s_no_outlasts_the_application(client: Client):
    visit = make_visit(slug="labs")
    application = applied(visit)
    veto(application=application)
    with pytest.raises(NotEligible, match="did not confirm"):
        apply(visit=visit, person=applicant(application))
    assert Application.objects.get() == application
    client.force_login(applicant(application))
    assert client.get("/visits/labs/").context["can_apply"] is False


# --- other doors to a place ---------------------------------------------------------------------------


def place_of(person) -> Place:
    return Place(
        ticket="member", first_name=person.first_name, last_name=person.last_name, email=person.email or ""
    )


@pytest.mark.parametrize("signed_in", [True, False])
def test_registering_gives_no_place_without_an_application(signed_in):
    visit, person = make_visit(), make_member()
    request = OrderRequest(email=person.email, places=(place_of(person),))
    with pytest.raises(GivenOnApplication):
        register(event=visit.event, request=request, means=Means(person=person if signed_in else None))
    assert (Registration.objects.count(), Ticket.objects.get().taken) == (0, 0)


def test_a_place_is_not_given_to_a_colleague_by_its_holder():
    visit, company = make_visit(), make_company()
    application, colleague = applied(visit, company), make_member(company)
    with pytest.raises(GivenOnApplication):
        substitute(registration=application.registration, by=place_of(colleague))
    assert Registration.objects.get().person == application.person


def corrected_to(place, **said) -> Correction:
    kept = {
        name: getattr(place, name) for name in ("first_name", "last_name", "email", "company", "no_photo")
    }
    return Correction(**{**kept, **said})


@pytest.mark.parametrize("act", [correct, correct_own])
def test_a_place_does_not_pass_to_somebody_else_as_a_correction(act):
    place = applied(make_visit(), first_name="Zoé", last_name="Müller").registration
    with pytest.raises(InvalidFields) as refused:
        act(registration=place, correction=corrected_to(place, last_name="Intruse"))
    assert list(refused.value.fields) == ["last_name"]
    assert Registration.objects.get().last_name == "Müller"
    act(registration=place, correction=corrected_to(place, first_name="ZOE"))
    assert Registration.objects.get().first_name == "ZOE"


def test_who_runs_the_visit_corrects_a_name():
    place = applied(make_visit()).registration
    correct_for(registration=place, correction=corrected_to(place, last_name="Silveira"))
    assert Registration.objects.get().last_name == "Silveira"


def test_the_desk_registers_nobody_for_a_visit():
    visit, person = make_visit(), make_member()
    with pytest.raises(GivenOnApplication):
        receive(event=visit.event, place=place_of(person), key="k")


def test_a_list_brings_nobody_in():
    visit = make_visit()
    table = Table(["first_name", "last_name", "email"], [(2, ["Ana", "Silva", "ana@example.org"])])
    with pytest.raises(BadRows) as error:
        import_list(event=visit.event, table=table)
    [(row, sentence)] = error.value.rows
    assert (row, "on application" in sentence) == (2, True)
    assert Registration.objects.count() == 0


def test_pages_that_register_lead_to_the_visit(client: Client):
    visit = make_visit(slug="labs")
    for path in ("/events/labs/register/", "/events/labs/waiting/member/"):
        answer = client.get(path)
        assert (path, answer.status_code, answer.headers.get("Location")) == (path, 302, "/visits/labs/")
    page = client.get("/events/labs/").content.decode()
    assert 'href="/visits/labs/"' in page
    assert reread(visit).state == "published"


def test_an_event_without_a_visit_registers_as_before():
    visit = make_visit()
    event = visit.event
    visit.delete()
    person = make_member()
    order = register(
        event=event,
        request=OrderRequest(email=person.email, places=(place_of(person),)),
        means=Means(person=person),
    )
    assert order.registrations.get().state == "confirmed"
