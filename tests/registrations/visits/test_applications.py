"""Visit applications: place, waiting list or refusal; withdrawal; other ways to register are closed."""

import datetime

import pytest
from django.test import Client
from django.utils import timezone
from lxml import html

from convention.audit.models import AuditEntry
from convention.club.models import Employment, Membership, Seat
from convention.errors import InvalidFields, NotOpenNow
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
from registrations.models import CompanyShare, RefundRule, Registration, Ticket, WaitingEntry
from registrations.order_context import OrderContext
from registrations.order_request import OrderRequest, RequestedPlace
from registrations.visits.applications.apply import apply_for_visit
from registrations.visits.applications.state import ApplicationState
from registrations.visits.applications.veto import veto_application
from registrations.visits.applications.withdraw import revoke_place, withdraw_application
from registrations.visits.lifecycle.cancel import cancel_visit
from registrations.visits.models import Application
from registrations.visits.preconditions import ApplicationEnded, NotEligible, VisitNotReady
from tests.factories import (
    START_OF_2020,
    make_company,
    make_member,
    make_person,
)
from tests.registrations.visits.factories import (
    get_applicant,
    get_state,
    make_application,
    make_market,
    make_visit,
    reload_visit,
)

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1)


def test_member_gets_confirmed_place_for_company():
    visit, company = make_visit(), make_company()
    application = make_application(visit, company)
    place = application.registration
    assert get_state(application) == ApplicationState.CONFIRMED
    assert (place.person, place.member_of, place.ticket.slug) == (application.person, company, "member")
    assert (place.order.source, place.order.payment) == ("visit", "free")
    assert CompanyShare.objects.get(company=company).reserved == 1
    assert AuditEntry.objects.get(verb="visit.apply").subject == f"visits.application:{application.pk}"


def test_second_application_changes_nothing():
    visit = make_visit()
    first = make_application(visit)
    assert apply_for_visit(visit=visit, person=get_applicant(first)) == first
    assert Registration.objects.count() == 1


def test_priced_place_is_invoiced_to_company():
    company = make_company(street="1 rue", postcode="75001", city="Paris")
    application = make_application(make_visit(price=12_000), company)
    order = application.registration.order
    assert (order.payment, order.total, order.billing_name, order.billing_city) == (
        "invoice", 12_000, company.name, "Paris",
    )  # fmt: skip


def test_applicant_for_full_visit_joins_waiting_list():
    visit = make_visit(places=1)
    make_application(visit)
    second = make_application(visit)
    assert (second.registration, get_state(second)) == (None, ApplicationState.WAITING)
    assert second.waiting_entry.ticket == Ticket.objects.get(event=visit.event)


def test_applicant_without_seat_is_refused_and_may_apply_again():
    visit, company = make_visit(), make_company()
    person = make_person()
    refused = apply_for_visit(visit=visit, person=person)
    assert (refused.refusal_reasons, get_state(refused)) == (["no_seat"], ApplicationState.REFUSED)
    Employment.objects.create(person=person, company=company, starts_on=START_OF_2020)
    Seat.objects.create(membership=company.memberships.get(), person=person, starts_on=visit.day)
    again = apply_for_visit(visit=visit, person=person)
    assert (again.pk, again.refusal_reasons, get_state(again)) == (refused.pk, [], ApplicationState.CONFIRMED)


def test_seat_must_be_valid_on_day_of_visit():
    visit = make_visit()
    person = make_member()
    Seat.objects.filter(person=person).update(ends_on=visit.day - DAY)
    assert apply_for_visit(visit=visit, person=person).refusal_reasons == ["no_seat"]
    Seat.objects.filter(person=person).update(ends_on=visit.day)
    assert get_state(apply_for_visit(visit=visit, person=person)) == ApplicationState.CONFIRMED


