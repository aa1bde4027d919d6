"""Applying: a place, a place in the line, or the reasons why not; withdrawing; other doors to a place."""

import datetime

import pytest
from django.test import Client
from django.utils import timezone

from convention.audit.models import AuditEntry
from convention.club.models import Employment, Membership, Seat
from convention.errors import InvalidFields, NotOpenNow
from convention.tables.files import ParsedTable
from convention.tables.row_errors import InvalidRows
from registrations.application_rules import ApplicationRequired
from registrations.booking.accept_offer import accept_ticket_offer
from registrations.booking.place_order import place_order
from registrations.booking.walk_in import register_walk_in
from registrations.changes.cancel import cancel_registration
from registrations.changes.correct import (
    Correction,
    correct_as_organizer,
    correct_own_registration,
    correct_registration,
)
from registrations.changes.substitute import substitute_attendee
from registrations.import_export.import_registrations import import_registrations
from registrations.models import CompanyShare, Registration, Ticket, WaitingEntry
from registrations.order_context import OrderContext
from registrations.order_request import OrderRequest, RequestedPlace
from registrations.visits.applications.apply import apply_for_visit
from registrations.visits.applications.state import ApplicationState
from registrations.visits.applications.veto import veto_application
from registrations.visits.applications.withdraw import revoke_place, withdraw_application
from registrations.visits.models import Application
from registrations.visits.preconditions import ApplicationEnded, NotEligible, VisitNotReady
from tests.factories import LONG_AGO, make_company, make_member, make_person
from tests.registrations.visits.factories import applicant, applied, make_market, make_visit, reread, state

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1)


def test_a_member_gets_a_confirmed_place_for_their_company():
    visit, company = make_visit(), make_company()
    application = applied(visit, company)
    place = application.registration
    assert state(application) == ApplicationState.CONFIRMED
    assert (place.person, place.member_of, place.ticket.slug) == (application.person, company, "member")
    assert (place.order.source, place.order.payment) == ("visit", "free")
    assert CompanyShare.objects.get(company=company).reserved == 1
    assert AuditEntry.objects.get(verb="visit.apply").subject == f"visits.application:{application.pk}"


def test_asking_twice_changes_nothing():
    visit = make_visit()
    first = applied(visit)
    assert apply_for_visit(visit=visit, person=applicant(first)) == first
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
    assert (second.registration, state(second)) == (None, ApplicationState.WAITING)
    assert second.waiting_entry.ticket == Ticket.objects.get(event=visit.event)


def test_someone_without_a_seat_on_that_day_is_told_so_and_may_apply_again():
    visit, company = make_visit(), make_company()
    person = make_person()
    refused = apply_for_visit(visit=visit, person=person)
    assert (refused.refusal_reasons, state(refused)) == (["no_seat"], ApplicationState.REFUSED)
    Employment.objects.create(person=person, company=company, starts_on=LONG_AGO)
    Seat.objects.create(membership=company.memberships.get(), person=person, starts_on=visit.day)
    again = apply_for_visit(visit=visit, person=person)
    assert (again.pk, again.refusal_reasons, state(again)) == (refused.pk, [], ApplicationState.CONFIRMED)


def test_a_seat_counts_on_the_day_of_the_visit_and_not_today():
    visit = make_visit()
    person = make_member()
    Seat.objects.filter(person=person).update(ends_on=visit.day - DAY)
    assert apply_for_visit(visit=visit, person=person).refusal_reasons == ["no_seat"]
    Seat.objects.filter(person=person).update(ends_on=visit.day)
    assert state(apply_for_visit(visit=visit, person=person)) == ApplicationState.CONFIRMED


def test_a_membership_that_ends_before_the_visit_gives_no_place():
    visit, company = make_visit(), make_company()
    Membership.objects.filter(company=company).update(ends_on=visit.day - DAY)
    assert applied(visit, company).refusal_reasons == ["no_seat"]


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
    assert applied(visit, rival).refusal_reasons == ["competitor"]
    assert applied(visit, bank).refusal_reasons == ["competitor"]
    assert state(applied(visit)) == ApplicationState.CONFIRMED


def test_a_second_employer_that_competes_counts_too():
    market, host = make_market(), make_company(role="vendor")
    host.markets.add(market)
    visit, rival = make_visit(host=host), make_company(role="vendor")
    rival.markets.add(market)
    person = make_member()
    job = Employment.objects.create(person=person, company=rival, starts_on=LONG_AGO)
    assert apply_for_visit(visit=visit, person=person).refusal_reasons == ["competitor"]
    job.ends_on = visit.day - DAY
    job.save()
    assert state(apply_for_visit(visit=visit, person=person)) == ApplicationState.CONFIRMED


def test_the_host_s_own_people_compete_with_nobody():
    host = make_company()
    host.markets.add(make_market())
    assert state(applied(make_visit(host=host), host)) == ApplicationState.CONFIRMED


