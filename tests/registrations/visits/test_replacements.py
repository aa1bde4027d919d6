"""Replacements after the lock: proposed by the secretary, approved by the host, notified to the visitor."""

import datetime
import re

import pytest
from django.test import Client
from django.utils import timezone, translation
from lxml import html

from convention.audit.models import AuditEntry
from convention.errors import InvalidFields, NotOpenNow
from convention.events.models import Event
from registrations.changes.cancel import cancel_registration
from registrations.models import CompanyShare, Registration
from registrations.visits.applications.state import ApplicationState
from registrations.visits.applications.veto import veto_application
from registrations.visits.applications.withdraw import revoke_place, withdraw_application
from registrations.visits.hosts.replacements import (
    approve_visitor,
    propose_replacement,
    propose_replacement_by_email,
)
from registrations.visits.identity.identities import save_identity
from registrations.visits.models import Application, Identity, Visit
from registrations.visits.visitor_list.lock import lock_list
from tests.factories import make_company, make_member, make_person, make_secretary
from tests.registrations.visits.factories import get_applicant, get_state, make_application, make_visit
from tests.registrations.visits.hosts import (
    get_original_application,
    make_host,
    make_host_path,
    make_identified,
    make_identity_answers,
    make_sent_list,
    make_visitor,
    record_acceptance,
)
from tests.site_objects import make_client

pytestmark = pytest.mark.django_db


def make_colleague(application):
    return make_member(application.company, first_name="Zoé", last_name="Remplace")


def test_replacement_gets_place_after_host_approval(visit, enter, run_tasks, mailoutbox):
    replaced = get_original_application(visit)
    new = make_colleague(replaced)
    made = propose_replacement_by_email(application=replaced, email=new.email.upper())

    run_tasks()

    assert [mail.to for mail in mailoutbox] == [["sophie@hote.example"]]
    assert [word for word in ("Zwickelstein", "Remplace") if word in mailoutbox[0].body] == []
    replaced.registration.refresh_from_db()
    assert replaced.registration.cancelled_at is None

    client = enter()

    assert "Remplace" in client.get(make_host_path(visit)).content.decode()

    client.post(f"{make_host_path(visit)}people/{made.pk}/", {"action": "approve"})

    replaced.refresh_from_db()
    made.refresh_from_db()
    assert made.host_approved_at is not None
    assert made.registration.person == new
    assert made.registration.cancelled_at is None
    assert replaced.withdrawn_at is not None
    assert replaced.registration.cancelled_at is not None
    assert not Identity.objects.filter(application=replaced).exists()
    assert Registration.objects.confirmed().filter(event=visit.event).count() == 1

    record_acceptance(made)
    save_identity(application=made, answers=make_identity_answers(5))

    second = make_sent_list(visit)

    assert second.added == 1
    assert second.removed == 1


def test_pages_tell_who_awaits_the_host_and_who_lost_the_place(visit):
    replaced = get_original_application(visit)
    made = propose_replacement(application=replaced, replacement=make_colleague(replaced))

    waiting_page = make_client(made.person).get(f"/en/visits/{visit.event.slug}/").text
    approve_visitor(application=made)
    lost_page = make_client(replaced.person).get(f"/en/visits/{visit.event.slug}/").text

    assert "You have been proposed as a replacement for another visitor." in waiting_page
    assert "awaiting the host’s agreement" in waiting_page
    [label] = html.fromstring(lost_page).xpath("//span[@class='tag struck']")
    assert label.text == "replaced"
    assert "withdrawn by the club" not in lost_page


def test_organizers_read_who_was_replaced(visit):
    replaced = get_original_application(visit)
    approve_visitor(
        application=propose_replacement(application=replaced, replacement=make_colleague(replaced))
    )
    client = make_client(make_secretary())

    page = html.fromstring(client.get(f"/en/organize/{visit.event.slug}/visit/applicants/").text)

    assert "replaced" in page.xpath("//span[@class='tag struck']/text()")


def test_place_that_the_club_withdrew_before_its_replacement_was_approved_stays_withdrawn_by_the_club(visit):
    replaced = get_original_application(visit)
    pending = propose_replacement(application=replaced, replacement=make_colleague(replaced))
    revoke_place(application=replaced, reason="Badge lost twice.")

    approve_visitor(application=pending)

    replaced.refresh_from_db()
    assert get_state(replaced) == ApplicationState.REVOKED