def test_membership_that_ends_before_visit_gives_no_place():
    visit, company = make_visit(), make_company()
    Membership.objects.filter(company=company).update(ends_on=visit.day - DAY)
    assert make_application(visit, company).refusal_reasons == ["no_seat"]


def test_competitors_are_refused_by_own_market_or_group_market():
    market = make_market()
    host = make_company(role="vendor")
    host.markets.add(market)
    visit = make_visit(host=host)
    rival, parent, bank = make_company(), make_company(role=None), make_company()
    rival.markets.add(market)
    parent.markets.add(market)
    bank.parent = parent
    bank.save()
    assert make_application(visit, rival).refusal_reasons == ["competitor"]
    assert make_application(visit, bank).refusal_reasons == ["competitor"]
    assert get_state(make_application(visit)) == ApplicationState.CONFIRMED


def test_applicant_with_competing_second_employer_is_refused():
    market, host = make_market(), make_company(role="vendor")
    host.markets.add(market)
    visit, rival = make_visit(host=host), make_company(role="vendor")
    rival.markets.add(market)
    person = make_member()
    job = Employment.objects.create(person=person, company=rival, starts_on=START_OF_2020)
    assert apply_for_visit(visit=visit, person=person).refusal_reasons == ["competitor"]
    job.ends_on = visit.day - DAY
    job.save()
    assert get_state(apply_for_visit(visit=visit, person=person)) == ApplicationState.CONFIRMED


def test_employee_of_host_is_not_a_competitor():
    host = make_company()
    host.markets.add(make_market())
    assert get_state(make_application(make_visit(host=host), host)) == ApplicationState.CONFIRMED


def test_company_cap_refuses_second_applicant_until_first_withdraws():
    visit, company = make_visit(places=2, cap=1), make_company()
    first = make_application(visit, company)
    second = make_application(visit, company)
    assert (second.refusal_reasons, get_state(second)) == (["cap"], ApplicationState.REFUSED)
    withdraw_application(application=first)
    assert get_state(apply_for_visit(visit=visit, person=get_applicant(second))) == ApplicationState.CONFIRMED


def test_offer_counts_towards_company_cap():
    visit, company = make_visit(places=1, cap=1), make_company()
    leaving, waiting = make_application(visit), make_application(visit, company)
    withdraw_application(application=leaving)
    assert get_state(waiting) == ApplicationState.OFFERED
    assert make_application(visit, company).refusal_reasons == ["cap"]


def test_consecutive_visits_are_allowed_and_overlapping_visits_refused():
    morning = make_visit()
    noon = make_visit(starts_at=morning.event.ends_at)
    clash = make_visit(starts_at=morning.event.ends_at - datetime.timedelta(minutes=1))
    person = make_member()
    assert get_state(apply_for_visit(visit=morning, person=person)) == ApplicationState.CONFIRMED
    assert get_state(apply_for_visit(visit=noon, person=person)) == ApplicationState.CONFIRMED
    assert apply_for_visit(visit=clash, person=person).refusal_reasons == ["same_day"]


@pytest.mark.parametrize("is_visit_cancelled", [True, False])
def test_withdrawn_application_or_cancelled_visit_does_not_block_overlapping_visit(is_visit_cancelled):
    first = make_visit()
    second = make_visit(starts_at=first.event.starts_at)
    person = make_member()
    application = apply_for_visit(visit=first, person=person)
    if is_visit_cancelled:
        cancel_visit(visit=first, reason="Strike.")
    else:
        withdraw_application(application=application)
    assert get_state(apply_for_visit(visit=second, person=person)) == ApplicationState.CONFIRMED


def test_application_is_refused_unless_visit_is_open():
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


def test_applicant_without_full_name_is_refused():
    with pytest.raises(VisitNotReady, match="full name"):
        apply_for_visit(visit=make_visit(), person=make_member(last_name=""))