def test_the_cap_of_a_company_counts_its_places_and_what_is_offered_to_it():
    visit, company = make_visit(places=2, cap=1), make_company()
    first = applied(visit, company)
    second = applied(visit, company)
    assert (second.refusal_reasons, state(second)) == (["cap"], ApplicationState.REFUSED)
    withdraw_application(application=first)
    assert state(apply_for_visit(visit=visit, person=applicant(second))) == ApplicationState.CONFIRMED


def test_two_visits_on_one_day_are_possible_one_after_the_other_and_not_at_once():
    morning = make_visit()
    noon = make_visit(starts_at=morning.event.ends_at)
    clash = make_visit(starts_at=morning.event.ends_at - datetime.timedelta(minutes=1))
    person = make_member()
    assert state(apply_for_visit(visit=morning, person=person)) == ApplicationState.CONFIRMED
    assert state(apply_for_visit(visit=noon, person=person)) == ApplicationState.CONFIRMED
    assert apply_for_visit(visit=clash, person=person).refusal_reasons == ["same_day"]


def test_a_visit_that_was_left_or_called_off_stands_in_nobody_s_way():
    first = make_visit()
    second = make_visit(starts_at=first.event.starts_at)
    person = make_member()
    withdraw_application(application=apply_for_visit(visit=first, person=person))
    assert state(apply_for_visit(visit=second, person=person)) == ApplicationState.CONFIRMED


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
        with pytest.raises(NotOpenNow, match=sentence):
            apply_for_visit(visit=visit, person=person)
    assert Application.objects.count() == 0


def test_someone_whose_name_is_not_known_is_told_whom_to_write_to():
    with pytest.raises(VisitNotReady, match="full name"):
        apply_for_visit(visit=make_visit(), person=make_member(last_name=""))


def test_withdrawing_gives_the_place_to_the_next_in_line():
    visit = make_visit(places=1)
    first, second = applied(visit), applied(visit)
    withdraw_application(application=first)
    assert (state(first), state(second)) == (ApplicationState.WITHDRAWN, ApplicationState.OFFERED)
    accept_ticket_offer(entry=second.waiting_entry)
    second.refresh_from_db()
    assert state(second) == ApplicationState.CONFIRMED
    assert second.registration.person == second.person
    assert Ticket.objects.get(event=visit.event).reserved == 1


def test_withdrawing_twice_says_that_it_has_ended():
    application = applied(make_visit())
    withdraw_application(application=application)
    with pytest.raises(ApplicationEnded):
        withdraw_application(application=application)


def test_leaving_the_line_keeps_the_others_in_it():
    visit = make_visit(places=1)
    applied(visit)
    second, third = applied(visit), applied(visit)
    withdraw_application(application=second)
    assert (state(second), state(third)) == (ApplicationState.WITHDRAWN, ApplicationState.WAITING)


def test_after_withdrawing_one_may_apply_again_and_after_cancelling_by_the_mailed_link_too():
    visit = make_visit()
    application = applied(visit)
    withdraw_application(application=application)
    again = apply_for_visit(visit=visit, person=applicant(application))
    cancel_registration(registration=again.registration)
    assert state(again) == ApplicationState.WITHDRAWN
    third = apply_for_visit(visit=visit, person=applicant(application))
    assert (state(third), Application.objects.count()) == (ApplicationState.CONFIRMED, 3)


def test_a_company_without_a_place_is_served_before_who_joined_earlier():
    visit, big, small = make_visit(places=1, cap=2), make_company(), make_company()
    first = applied(visit, big)
    colleague, newcomer = applied(visit, big), applied(visit, small)
    stranger = applied(visit)
    withdraw_application(application=first)  # now no company has a place: as they joined
    assert state(colleague) == ApplicationState.OFFERED
    assert (state(newcomer), state(stranger)) == (ApplicationState.WAITING, ApplicationState.WAITING)


def test_a_second_colleague_waits_behind_companies_without_a_place():
    visit, big, other, small = make_visit(places=2, cap=2), make_company(), make_company(), make_company()
    applied(visit, big)
    leaving = applied(visit, other)
    colleague = applied(visit, big)
    newcomer = applied(visit, small)
    withdraw_application(application=leaving)
    assert (state(newcomer), state(colleague)) == (ApplicationState.OFFERED, ApplicationState.WAITING)


def test_who_became_a_competitor_while_waiting_is_passed_over():
    market, host, company = make_market(), make_company(role="vendor"), make_company()
    host.markets.add(market)
    visit = make_visit(places=1, host=host)
    first, second, third = applied(visit), applied(visit, company), applied(visit)
    company.markets.add(market)
    withdraw_application(application=first)
    assert (state(second), state(third)) == (ApplicationState.WAITING, ApplicationState.OFFERED)
    assert WaitingEntry.objects.get(application=second).skip_reason == "not_eligible"