def test_host_is_not_told_why_replacement_became_ineligible(visit, enter):
    by = make_colleague(get_original_application(visit))
    made = propose_replacement(application=get_original_application(visit), replacement=by)
    by.seats.update(ends_on=timezone.localdate())
    page = enter().post(f"/en{make_host_path(visit)}people/{made.pk}/", {"action": "approve"}, follow=True)

    said = page.content.decode()

    assert "This person can no longer come" in said
    assert "seat" not in said
    made.refresh_from_db()
    assert made.registration is None
    assert made.host_approved_at is None


def test_replaced_visitor_is_notified(visit, run_tasks, mailoutbox):
    replaced = get_original_application(visit)
    replaced.person.language = "en"
    replaced.person.save(update_fields=["language"])
    replacement = make_colleague(replaced)
    approve_visitor(application=propose_replacement(application=replaced, replacement=replacement))

    run_tasks()

    [mail] = [one for one in mailoutbox if one.to == [replaced.person.email]]

    text = " ".join(mail.body.split())
    assert mail.subject.startswith("Your place has been given to someone else: ")
    assert "Your place on this visit has been given to someone else, with the host’s agreement." in text
    assert "If you didn’t ask for this, reply to this e-mail." in text
    assert "The club has withdrawn your place" not in text
    assert replacement.last_name not in text
    [entry] = AuditEntry.objects.filter(verb="visit.withdraw")
    assert entry.subject == f"visits.application:{replaced.pk}"
    assert entry.fields == ["withdrawn_at", "revocation_reason"]


def test_visitor_who_cancelled_is_not_notified_of_replacement(visit, run_tasks, mailoutbox):
    gone = get_original_application(visit)
    cancel_registration(registration=gone.registration)
    run_tasks()
    mailoutbox.clear()
    approve_visitor(application=propose_replacement(application=gone, replacement=make_colleague(gone)))

    run_tasks()

    assert [one for one in mailoutbox if one.to == [gone.person.email]] == []


def test_replacement_can_be_replaced_after_registration_closed(visit):
    first = get_original_application(visit)
    visit.event.registration_closes_at = timezone.now()
    visit.event.save()
    second = propose_replacement(application=first, replacement=make_colleague(first))
    approve_visitor(application=second)
    third = propose_replacement(application=second, replacement=make_colleague(second))

    approve_visitor(application=third)

    third.refresh_from_db()
    assert third.registration.state == Registration.State.CONFIRMED


def test_vetoed_replacement_leaves_place_unchanged(visit):
    replaced = get_original_application(visit)
    made = propose_replacement(application=replaced, replacement=make_colleague(replaced))

    veto_application(application=made)

    replaced.refresh_from_db()
    assert replaced.withdrawn_at is None
    assert Registration.objects.confirmed().filter(event=visit.event).count() == 1
    with pytest.raises(NotOpenNow):
        approve_visitor(application=made)

    # Another replacement can be proposed afterwards.
    propose_replacement(application=replaced, replacement=make_colleague(replaced))


def test_place_is_filled_once_after_replacement_cancelled(visit):
    """If the replacement cancels too, their place can be filled and the original one cannot."""
    first, secretary = get_original_application(visit), make_client(make_secretary())
    second = propose_replacement(application=first, replacement=make_colleague(first))
    approve_visitor(application=second)
    second.refresh_from_db()
    cancel_registration(registration=second.registration)
    address = f"/organize/{visit.event.slug}/visit/replace/{first.pk}/"

    answer = secretary.post(address, {"email": make_colleague(first).email})

    assert answer.context["form"].non_field_errors() == [
        "Une personne est déjà désignée pour cette place\u202f: voyez cette demande dans la liste."
    ]
    assert visit.applications.filter(replaces=first).count() == 1

    third = propose_replacement(application=second, replacement=make_colleague(first))
    approve_visitor(application=third)

    assert Registration.objects.confirmed().filter(event=visit.event).count() == 1


def test_place_cancelled_before_lock_cannot_be_filled(visit):
    gone = get_original_application(visit)
    cancel_registration(registration=gone.registration)
    before = timezone.now()
    Registration.objects.filter(pk=gone.registration_id).update(cancelled_at=before)

    Visit.objects.update(locked_at=before + datetime.timedelta(minutes=1))

    with pytest.raises(NotOpenNow, match="before the list was locked"):
        propose_replacement(application=gone, replacement=make_colleague(gone))


def test_place_vetoed_after_lock_can_be_filled(visit):
    gone = get_original_application(visit)
    veto_application(application=gone)
    made = propose_replacement(application=gone, replacement=make_member())

    approve_visitor(application=made)

    made.refresh_from_db()
    assert made.registration.confirmed_at is not None


def make_person_without_seat(visit):
    return make_person()


def make_competitor(visit):
    seller = make_company()
    market = visit.event.host.markets.create(slug="stockage", name="Stockage")
    seller.markets.add(market)
    return make_member(seller)