def test_withdrawal_offers_place_to_next_on_waiting_list():
    visit = make_visit(places=1)
    first, second = make_application(visit), make_application(visit)
    withdraw_application(application=first)
    assert (get_state(first), get_state(second)) == (ApplicationState.WITHDRAWN, ApplicationState.OFFERED)
    accept_ticket_offer(entry=second.waiting_entry)
    second.refresh_from_db()
    assert get_state(second) == ApplicationState.CONFIRMED
    assert second.registration.person == second.person
    assert Ticket.objects.get(event=visit.event).reserved == 1


def test_second_withdrawal_is_refused():
    application = make_application(make_visit())
    withdraw_application(application=application)
    with pytest.raises(ApplicationEnded):
        withdraw_application(application=application)


def test_withdrawal_from_waiting_list_does_not_affect_others():
    visit = make_visit(places=1)
    make_application(visit)
    second, third = make_application(visit), make_application(visit)
    withdraw_application(application=second)
    assert (get_state(second), get_state(third)) == (ApplicationState.WITHDRAWN, ApplicationState.WAITING)


def test_member_may_apply_again_after_withdrawal_or_cancellation():
    visit = make_visit()
    application = make_application(visit)
    withdraw_application(application=application)
    again = apply_for_visit(visit=visit, person=get_applicant(application))
    cancel_registration(registration=again.registration)
    assert get_state(again) == ApplicationState.WITHDRAWN
    third = apply_for_visit(visit=visit, person=get_applicant(application))
    assert (get_state(third), Application.objects.count()) == (ApplicationState.CONFIRMED, 3)


def test_offer_follows_order_of_joining_when_no_company_has_a_place():
    visit, big, small = make_visit(places=1, cap=2), make_company(), make_company()
    first = make_application(visit, big)
    colleague, newcomer = make_application(visit, big), make_application(visit, small)
    stranger = make_application(visit)
    withdraw_application(application=first)  # no company has a place now, so the order of joining decides
    assert get_state(colleague) == ApplicationState.OFFERED
    assert (get_state(newcomer), get_state(stranger)) == (ApplicationState.WAITING, ApplicationState.WAITING)


def test_company_without_place_gets_offer_before_second_colleague():
    visit, big, other, small = make_visit(places=2, cap=2), make_company(), make_company(), make_company()
    make_application(visit, big)
    leaving = make_application(visit, other)
    colleague = make_application(visit, big)
    newcomer = make_application(visit, small)
    withdraw_application(application=leaving)
    assert (get_state(newcomer), get_state(colleague)) == (ApplicationState.OFFERED, ApplicationState.WAITING)


def test_applicant_who_became_competitor_while_waiting_is_skipped():
    market, host, company = make_market(), make_company(role="vendor"), make_company()
    host.markets.add(market)
    visit = make_visit(places=1, host=host)
    first, second, third = make_application(visit), make_application(visit, company), make_application(visit)
    company.markets.add(market)
    withdraw_application(application=first)
    assert (get_state(second), get_state(third)) == (ApplicationState.WAITING, ApplicationState.OFFERED)
    assert WaitingEntry.objects.get(application=second).skip_reason == "not_eligible"


def test_offer_cannot_be_accepted_after_loss_of_seat():
    visit = make_visit(places=1)
    first, second = make_application(visit), make_application(visit)
    withdraw_application(application=first)
    Seat.objects.filter(person=second.person).update(ends_on=START_OF_2020)
    with pytest.raises(NotEligible, match="You will not have a seat"):
        accept_ticket_offer(entry=second.waiting_entry)


def test_promotion_continues_after_closing_and_stops_at_lock():
    visit = make_visit(places=1)
    first, second, third = make_application(visit), make_application(visit), make_application(visit)
    visit.closed_at = visit.event.registration_closes_at = timezone.now()
    visit.save()
    visit.event.save()
    withdraw_application(application=first)
    assert get_state(second) == ApplicationState.OFFERED
    visit.locked_at = timezone.now()
    visit.save()
    withdraw_application(application=second)
    assert get_state(third) == ApplicationState.WAITING


