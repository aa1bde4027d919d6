"""Answers to hidden questions, imported answers and expired answers are deleted from every table."""

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
from tests.registrations.test_pages import BILLING, build_person_form, read_page_text

pytestmark = pytest.mark.django_db
CHOICES = "/events/congress/register/choices/"
SECRETS = ("SECRETNUT", "SECRETFILE", "SECRETLIST", "SECRETBEFORE")


def import_list(event: Event, text: str):
    return import_registrations(event=event, table=read_table("list.csv", text.encode()))


def make_importable_registration(event: Event, **answers: str) -> Registration:
    """Create a registration of its buyer, which an import with the same address updates."""
    order = make_order(event, email="zoe@example.org")
    return make_registration(event.tickets.get(slug="guest"), order=order, answers=answers)


def find_stored_secrets() -> set[str]:
    """Return the secrets found in any column of any table; decode binary values and sessions."""
    said = []
    for model in apps.get_models():
        for row in model._base_manager.values():
            said += [
                bytes(v).decode("latin-1") if isinstance(v, bytes | memoryview) else str(v)
                for v in row.values()
            ]
    said += [str(session.get_decoded()) for session in Session.objects.all()]
    return {secret for secret in SECRETS if any(secret in words for words in said)}


def test_expired_answers_are_in_no_table(client: Client, event: Event):
    make_question(event, "nut")
    make_question(event, "proof", kind=Question.Kind.FILE)
    client.post("/events/congress/register/", build_person_form())
    file = SimpleUploadedFile("card.pdf", b"%PDF-1.7 SECRETFILE")
    typed = {"choice-0-ticket": "guest", "answer-0-shown": "nut proof", "answer-0-nut": "SECRETNUT"}
    client.post(CHOICES, {**typed, "answer-0-proof": file})

    page = client.get("/events/congress/register/check/")

    assert "SECRETNUT" in read_page_text(page)
    assert "card.pdf" in read_page_text(page)

    client.post("/events/congress/register/check/", {"language": "fr", **BILLING})
    make_importable_registration(event, nut="SECRETBEFORE")

    import_list(event, "first_name,last_name,email,nut\nZoé,Müller,zoe@example.org,SECRETLIST\n")

    assert find_stored_secrets() == set(SECRETS)

    Event.objects.update(
        starts_at=timezone.now() - datetime.timedelta(days=95),
        ends_at=timezone.now() - datetime.timedelta(days=91),
    )

    assert delete_old_answers() > 0
    assert find_stored_secrets() == set()
    row = ImportedRow.objects.get()
    assert row.values_before["answers"] == {}
    assert row.values_after["answers"] == {}


def test_undoing_import_does_not_restore_expired_answers(event: Event):
    make_question(event, "nut", retention_days=0)
    one = make_importable_registration(event, nut="SECRETBEFORE")
    done = import_list(event, "last_name,first_name,email,company,nut\nMüller,Zoé,zoe@example.org,Neu,Nuts\n")
    hour = datetime.timedelta(hours=1)
    Event.objects.update(starts_at=timezone.now() - 2 * hour, ends_at=timezone.now() - hour)
    delete_old_answers()

    undo_import(import_run=done.import_run)

    one.refresh_from_db()
    assert one.company == "Acme"
    assert one.answers == {}


def test_import_deletes_answers_to_questions_no_longer_asked(event: Event):
    dinner = make_question(event, "dinner", ["yes", "no"])
    make_question(event, "meal", [("fish", 1), "meat"], shown_after_option=dinner.options.get(slug="yes"))
    one = make_importable_registration(event, dinner="yes", meal="fish")
    QuestionOption.objects.filter(slug="fish").update(reserved=1)

    import_list(event, "first_name,last_name,email,dinner\nZoé,Müller,zoe@example.org,no\n")

    one.refresh_from_db()
    assert one.answers == {"dinner": "no"}
    assert QuestionOption.objects.get(slug="fish").reserved == 0


def test_imported_ticket_change_keeps_only_answers_of_new_ticket(event: Event):
    press = make_ticket(event, slug="press")
    card = make_question(event, "badge", [("vip", 1)])
    card.tickets.set([event.tickets.get(slug="guest")])
    make_question(event, "line")
    one = make_importable_registration(event, badge="vip", line="x")
    QuestionOption.objects.update(reserved=1)

    import_list(event, "first_name,last_name,email,ticket\nZoé,Müller,zoe@example.org,press\n")

    one.refresh_from_db()
    assert one.ticket == press
    assert one.answers == {"line": "x"}
    assert QuestionOption.objects.get().reserved == 0


