"""What is no answer any more is kept nowhere: hidden ones, those of a list, those whose time is over."""

import datetime

import pytest
from django.apps import apps
from django.contrib.sessions.models import Session
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from convention.events.models import Event
from convention.tables.files import read_table
from registrations.changes.merge import merge_registrations
from registrations.consents import withdraw_registration_consent
from registrations.import_export.import_registrations import import_registrations
from registrations.import_export.undo_import import undo_import
from registrations.models import ImportedRow, Question, QuestionOption, Registration
from registrations.questions.answers import is_answer_given
from registrations.retention import delete_old_answers
from registrations.ticketing.tickets import TicketInUse, remove_ticket
from tests.factories import (
    make_addon,
    make_order,
    make_question,
    make_registration,
    make_ticket,
    make_voucher,
)
from tests.registrations.test_pages import BILLING, text, who

pytestmark = pytest.mark.django_db
CHOICES = "/events/congress/register/choices/"
SECRETS = ("SECRETNUT", "SECRETFILE", "SECRETLIST", "SECRETBEFORE")


def brought(event: Event, text: str):
    return import_registrations(event=event, table=read_table("list.csv", text.encode()))


def known(event: Event, **answers: str) -> Registration:
    """Somebody who ordered their own place, and whom a list therefore finds."""
    order = make_order(event, email="zoe@example.org")
    return make_registration(event.tickets.get(slug="guest"), order=order, answers=answers)


def found_anywhere() -> set[str]:
    """Which secrets stand in any column of any table; what is packed is unpacked."""
    said = []
    for model in apps.get_models():
        for row in model._base_manager.values():
            said += [
                bytes(v).decode("latin-1") if isinstance(v, bytes | memoryview) else str(v)
                for v in row.values()
            ]
    said += [str(session.get_decoded()) for session in Session.objects.all()]
    return {secret for secret in SECRETS if any(secret in words for words in said)}


def test_answers_whose_time_is_over_stand_in_no_table(client: Client, event: Event):
    make_question(event, "nut")
    make_question(event, "proof", kind=Question.Kind.FILE)
    client.post("/events/congress/register/", who())
    file = SimpleUploadedFile("card.pdf", b"%PDF-1.7 SECRETFILE")
    typed = {"choice-0-ticket": "guest", "answer-0-shown": "nut proof", "answer-0-nut": "SECRETNUT"}
    client.post(CHOICES, {**typed, "answer-0-proof": file})
    page = client.get("/events/congress/register/check/")
    assert "SECRETNUT" in text(page)
    assert "card.pdf" in text(page)
    client.post("/events/congress/register/check/", {"language": "fr", **BILLING})
    known(event, nut="SECRETBEFORE")
    brought(event, "first_name,last_name,email,nut\nZoé,Müller,zoe@example.org,SECRETLIST\n")
    assert found_anywhere() == set(SECRETS)
    Event.objects.update(
        starts_at=timezone.now() - datetime.timedelta(days=95),
        ends_at=timezone.now() - datetime.timedelta(days=91),
    )
    assert delete_old_answers() > 0
    assert found_anywhere() == set()
    row = ImportedRow.objects.get()
    assert (row.values_before["answers"], row.values_after["answers"]) == ({}, {})


def test_undoing_a_list_brings_no_answer_back_whose_time_is_over(event: Event):
    make_question(event, "nut", retention_days=0)
    one = known(event, nut="SECRETBEFORE")
    done = brought(event, "last_name,first_name,email,company,nut\nMüller,Zoé,zoe@example.org,Neu,Nuts\n")
    hour = datetime.timedelta(hours=1)
    Event.objects.update(starts_at=timezone.now() - 2 * hour, ends_at=timezone.now() - hour)
    delete_old_answers()
    undo_import(import_run=done.import_run)
    one.refresh_from_db()
    assert (one.company, one.answers) == ("Acme", {})


def test_a_list_keeps_no_answer_that_is_asked_no_more(event: Event):
    dinner = make_question(event, "dinner", ["yes", "no"])
    make_question(event, "meal", [("fish", 1), "meat"], shown_after_option=dinner.options.get(slug="yes"))
    one = known(event, dinner="yes", meal="fish")
    QuestionOption.objects.filter(slug="fish").update(reserved=1)
    brought(event, "first_name,last_name,email,dinner\nZoé,Müller,zoe@example.org,no\n")
    one.refresh_from_db()
    assert (one.answers, QuestionOption.objects.get(slug="fish").reserved) == ({"dinner": "no"}, 0)


def test_a_list_that_gives_another_ticket_keeps_what_its_holders_are_asked(event: Event):
    press = make_ticket(event, slug="press")
    card = make_question(event, "badge", [("vip", 1)])
    card.tickets.set([event.tickets.get(slug="guest")])
    make_question(event, "line")
    one = known(event, badge="vip", line="x")
    QuestionOption.objects.update(reserved=1)
    brought(event, "first_name,last_name,email,ticket\nZoé,Müller,zoe@example.org,press\n")
    one.refresh_from_db()
    assert (one.ticket, one.answers, QuestionOption.objects.get().reserved) == (press, {"line": "x"}, 0)


AGREED = {"version": 1, "at": "2027-01-01T10:00:00+00:00"}