def test_offer_expires_within_one_day():
    visit = make_visit(places=1, lock_working_days=5)
    first, second = make_application(visit), make_application(visit)
    withdraw_application(application=first)
    second.waiting_entry.refresh_from_db()
    until = second.waiting_entry.offer_expires_at
    assert timezone.now() < until <= timezone.now() + DAY


def test_offer_expires_after_quarter_of_time_until_near_lock():
    evening = (timezone.localtime() + 2 * DAY).replace(hour=20, minute=0)
    visit = make_visit(places=1, lock_working_days=0, starts_at=evening)
    first, second = make_application(visit), make_application(visit)
    withdraw_application(application=first)
    entry = WaitingEntry.objects.get(application=second)
    locks_at = reload_visit(visit).locks_at
    assert locks_at < visit.event.starts_at
    assert entry.offer_expires_at == entry.offered_at + (locks_at - entry.offered_at) / 4


def test_revocation_needs_reason_and_notifies_applicant(run_tasks, mailoutbox):
    application = make_application(make_visit(), language="en")
    with pytest.raises(InvalidFields):
        revoke_place(application=application, reason=" ")
    revoke_place(application=application, reason="You changed employer.")
    run_tasks()
    assert get_state(application) == ApplicationState.REVOKED
    [mail] = [m for m in mailoutbox if "withdrawn" in m.subject]
    assert "You changed employer." in mail.body


def test_visitor_without_place_by_decision_of_the_club_gets_one_mail(run_tasks, mailoutbox):
    application = make_application(make_visit(), language="en")
    run_tasks()
    mailoutbox.clear()

    revoke_place(application=application, reason="You changed employer.")
    run_tasks()

    [mail] = mailoutbox
    assert mail.subject.startswith("Your place has been withdrawn: ")
    assert "STATUS:CANCELLED" in mail.attachments[0].content


def test_place_withdrawn_by_the_club_costs_no_fee():
    visit = make_visit(price=5000)
    RefundRule.objects.create(event=visit.event, days_before=0, refund_percent=50)
    application = make_application(visit)

    revoke_place(application=application, reason="You changed employer.")

    application.registration.refresh_from_db()
    assert application.registration.cancellation_fee == 0


def test_refund_has_its_own_paragraph_after_the_reason(run_tasks, mailoutbox):
    application = make_application(make_visit(price=5000), language="en")
    revoke_place(application=application, reason="You changed employer")
    run_tasks()
    [mail] = [m for m in mailoutbox if "withdrawn" in m.subject]
    assert "Reason: You changed employer\n\nAny payment will be refunded in full." in mail.body
    assert "<p>Any payment will be refunded in full.</p>" in mail.alternatives[0][0]


def test_applicant_without_a_place_is_told_that_the_application_ended(run_tasks, mailoutbox):
    visit = make_visit(places=1)
    make_application(visit)
    waiting = make_application(visit, language="en")

    revoke_place(application=waiting, reason="The visit is for network teams.")
    run_tasks()

    [mail] = [mail for mail in mailoutbox if mail.to == [get_applicant(waiting).email]]
    assert mail.subject.startswith("Your application has been closed: ")
    assert "your place" not in mail.body.lower()


def test_vetoed_applicant_cannot_apply_again(client: Client):
    visit = make_visit(slug="labs")
    application = make_application(visit)
    veto_application(application=application)
    with pytest.raises(NotEligible, match="did not confirm"):
        apply_for_visit(visit=visit, person=get_applicant(application))
    assert Application.objects.get() == application
    client.force_login(get_applicant(application))
    assert client.get("/visits/labs/").context["can_apply"] is False


# --- other ways to register ---------------------------------------------------------------------------


def make_requested_place(person) -> RequestedPlace:
    return RequestedPlace(
        ticket="member", first_name=person.first_name, last_name=person.last_name, email=person.email or ""
    )