CONSENT_ANSWER = {"version": 1, "at": "2027-01-01T10:00:00+00:00"}


@pytest.mark.parametrize("answers", [{"news": CONSENT_ANSWER}, {}], ids=["given", "gone"])
def test_consent_is_withdrawn_once(event: Event, answers):
    question = make_question(event, "news", kind=Question.Kind.CONSENT)
    one = make_registration(event.tickets.get(), answers=answers)
    withdraw_registration_consent(registration=one, question=question)
    one.refresh_from_db()
    first = one.answers

    withdraw_registration_consent(registration=one, question=question)

    one.refresh_from_db()
    assert one.answers == first
    assert len(first.get("news", {}).get("earlier", [])) == len(answers)
    assert "news" in answers or first == {}


def test_merge_keeps_consent_records_of_both_registrations(event: Event):
    make_question(event, "news", kind=Question.Kind.CONSENT)
    earlier = {**CONSENT_ANSWER, "until": "2027-02-01T10:00:00+00:00"}
    kept = make_registration(event.tickets.get(), answers={"news": CONSENT_ANSWER})
    other = make_registration(event.tickets.get(), answers={"news": {"earlier": [earlier]}})

    merge_registrations(survivor=kept, duplicate=other, copied_fields=["answers"], reason="twice")

    kept.refresh_from_db()
    assert [answer["version"] for answer in kept.answers["news"]["earlier"]] == [1, 1]
    assert not is_answer_given(kept.answers["news"])


def test_ticket_cannot_be_removed_while_items_are_limited_to_it(event: Event):
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


def test_follow_up_question_is_shown_before_answers_are_saved(client: Client, event: Event):
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


def test_uploaded_file_is_removed_by_link(client: Client, event: Event):
    make_question(event, "proof", kind=Question.Kind.FILE)
    one = make_registration(event.tickets.get())
    page = f"{one.order.manage_path}{one.reference}/answers/"
    client.post(page, {"shown": "proof", "proof": SimpleUploadedFile("card.pdf", b"%PDF-1.7")})

    kept = one.answer_files.get()

    assert "« card.pdf » est enregistré" in read_page_text(client.get(page))

    client.post(page, {"shown": "proof", "proof-stored": kept.token, "proof-removed": "on"})

    one.refresh_from_db()
    assert one.answers == {}
    assert one.answer_files.count() == 0


def test_order_page_lists_unanswered_questions(client: Client, event: Event):
    make_question(event, "name", is_required=True)
    make_question(event, "line")
    one = make_registration(event.tickets.get())

    told = read_page_text(client.get(one.order.manage_path))

    assert ("Questions en attente de réponse : Name Répondre maintenant" in told) is True

    Registration.objects.update(answers={"name": "x"})

    assert ("Questions en attente de réponse" in read_page_text(client.get(one.order.manage_path))) is False


def test_help_of_question_is_escaped_and_its_links_are_clickable(client: Client, event: Event):
    make_question(event, "rules", kind=Question.Kind.CONSENT, help="<b>Non</b>\nhttps://club.example/charte")
    client.post("/events/congress/register/", build_person_form())

    page = client.post(CHOICES, {"choice-0-ticket": "guest"}).text
    assert ('&lt;b&gt;Non&lt;/b&gt;<br><a href="https://club.example/charte" rel="nofollow">' in page) is True


def test_organizer_filters_registrations_with_unanswered_questions(organizer: Client, event: Event):
    diet = make_question(event, "diet", ["allergy", "none"], is_required=True)
    make_question(event, "which", shown_after_option=diet.options.get(slug="allergy"), is_required=True)
    ticket = event.tickets.get()
    make_registration(ticket, first_name="Ada", answers={"diet": "none"})
    make_registration(ticket, first_name="Bob", answers={"diet": "allergy"})
    make_registration(ticket, first_name="Cleo")

    make_registration(ticket, first_name="Dan", cancelled_at=timezone.now())

    assert "2 personnes n’ont pas répondu à toutes les questions" in read_page_text(
        organizer.get("/organize/congress/questions/")
    )

    page = read_page_text(organizer.get("/organize/congress/registrations/?state=unanswered"))

    assert "Ada" not in page
    assert "Bob" in page
    assert "Cleo" in page
    assert "Dan" not in page

    csv = organizer.get("/organize/congress/registrations.csv?state=unanswered").content.decode()

    assert len(csv.splitlines()) == 3