def test_an_offer_is_not_for_who_lost_the_seat_since():
    visit = make_visit(places=1)
    first, second = applied(visit), applied(visit)
    withdraw_application(application=first)
    Seat.objects.filter(person=second.person).update(ends_on=LONG_AGO)
    with pytest.raises(NotEligible, match="You will not have a seat"):
        accept_ticket_offer(entry=second.waiting_entry)


def test_promotion_goes_on_after_closing_and_stops_at_the_lock():
    visit = make_visit(places=1)
    first, second, third = applied(visit), applied(visit), applied(visit)
    visit.closed_at = visit.event.registration_closes_at = timezone.now()
    visit.save()
    visit.event.save()
    withdraw_application(application=first)
    assert state(second) == ApplicationState.OFFERED
    visit.locked_at = timezone.now()
    visit.save()
    withdraw_application(application=second)
    assert state(third) == ApplicationState.WAITING


def test_an_offer_ends_before_the_lock():
    visit = make_visit(places=1, lock_working_days=5)
    first, second = applied(visit), applied(visit)
    withdraw_application(application=first)
    second.waiting_entry.refresh_from_db()
    until = second.waiting_entry.offer_expires_at
    assert timezone.now() < until <= timezone.now() + DAY


def test_the_club_takes_a_place_back_and_says_why(run_tasks, mailoutbox):
    application = applied(make_visit(), language="en")
    with pytest.raises(InvalidFields):
        revoke_place(application=application, reason=" ")
    revoke_place(application=application, reason="You changed employer.")
    run_tasks()
    assert state(application) == ApplicationState.WITHDRAWN
    [mail] = [m for m in mailoutbox if "withdrawn" in m.subject]
    assert "You changed employer." in mail.body


def test_the_host_s_no_outlasts_the_application(client: Client):
    visit = make_visit(slug="labs")
    application = applied(visit)
    veto_application(application=application)
    with pytest.raises(NotEligible, match="did not confirm"):
        apply_for_visit(visit=visit, person=applicant(application))
    assert Application.objects.get() == application
    client.force_login(applicant(application))
    assert client.get("/visits/labs/").context["can_apply"] is False


# --- other doors to a place ---------------------------------------------------------------------------


def place_of(person) -> RequestedPlace:
    return RequestedPlace(
        ticket="member", first_name=person.first_name, last_name=person.last_name, email=person.email or ""
    )


@pytest.mark.parametrize("signed_in", [True, False])
def test_registering_gives_no_place_without_an_application(signed_in):
    visit, person = make_visit(), make_member()
    request = OrderRequest(email=person.email, places=(place_of(person),))
    with pytest.raises(ApplicationRequired):
        place_order(
            event=visit.event, request=request, context=OrderContext(person=person if signed_in else None)
        )
    assert (Registration.objects.count(), Ticket.objects.get().reserved) == (0, 0)


def test_a_place_is_not_given_to_a_colleague_by_its_holder():
    visit, company = make_visit(), make_company()
    application, colleague = applied(visit, company), make_member(company)
    with pytest.raises(ApplicationRequired):
        substitute_attendee(registration=application.registration, new_attendee=place_of(colleague))
    assert Registration.objects.get().person == application.person


def corrected_to(place, **said) -> Correction:
    kept = {
        name: getattr(place, name) for name in ("first_name", "last_name", "email", "company", "no_photo")
    }
    return Correction(**{**kept, **said})


@pytest.mark.parametrize("act", [correct_registration, correct_own_registration])
def test_a_place_does_not_pass_to_somebody_else_as_a_correction(act):
    place = applied(make_visit(), first_name="Zoé", last_name="Müller").registration
    with pytest.raises(InvalidFields) as refused:
        act(registration=place, correction=corrected_to(place, last_name="Intruse"))
    assert list(refused.value.field_errors) == ["last_name"]
    assert Registration.objects.get().last_name == "Müller"
    act(registration=place, correction=corrected_to(place, first_name="ZOE"))
    assert Registration.objects.get().first_name == "ZOE"


def test_who_runs_the_visit_corrects_a_name():
    place = applied(make_visit()).registration
    correct_as_organizer(registration=place, correction=corrected_to(place, last_name="Silveira"))
    assert Registration.objects.get().last_name == "Silveira"


def test_the_desk_registers_nobody_for_a_visit():
    visit, person = make_visit(), make_member()
    with pytest.raises(ApplicationRequired):
        register_walk_in(event=visit.event, place=place_of(person), idempotency_key="k")


def test_a_list_brings_nobody_in():
    visit = make_visit()
    table = ParsedTable(["first_name", "last_name", "email"], [(2, ["Ana", "Silva", "ana@example.org"])])
    with pytest.raises(InvalidRows) as error:
        import_registrations(event=visit.event, table=table)
    [(row, sentence)] = error.value.rows
    assert row == 2
    assert "on application" in sentence
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
    order = place_order(
        event=event,
        request=OrderRequest(email=person.email, places=(place_of(person),)),
        context=OrderContext(person=person),
    )
    assert order.registrations.get().state == "confirmed"