@pytest.mark.parametrize("answers", [{"news": AGREED}, {}], ids=["given", "gone"])
def test_a_consent_is_taken_back_once(event: Event, answers):
    question = make_question(event, "news", kind=Question.Kind.CONSENT)
    one = make_registration(event.tickets.get(), answers=answers)
    withdraw_registration_consent(registration=one, question=question)
    one.refresh_from_db()
    first = one.answers
    withdraw_registration_consent(registration=one, question=question)
    one.refresh_from_db()
    assert (one.answers, len(first.get("news", {}).get("earlier", []))) == (first, len(answers))
    assert "news" in answers or first == {}


def test_a_merge_keeps_the_proof_of_both_consents(event: Event):
    make_question(event, "news", kind=Question.Kind.CONSENT)
    earlier = {**AGREED, "until": "2027-02-01T10:00:00+00:00"}
    kept = make_registration(event.tickets.get(), answers={"news": AGREED})
    other = make_registration(event.tickets.get(), answers={"news": {"earlier": [earlier]}})
    merge_registrations(survivor=kept, duplicate=other, copied_fields=["answers"], reason="twice")
    kept.refresh_from_db()
    assert [answer["version"] for answer in kept.answers["news"]["earlier"]] == [1, 1]
    assert not is_answer_given(kept.answers["news"])


def test_a_ticket_stays_while_something_is_for_its_holders_alone(event: Event):
    press = make_ticket(event, slug="press")
    question, addon = make_question(event, "card"), make_addon(event)
    question.tickets.set([press])
    addon.tickets.set([press])
    voucher = make_voucher(event, press)
    with pytest.raises(TicketInUse, match="Card, Dîner, HALF"):
        remove_ticket(ticket=press)
    for one in (question, addon, voucher):
        one.tickets.add(event.tickets.get(slug="guest"))
    remove_ticket(ticket=press)
    assert [one.tickets.get().slug for one in (question, addon, voucher)] == ["guest"] * 3


def test_a_question_that_an_answer_leads_to_is_shown_by_link_before_anything_is_kept(
    client: Client, event: Event
):
    diet = make_question(event, "diet", ["allergy", "none"], kind=Question.Kind.DIET)
    make_question(event, "which", shown_after_option=diet.options.get(slug="allergy"))
    one = make_registration(event.tickets.get())
    page = f"{one.order.manage_path}{one.reference}/answers/"
    more = client.post(page, {"shown": "diet", "diet": "allergy"})
    assert more.status_code == 200
    assert 'name="which"' in more.text
    one.refresh_from_db()
    assert one.answers == {}
    client.post(page, {"shown": "diet which", "diet": "allergy", "which": "Noix"})
    one.refresh_from_db()
    assert one.answers == {"diet": ["allergy"], "which": "Noix"}
    client.post(page, {"shown": "diet which", "diet": "none", "which": "Noix"})
    one.refresh_from_db()
    assert one.answers == {"diet": ["none"]}


def test_who_has_the_link_takes_a_file_back(client: Client, event: Event):
    make_question(event, "proof", kind=Question.Kind.FILE)
    one = make_registration(event.tickets.get())
    page = f"{one.order.manage_path}{one.reference}/answers/"
    client.post(page, {"shown": "proof", "proof": SimpleUploadedFile("card.pdf", b"%PDF-1.7")})
    kept = one.answer_files.get()
    assert "« card.pdf » est enregistré" in text(client.get(page))
    client.post(page, {"shown": "proof", "proof-kept": kept.token, "proof-gone": "on"})
    one.refresh_from_db()
    assert (one.answers, one.answer_files.count()) == ({}, 0)


def test_the_order_says_what_is_still_to_be_answered(client: Client, event: Event):
    make_question(event, "name", is_required=True)
    make_question(event, "line")
    one = make_registration(event.tickets.get())
    told = text(client.get(one.order.manage_path))
    assert ("Questions en attente de réponse : Name Répondre maintenant" in told) is True
    Registration.objects.update(answers={"name": "x"})
    assert ("Questions en attente de réponse" in text(client.get(one.order.manage_path))) is False


def test_what_an_organizer_writes_beneath_a_question_is_text_with_its_links(client: Client, event: Event):
    make_question(event, "rules", kind=Question.Kind.CONSENT, help="<b>Non</b>\nhttps://club.example/charte")
    client.post("/events/congress/register/", who())
    page = client.post(CHOICES, {"choice-0-ticket": "guest"}).text
    assert ('&lt;b&gt;Non&lt;/b&gt;<br><a href="https://club.example/charte" rel="nofollow">' in page) is True


def test_an_organizer_finds_who_has_still_to_answer(organizer: Client, event: Event):
    diet = make_question(event, "diet", ["allergy", "none"], is_required=True)
    make_question(event, "which", shown_after_option=diet.options.get(slug="allergy"), is_required=True)
    ticket = event.tickets.get()
    make_registration(ticket, first_name="Ada", answers={"diet": "none"})
    make_registration(ticket, first_name="Bob", answers={"diet": "allergy"})
    make_registration(ticket, first_name="Cleo")
    make_registration(ticket, first_name="Dan", cancelled_at=timezone.now())
    assert "2 personnes n’ont pas répondu à toutes les questions" in text(
        organizer.get("/organize/congress/questions/")
    )
    page = text(organizer.get("/organize/congress/registrations/?state=unanswered"))
    assert "Ada" not in page
    assert "Bob" in page
    assert "Cleo" in page
    assert "Dan" not in page
    csv = organizer.get("/organize/congress/registrations.csv?state=unanswered").content.decode()
    assert len(csv.splitlines()) == 3