@pytest.mark.parametrize("signed_in", [True, False])
def test_order_without_application_is_refused(signed_in):
    visit, person = make_visit(), make_member()
    request = OrderRequest(email=person.email, places=(make_requested_place(person),))
    with pytest.raises(ApplicationRequired):
        place_order(
            event=visit.event, request=request, context=OrderContext(person=person if signed_in else None)
        )
    assert (Registration.objects.count(), Ticket.objects.get().reserved) == (0, 0)


def test_attendee_cannot_transfer_place_to_colleague():
    visit, company = make_visit(), make_company()
    application, colleague = make_application(visit, company), make_member(company)
    with pytest.raises(ApplicationRequired):
        substitute_attendee(
            registration=application.registration, new_attendee=make_requested_place(colleague)
        )
    assert Registration.objects.get().person == application.person


def make_correction(place, **said) -> Correction:
    kept = {
        name: getattr(place, name) for name in ("first_name", "last_name", "email", "company", "no_photo")
    }
    return Correction(**{**kept, **said})


@pytest.mark.parametrize("action", [correct_registration, correct_own_registration])
def test_correction_cannot_replace_attendee(action):
    place = make_application(make_visit(), first_name="Zoé", last_name="Müller").registration
    with pytest.raises(InvalidFields) as refused:
        action(registration=place, correction=make_correction(place, last_name="Intruse"))
    assert list(refused.value.field_errors) == ["last_name"]
    assert Registration.objects.get().last_name == "Müller"
    action(registration=place, correction=make_correction(place, first_name="ZOE"))
    assert Registration.objects.get().first_name == "ZOE"


def test_organizer_corrects_last_name():
    place = make_application(make_visit()).registration
    correct_as_organizer(registration=place, correction=make_correction(place, last_name="Silveira"))
    assert Registration.objects.get().last_name == "Silveira"


def test_walk_in_is_refused_for_visit():
    visit, person = make_visit(), make_member()
    with pytest.raises(ApplicationRequired):
        register_walk_in(event=visit.event, place=make_requested_place(person), idempotency_key="k")


def test_registration_pages_redirect_to_visit(client: Client):
    visit = make_visit(slug="labs")
    for path in ("/events/labs/register/", "/events/labs/waiting/member/"):
        answer = client.get(path)
        assert (path, answer.status_code, answer.headers.get("Location")) == (path, 302, "/visits/labs/")
    page = client.get("/events/labs/").content.decode()
    assert 'href="/visits/labs/"' in page
    assert reload_visit(visit).state == "published"


@pytest.mark.parametrize(
    ("places", "label"), [(2, "Demander une place"), (1, "S’inscrire sur la liste d’attente")]
)
def test_event_page_offers_the_waiting_list_of_a_full_visit(client: Client, places: int, label: str):
    make_application(make_visit(slug="labs", places=places, visibility="public"))

    page = html.fromstring(client.get("/events/labs/").text)

    [button] = page.xpath("//section[@aria-labelledby='tickets']//a[contains(@class, 'big')]")
    assert (button.text, button.get("href")) == (label, "/visits/labs/")


def test_event_page_of_a_full_visit_leads_applicants_to_their_application(client: Client):
    application = make_application(make_visit(slug="labs", places=1, visibility="public"))
    client.force_login(application.person)

    page = html.fromstring(client.get("/events/labs/").text)

    [button] = page.xpath("//section[@aria-labelledby='tickets']//a[contains(@class, 'big')]")
    assert (button.text, button.get("href")) == ("Ma demande", "/visits/labs/")


def test_event_without_visit_accepts_orders():
    visit = make_visit()
    event = visit.event
    visit.delete()
    person = make_member()
    order = place_order(
        event=event,
        request=OrderRequest(email=person.email, places=(make_requested_place(person),)),
        context=OrderContext(person=person),
    )
    assert order.registrations.get().state == "confirmed"