def make_confirmed_visitor(visit):
    return make_identified(visit, 7).person


def make_member_of_full_company(visit):
    other = make_identified(visit, 8)
    company = other.company
    ticket = visit.event.tickets.get()
    CompanyShare.objects.create(ticket=ticket, company=company, reserved=ticket.company_cap)
    return make_member(company)


def make_vetoed_person(visit):
    vetoed = make_identified(visit, 9)
    veto_application(application=vetoed)
    return vetoed.person


INELIGIBLE_PERSON_FACTORIES = [
    make_person_without_seat,
    make_competitor,
    make_confirmed_visitor,
    make_member_of_full_company,
    make_vetoed_person,
]


@pytest.mark.parametrize("make_replacement", INELIGIBLE_PERSON_FACTORIES)
def test_ineligible_person_cannot_be_replacement(visit, make_replacement):
    person, replaced = make_replacement(visit), get_first_application(visit)

    with pytest.raises(InvalidFields) as refused:
        propose_replacement(application=replaced, replacement=person)
    assert list(refused.value.field_errors) == ["email"]
    assert not Application.objects.filter(replaces__isnull=False).exists()


def get_first_application(visit):
    return visit.applications.order_by("pk").first()


def test_club_learns_that_a_proposed_replacement_was_declined(visit, mailoutbox, run_tasks):
    Event.objects.update(contact_email="club@example.org")
    replaced = get_original_application(visit)
    new = make_colleague(replaced)
    new.language = "en"
    new.save(update_fields=["language"])
    made = propose_replacement(application=replaced, replacement=new)

    veto_application(application=made, contact=make_host(visit, "host@example.org"))
    run_tasks()

    [to_club] = [mail for mail in mailoutbox if mail.to == ["club@example.org"]]
    assert to_club.subject.startswith("L’hôte a refusé le remplacement proposé")
    [mail] = [mail for mail in mailoutbox if mail.to == [new.email]]
    assert mail.subject.startswith("The host has not confirmed your visit: ")
    assert "Your place has been released" not in mail.body


def test_secretaries_learn_of_the_hosts_decision_without_a_contact_address(visit, mailoutbox, run_tasks):
    secretary = make_secretary()
    Event.objects.update(contact_email="")
    vetoed = get_original_application(visit)

    veto_application(application=vetoed, contact=make_host(visit, "host@example.org"))
    run_tasks()

    [mail] = [mail for mail in mailoutbox if mail.to == [secretary.email]]
    assert vetoed.visit.event.title in mail.subject


def test_second_replacement_is_refused_for_same_place(visit):
    replaced = get_original_application(visit)
    propose_replacement(application=replaced, replacement=make_colleague(replaced))

    with pytest.raises(NotOpenNow, match="already been proposed for this place"):
        propose_replacement(application=replaced, replacement=make_member())
    assert Application.objects.filter(replaces=replaced).count() == 1


def test_replacement_is_refused_before_lock(visit):
    Visit.objects.update(locked_at=None)

    with pytest.raises(NotOpenNow, match="Until the list is locked"):
        propose_replacement(application=get_original_application(visit), replacement=make_member())
    assert not Application.objects.filter(replaces__isnull=False).exists()


def test_secretary_proposes_replacement_and_records_host_decision(visit):
    replaced, client = get_original_application(visit), Client()
    client.force_login(make_secretary())
    new, run = make_colleague(replaced), f"/organize/{visit.event.slug}/visit"

    answer = client.post(f"{run}/replace/{replaced.pk}/", {"email": "inconnue@example.org"})

    assert list(answer.context["form"].errors) == ["email"]

    client.post(f"{run}/replace/{replaced.pk}/", {"email": new.email})
    made = Application.objects.get(replaces=replaced)

    client.post(f"{run}/approve/{made.pk}/")

    made.refresh_from_db()
    assert made.registration.person == new

    client.post(f"{run}/refuse/{made.pk}/")

    made.refresh_from_db()
    assert made.host_refused_at is not None


def test_lists_page_links_to_places_that_can_be_filled(visit):
    ready, missing, gone = get_original_application(visit), make_visitor(visit), make_visitor(visit)
    withdraw_application(application=gone)

    client = make_client(make_secretary())

    assert list_fillable_places(client, visit) == {ready.pk, missing.pk, gone.pk}

    made = propose_replacement(application=gone, replacement=make_member())

    assert list_fillable_places(client, visit) == {ready.pk, missing.pk}

    approve_visitor(application=made)
    withdraw_application(application=Application.objects.get(pk=made.pk))

    assert list_fillable_places(client, visit) == {ready.pk, missing.pk, made.pk}


