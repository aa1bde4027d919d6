"""Replacements after the lock: named by the secretary, received by the host, told to who comes no more."""

import datetime
import re

import pytest
from django.test import Client
from django.utils import timezone, translation

from convention.audit.models import AuditEntry
from convention.errors import InvalidFields, NotOpenNow
from registrations.changes.cancel import cancel_registration
from registrations.models import CompanyShare, Registration
from registrations.visits.applications.state import ApplicationState
from registrations.visits.applications.veto import veto_application
from registrations.visits.applications.withdraw import withdraw_application
from registrations.visits.hosts.replacements import (
    approve_replacement,
    propose_replacement,
    propose_replacement_by_email,
)
from registrations.visits.identity.identities import save_identity
from registrations.visits.models import Application, Identity, Visit
from registrations.visits.visitor_list.lock import lock_list
from tests.factories import make_company, make_member, make_person
from tests.registrations.visits.factories import applied, make_visit, state
from tests.registrations.visits.hosts import (
    agree,
    answers_of,
    make_identified,
    make_secretary,
    make_sent_list,
    make_visitor,
    only,
    page_of,
)
from tests.site_objects import make_client

pytestmark = pytest.mark.django_db


def colleague_of(application):
    return make_member(application.company, first_name="Zoé", last_name="Remplace")


def test_a_replacement_waits_for_the_host_and_then_has_the_place(visit, enter, run_tasks, mailoutbox):
    replaced = only(visit)
    new = colleague_of(replaced)
    made = propose_replacement_by_email(application=replaced, email=new.email.upper())
    run_tasks()
    assert [mail.to for mail in mailoutbox] == [["sophie@hote.example"]]
    assert [word for word in ("Zwickelstein", "Remplace") if word in mailoutbox[0].body] == []
    replaced.registration.refresh_from_db()
    assert replaced.registration.cancelled_at is None
    client = enter()
    assert "Remplace" in client.get(page_of(visit)).content.decode()
    client.post(f"{page_of(visit)}people/{made.pk}/", {"act": "approve"})
    replaced.refresh_from_db()
    made.refresh_from_db()
    assert made.host_approved_at is not None
    assert (made.registration.person, made.registration.cancelled_at) == (new, None)
    assert replaced.withdrawn_at is not None
    assert replaced.registration.cancelled_at is not None
    assert not Identity.objects.filter(application=replaced).exists()
    assert Registration.objects.confirmed().filter(event=visit.event).count() == 1
    agree(made)
    save_identity(application=made, answers=answers_of(5))
    second = make_sent_list(visit)
    assert (second.added, second.removed) == (1, 1)


def test_why_somebody_may_not_come_any_more_is_not_told_to_the_host(visit, enter):
    by = colleague_of(only(visit))
    made = propose_replacement(application=only(visit), replacement=by)
    by.seats.update(ends_on=timezone.localdate())
    page = enter().post(f"/en{page_of(visit)}people/{made.pk}/", {"act": "approve"}, follow=True)
    said = page.content.decode()
    assert "This person can no longer come" in said
    assert "seat" not in said
    made.refresh_from_db()
    assert (made.registration, made.host_approved_at) == (None, None)


def test_whoever_is_replaced_is_told(visit, run_tasks, mailoutbox):
    replaced = only(visit)
    replaced.person.language = "en"
    replaced.person.save(update_fields=["language"])
    approve_replacement(
        application=propose_replacement(application=replaced, replacement=colleague_of(replaced))
    )
    run_tasks()
    [mail] = [one for one in mailoutbox if one.to == [replaced.person.email]]
    assert mail.subject.startswith("Your place has been withdrawn: ")
    assert "Reason: the place has gone to someone else" in " ".join(mail.body.split())
    [entry] = AuditEntry.objects.filter(verb="visit.withdraw")
    assert (entry.subject, entry.fields) == (
        f"visits.application:{replaced.pk}", ["withdrawn_at", "revocation_reason"],
    )  # fmt: skip


def test_whoever_gave_the_place_up_reads_no_second_mail(visit, run_tasks, mailoutbox):
    gone = only(visit)
    cancel_registration(registration=gone.registration)
    run_tasks()
    mailoutbox.clear()
    approve_replacement(application=propose_replacement(application=gone, replacement=colleague_of(gone)))
    run_tasks()
    assert [one for one in mailoutbox if one.to == [gone.person.email]] == []


def test_a_replacement_is_replaced_after_the_deadline_too(visit):
    first = only(visit)
    visit.event.registration_closes_at = timezone.now()
    visit.event.save()
    second = propose_replacement(application=first, replacement=colleague_of(first))
    approve_replacement(application=second)
    third = propose_replacement(application=second, replacement=colleague_of(second))
    approve_replacement(application=third)
    third.refresh_from_db()
    assert third.registration.state == Registration.State.CONFIRMED


def test_a_refused_replacement_changes_nothing(visit):
    replaced = only(visit)
    made = propose_replacement(application=replaced, replacement=colleague_of(replaced))
    veto_application(application=made)
    replaced.refresh_from_db()
    assert replaced.withdrawn_at is None
    assert Registration.objects.confirmed().filter(event=visit.event).count() == 1
    with pytest.raises(NotOpenNow):
        approve_replacement(application=made)
    # Somebody else can be named after that.
    propose_replacement(application=replaced, replacement=colleague_of(replaced))