def test_pages_offer_no_replacement_once_the_visit_has_begun(visit):
    application = get_original_application(visit)
    client, path = make_client(make_secretary()), f"/en/organize/{visit.event.slug}/visit"
    now, hour = timezone.now(), datetime.timedelta(hours=1)
    Event.objects.filter(pk=visit.event_id).update(starts_at=now - hour, ends_at=now + 3 * hour)

    form_page = client.get(f"{path}/replace/{application.pk}/").text
    lists_page = client.get(f"{path}/lists/").text

    sentence = "The visit has started. Changes are now made at the gate."
    assert sentence in form_page
    assert 'name="email"' not in form_page
    assert sentence in lists_page
    assert f"/visit/replace/{application.pk}/" not in lists_page


def test_lists_page_omits_places_withdrawn_before_lock(visit):
    gone = get_original_application(visit)
    withdraw_application(application=gone)

    Visit.objects.update(locked_at=timezone.now())

    assert list_fillable_places(make_client(make_secretary()), visit) == set()


def list_fillable_places(client, visit):
    page = client.get(f"/organize/{visit.event.slug}/visit/lists/").content.decode()
    return {int(pk) for pk in re.findall(r"/visit/replace/(\d+)/", page)}


def test_waiting_applicant_becomes_replacement_and_leaves_waiting_list():
    visit = make_visit(places=1, cap=2)
    placed, first, second = make_application(visit), make_application(visit), make_application(visit)
    lock_list(visit=visit)
    page = f"/organize/{visit.event.slug}/visit/replace/{placed.pk}/"

    secretary = make_client(make_secretary())

    assert secretary.get(page).context["waiting_applications"] == [first, second]

    secretary.post(page, {"email": first.person.email})

    first.waiting_entry.refresh_from_db()
    assert get_state(first) == ApplicationState.NAMED_REPLACEMENT
    assert first.waiting_entry.left_at is not None

    made = approve_visitor(application=placed.replacements.get())

    assert made.person == first.person
    assert get_state(made) == ApplicationState.CONFIRMED
    assert get_state(placed) == ApplicationState.REPLACED
    with translation.override("en"), pytest.raises(InvalidFields) as refused:
        propose_replacement(application=made, replacement=first.person)
    assert refused.value.field_errors["email"] == [
        "This person already has a place, or has been proposed for one on this visit."
    ]


def test_applicants_page_counts_a_named_replacement_once():
    visit = make_visit(places=1, cap=2)
    placed, waiting = make_application(visit), make_application(visit)
    lock_list(visit=visit)
    made = propose_replacement(application=placed, replacement=get_applicant(waiting))
    client, path = make_client(make_secretary()), f"/en/organize/{visit.event.slug}/visit/applicants/"

    listed = client.get(path).context
    former = client.get(f"{path}?state=named_replacement")

    assert [row.application for row in listed["page_obj"]] == [placed, made]
    assert listed["applicant_count"] == 2
    assert [row.application for row in former.context["page_obj"]] == [waiting]
    assert '<span class="tag">named as a replacement</span>' in former.text


def test_page_to_replace_leads_to_withdrawing_the_place():
    visit = make_visit(places=1, cap=2)
    placed = make_application(visit)
    lock_list(visit=visit)
    base = f"/en/organize/{visit.event.slug}/visit"
    secretary = make_client(make_secretary())

    page = html.fromstring(secretary.get(f"{base}/replace/{placed.pk}/").text)

    [link] = page.xpath("//main//a[contains(., 'withdraw the place')]/@href")
    assert link == f"{base}/applicants/{placed.pk}/#decision"
    target = html.fromstring(secretary.get(link.removesuffix("#decision")).text)
    assert target.xpath("//*[@id='decision']//button[@value='revoke']/text()") == ["Withdraw the place"]


def test_secretary_reads_an_objection_about_the_replacement_by_name():
    visit = make_visit(places=2, cap=1)
    placed, other = make_application(visit), make_application(visit)
    lock_list(visit=visit)
    colleague = make_member(other.company, first_name="Zoé", last_name="Remplace")
    outsider = make_person(first_name="Marc", last_name="Sans")
    page = f"/en/organize/{visit.event.slug}/visit/replace/{placed.pk}/"
    secretary = make_client(make_secretary())

    at_limit = secretary.post(page, {"email": colleague.email}).content.decode()
    without_seat = secretary.post(page, {"email": outsider.email}).content.decode()

    assert f"{other.company.name} already has its place: at most 1 person per company" in at_limit
    assert "Your company" not in at_limit
    assert "Marc Sans has no seat at a member company on" in without_seat