def test_a_place_is_filled_once_whoever_types_its_address(visit):
    """Whoever came instead gave the place up too: it is theirs that is filled, and not that of before."""
    first, secretary = only(visit), make_client(make_secretary())
    second = propose_replacement(application=first, replacement=colleague_of(first))
    approve_replacement(application=second)
    second.refresh_from_db()
    cancel_registration(registration=second.registration)
    address = f"/organize/{visit.event.slug}/visit/replace/{first.pk}/"
    answer = secretary.post(address, {"email": colleague_of(first).email})
    assert answer.context["form"].non_field_errors() == [
        "Une personne est déjà désignée pour cette place\u202f: voyez cette demande dans la liste."
    ]
    assert visit.applications.filter(replaces=first).count() == 1
    third = propose_replacement(application=second, replacement=colleague_of(first))
    approve_replacement(application=third)
    assert Registration.objects.confirmed().filter(event=visit.event).count() == 1


def test_a_place_given_up_before_the_lock_went_to_who_waited(visit):
    gone = only(visit)
    cancel_registration(registration=gone.registration)
    before = timezone.now()
    Registration.objects.filter(pk=gone.registration_id).update(cancelled_at=before)
    Visit.objects.update(locked_at=before + datetime.timedelta(minutes=1))
    with pytest.raises(NotOpenNow, match="before the list was locked"):
        propose_replacement(application=gone, replacement=colleague_of(gone))


def test_a_place_given_up_after_the_lock_is_filled_the_same_way(visit):
    gone = only(visit)
    veto_application(application=gone)
    made = propose_replacement(application=gone, replacement=make_member())
    approve_replacement(application=made)
    made.refresh_from_db()
    assert made.registration.confirmed_at is not None


def seatless(visit):
    return make_person()


def competitor(visit):
    seller = make_company()
    market = visit.event.host.markets.create(slug="stockage", name="Stockage")
    seller.markets.add(market)
    return make_member(seller)


def coming_already(visit):
    return make_identified(visit, 7).person


def of_a_full_company(visit):
    other = make_identified(visit, 8)
    company = other.company
    ticket = visit.event.tickets.get()
    CompanyShare.objects.create(ticket=ticket, company=company, reserved=ticket.company_cap)
    return make_member(company)


def refused_by_the_host(visit):
    vetoed = make_identified(visit, 9)
    veto_application(application=vetoed)
    return vetoed.person


WRONG = [seatless, competitor, coming_already, of_a_full_company, refused_by_the_host]


@pytest.mark.parametrize("who", WRONG)
def test_who_could_not_apply_cannot_replace(visit, who):
    person, replaced = who(visit), only_first(visit)
    with pytest.raises(InvalidFields) as refused:
        propose_replacement(application=replaced, replacement=person)
    assert list(refused.value.field_errors) == ["email"]
    assert not Application.objects.filter(replaces__isnull=False).exists()


def only_first(visit):
    return visit.applications.order_by("pk").first()


def test_one_is_named_at_a_time_and_only_after_the_lock(visit):
    replaced = only(visit)
    propose_replacement(application=replaced, replacement=colleague_of(replaced))
    with pytest.raises(NotOpenNow):
        propose_replacement(application=replaced, replacement=make_member())
    Visit.objects.update(locked_at=None)
    with pytest.raises(NotOpenNow):
        propose_replacement(application=replaced, replacement=make_member())


def test_the_secretary_asks_and_writes_down_what_the_host_said_by_telephone(visit):
    replaced, client = only(visit), Client()
    client.force_login(make_secretary())
    new, run = colleague_of(replaced), f"/organize/{visit.event.slug}/visit"
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


def test_the_page_leads_to_each_place_that_can_be_filled(visit):
    ready, missing, gone = only(visit), make_visitor(visit), make_visitor(visit)
    withdraw_application(application=gone)
    client = make_client(make_secretary())
    assert filled_from(client, visit) == {ready.pk, missing.pk, gone.pk}
    made = propose_replacement(application=gone, replacement=make_member())
    assert filled_from(client, visit) == {ready.pk, missing.pk}
    approve_replacement(application=made)
    withdraw_application(application=Application.objects.get(pk=made.pk))
    assert filled_from(client, visit) == {ready.pk, missing.pk, made.pk}


def test_a_place_given_up_before_the_lock_went_to_the_line(visit):
    gone = only(visit)
    withdraw_application(application=gone)
    Visit.objects.update(locked_at=timezone.now())
    assert filled_from(make_client(make_secretary()), visit) == set()


def filled_from(client, visit):
    page = client.get(f"/organize/{visit.event.slug}/visit/lists/").content.decode()
    return {int(pk) for pk in re.findall(r"/visit/replace/(\d+)/", page)}


def test_who_waits_at_the_lock_is_named_in_order_and_waits_no_more():
    visit = make_visit(places=1, cap=2)
    placed, first, second = applied(visit), applied(visit), applied(visit)
    lock_list(visit=visit)
    page = f"/organize/{visit.event.slug}/visit/replace/{placed.pk}/"
    secretary = make_client(make_secretary())
    assert secretary.get(page).context["waiting"] == [first, second]
    secretary.post(page, {"email": first.person.email})
    first.waiting_entry.refresh_from_db()
    assert state(first) == ApplicationState.WITHDRAWN
    assert first.waiting_entry.left_at is not None
    made = approve_replacement(application=placed.replacements.get())
    assert (made.person, state(made), state(placed)) == (
        first.person,
        ApplicationState.CONFIRMED,
        ApplicationState.WITHDRAWN,
    )
    with translation.override("en"), pytest.raises(InvalidFields) as refused:
        propose_replacement(application=made, replacement=first.person)
    assert refused.value.field_errors["email"] == [
        "This person already has a place, or has been proposed for one on this visit."
    ]
