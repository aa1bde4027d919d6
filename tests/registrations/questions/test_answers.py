"""Answers: questions by ticket and choice, validation, storage, limited options, consents and retention."""

import datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from convention.audit.models import AuditEntry
from convention.errors import InvalidFields, SoldOut, UnreadableFile
from convention.events.models import Event
from registrations.booking.change_answers import save_answers
from registrations.booking.place_order import place_order
from registrations.changes.cancel import cancel_registration
from registrations.changes.correct import Correction, correct_registration
from registrations.models import AnswerFile, Order, Question, QuestionOption, Registration
from registrations.order_request import OrderRequest, RequestedPlace
from registrations.questions.answers import (
    AnswerContext,
    check_answers,
    describe_answer,
    format_answer_cell,
    select_asked_questions,
    select_open_questions,
    select_unanswered_questions,
)
from registrations.questions.edit import remove_question, save_question
from registrations.questions.files import remove_unclaimed_files, save_answer_file
from registrations.questions.queries import load_questions
from registrations.questions.statistics import count_answers
from registrations.retention import delete_old_answers
from tests.factories import make_question, make_registration, make_ticket
from tests.threads import run_in_threads

pytestmark = pytest.mark.django_db

NOW = datetime.datetime(2027, 3, 1, 9, tzinfo=datetime.UTC)
Kind = Question.Kind


def order_with_answers(event: Event, answers: dict, **fields) -> Order:
    person = {"first_name": "Zoé", "last_name": "Müller", "email": "zoe@example.org", **fields}
    place = RequestedPlace(**{"ticket": "guest", **person}, answers=answers)
    return place_order(event=event, request=OrderRequest(email="zoe@example.org", places=(place,)))


def check_guest_answers(event: Event, answers: dict, **context):
    ticket = event.tickets.get(slug="guest")
    return check_answers(
        load_questions(event), ticket, answers, AnswerContext(**{"answered_at": NOW, **context})
    )


def find_field_errors(event: Event, answers: dict) -> dict[str, str]:
    return dict(check_guest_answers(event, answers).field_errors)


def test_question_depends_on_ticket_and_earlier_answer(event: Event):
    press = make_ticket(event, slug="press")
    dinner = make_question(event, "dinner", ["yes", "no"])
    meal = make_question(event, "meal", ["fish", "meat"], shown_after_option=dinner.options.get(slug="yes"))
    make_question(event, "wine", ["red"], shown_after_option=meal.options.get(slug="meat"))
    card = make_question(event, "card")
    card.tickets.set([press])
    guest, questions = event.tickets.get(slug="guest"), load_questions(event)

    def shown(ticket, given):
        return [question.slug for question in select_asked_questions(questions, ticket, given)]

    assert shown(guest, {}) == ["dinner"]
    assert shown(press, {"dinner": "no", "meal": "meat"}) == ["dinner", "card"]
    assert shown(guest, {"dinner": "yes", "meal": "meat"}) == ["dinner", "meal", "wine"]
    assert check_guest_answers(event, {"dinner": "no", "meal": "meat", "card": "7"}).accepted == {
        "dinner": "no"
    }


def test_each_question_kind_has_its_errors(event: Event):
    make_question(event, "line")
    make_question(event, "day", kind=Kind.DATE)
    make_question(event, "one", ["a", "b"], kind=Kind.CHOICE)
    make_question(event, "proof", kind=Kind.FILE)
    make_question(event, "rules", kind=Kind.CONSENT, is_required=True)

    given = {"line": "x" * 301, "day": "31/12/2027", "one": ["a", "b"], "proof": "y" * 43, "other": "z"}

    assert find_field_errors(event, given) == {
        "answers.line": "300 caractères au maximum (actuellement 301).",
        "answers.day": "Indiquez la date sous la forme année-mois-jour, par exemple 2027-06-16.",
        "answers.one": "Choisissez une seule réponse.",
        "answers.proof": "Ce fichier n’est plus disponible. Choisissez-le de nouveau.",
        "answers.rules": "Votre accord est nécessaire pour continuer.",
        "answers.other": "Cette question n’existe pas.",
    }

    odd = {"line": 7, "day": ["x"], "one": "c", "proof": None, "rules": {"version": 1}}

    assert find_field_errors(event, odd) == {
        "answers.line": "La réponse doit être un texte.",
        "answers.day": "La réponse doit être un texte.",
        "answers.one": "Cette réponse ne fait pas partie des choix.",
    }


def test_answers_are_normalized_and_described(event: Event):
    make_question(event, "line")
    make_question(event, "diet", ["vegan", "halal"], kind=Kind.DIET)
    make_question(event, "day", kind=Kind.DATE)
    make_question(event, "rules", kind=Kind.CONSENT)

    given = {"line": " A  B ", "diet": ["halal", "vegan", "halal"], "day": "2027-06-16", "rules": "on"}

    kept = check_guest_answers(event, given).accepted
    assert kept == {
        "line": "A B",
        "diet": ["halal", "vegan"],
        "day": "2027-06-16",
        "rules": {"version": 1, "at": "2027-03-01T09:00:00+00:00"},
    }
    assert [describe_answer(question, kept[question.slug]) for question in load_questions(event)] == [
        "A B", "Halal, Vegan", "16\u00a0juin\u00a02027", "accepté (texte 1)",
    ]  # fmt: skip
    assert format_answer_cell(event.questions.get(slug="day"), kept["day"]) == "2027-06-16"

    again = check_guest_answers(
        event, {"rules": {"version": 1}}, earlier_answers=kept, answered_at=NOW + datetime.timedelta(days=1)
    )

    assert again.accepted["rules"] == kept["rules"]


def test_order_stores_answers_and_reports_errors_by_field(event: Event):
    make_question(event, "diet", ["vegan", "halal"], is_required=True)

    with pytest.raises(InvalidFields) as caught:
        order_with_answers(event, {})
    assert caught.value.field_errors == {"registrations.0.answers.diet": ["Choisissez une réponse."]}
    assert order_with_answers(event, {"diet": "vegan"}).registrations.get().answers == {"diet": "vegan"}


def test_limited_option_is_released_by_cancellation_or_changed_answer(event: Event):
    make_question(event, "workshop", [("forge", 1), "walk"])
    first = order_with_answers(event, {"workshop": "forge"}).registrations.get()

    with pytest.raises(SoldOut, match="Forge"):
        order_with_answers(event, {"workshop": "forge"}, email="b@example.org")
    assert Registration.objects.count() == 1

    second = order_with_answers(event, {"workshop": "walk"}, email="b@example.org").registrations.get()
    save_answers(registration=first, given={"workshop": "walk"})

    save_answers(registration=second, given={"workshop": "forge"})

    with pytest.raises(SoldOut):
        save_answers(registration=first, given={"workshop": "forge"})
    first.refresh_from_db()
    assert first.answers == {"workshop": "walk"}

    cancel_registration(registration=second)

    assert QuestionOption.objects.get(slug="forge").reserved == 0
    assert [entry.fields for entry in AuditEntry.objects.filter(verb="registration.answer")] == [
        ["workshop"]
    ] * 2


def test_new_attendee_starts_without_answers(event: Event):
    make_question(event, "workshop", [("forge", 1)])
    registration = order_with_answers(event, {"workshop": "forge"}).registrations.get()
    other = Correction(first_name="Noé", last_name="Petit", email="n@example.org", company="", no_photo=False)

    correct_registration(registration=registration, correction=other)

    registration.refresh_from_db()
    assert registration.answers == {}
    assert QuestionOption.objects.get().reserved == 0


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_concurrent_orders_never_exceed_option_capacity(event: Event):
    event.tickets.update(capacity=None)
    make_question(event, "workshop", [("forge", 3)])

    found = run_in_threads(
        [lambda: order_with_answers(event, {"workshop": "forge"}) for _ in range(20)], threads=8
    )

    assert sorted(type(one).__name__ for one in found) == ["Order"] * 3 + ["SoldOut"] * 17
    assert QuestionOption.objects.get().reserved == 3
    assert event.tickets.get().reserved == 3


def test_changed_consent_text_is_asked_again_and_both_consents_are_stored(event: Event):
    rules = Question(event=event, slug="rules", text="Texte", kind=Kind.CONSENT, is_required=True)
    save_question(question=rules, tickets=[], options=[], changed=["text"])
    kept = order_with_answers(event, {"rules": True}).registrations.get()
    first = kept.answers["rules"]["at"]

    def open_ones() -> list[str]:
        return [
            question.slug
            for question in select_unanswered_questions(load_questions(event), kept.ticket, kept.answers)
        ]

    assert open_ones() == []
    rules.text = "Autre texte"
    save_question(question=rules, tickets=[], options=[], changed=["text"])
    assert open_ones() == ["rules"]
    with pytest.raises(InvalidFields):
        save_answers(registration=kept, given=kept.answers)
    save_answers(registration=kept, given={"rules": True})
    kept.refresh_from_db()
    said = kept.answers["rules"]
    assert said == {
        "version": 2,
        "at": said["at"],
        "earlier": [{"version": 1, "at": first, "until": said["at"]}],
    }
    assert open_ones() == []
    assert [text.text for text in rules.texts.all()] == ["Texte", "Autre texte"]


def test_withdrawn_consent_stays_on_record_and_is_not_counted(event: Event):
    news = make_question(event, "news", kind=Kind.CONSENT)
    kept = order_with_answers(event, {"news": True}).registrations.get()

    assert count_answers(load_questions(event)) == [1]

    save_answers(registration=kept, given={})

    kept.refresh_from_db()
    (earlier,) = kept.answers["news"]["earlier"]
    assert earlier["version"] == 1
    assert "version" not in kept.answers["news"]
    assert describe_answer(news, kept.answers["news"]) == "accord retiré (texte 1)"
    assert count_answers(load_questions(event)) == [0]

    save_answers(registration=kept, given={"news": True})

    kept.refresh_from_db()
    assert kept.answers["news"]["earlier"] == [earlier]

    news.text = "Autrement"
    save_question(question=news, tickets=[], options=[], changed=["text"])

    assert [
        question.slug for question in select_open_questions(load_questions(event), kept.ticket, kept.answers)
    ] == ["news"]


def test_answered_question_cannot_change_short_name_or_kind(event: Event):
    make_question(event, "one", ["a"])
    make_question(event, "line")
    order_with_answers(event, {"one": "a", "line": "x"})

    def change(asked: str, **fields: str) -> dict[str, list[str]]:
        question = event.questions.get(slug=asked)
        for name, value in fields.items():
            setattr(question, name, value)
        try:
            save_question(question=question, tickets=[], options=question.options.all(), changed=[])
        except InvalidFields as error:
            return error.field_errors
        return {}

    said = "1 personne a répondu à cette question\u202f: son %s «\u202f%s\u202f» ne peut pas être modifié.%s"
    assert change("line", slug="other", kind="date") == {
        "slug": [said % ("nom court", "line", "")],
        "kind": [said % ("type", "une ligne de texte", " Ajoutez plutôt une autre question.")],
    }
    changes = [change("one", kind="text"), change("one", kind="choices"), change("line", kind="paragraph")]
    assert [list(one) for one in changes] == [["kind"], [], []]
    Registration.objects.update(answers={})
    assert change("line", slug="other", kind="date") == {}


def test_answered_option_cannot_be_removed_or_reduced_below_its_use(event: Event):
    question = make_question(event, "diet", ["vegan", "halal"])
    order_with_answers(event, {"diet": "vegan"})
    order_with_answers(event, {"diet": "vegan"}, email="b@example.org")

    vegan = QuestionOption(slug="vegan", text="Vegan", capacity=1)

    with pytest.raises(InvalidFields) as few:
        save_question(question=question, tickets=[], options=[vegan], changed=[])
    assert few.value.field_errors["options"] == [
        (
            "«\u202fVegan\u202f» a été choisi par 2 personnes\u202f: le nombre de places "
            "ne peut pas être inférieur."
        )
    ]
    with pytest.raises(InvalidFields):
        save_question(question=question, tickets=[], options=[], changed=[])
    with pytest.raises(Exception, match="a déjà reçu des réponses"):
        remove_question(question=question)

    vegan.capacity = 2
    save_question(question=question, tickets=[], options=[vegan], changed=[])

    assert [(o.slug, o.reserved, o.capacity) for o in question.options.all()] == [("vegan", 2, 2)]


def test_uploaded_file_is_claimed_by_one_registration(event: Event):
    question = make_question(event, "proof", kind=Kind.FILE)
    file = save_answer_file(question=question, upload=SimpleUploadedFile("card.pdf", b"%PDF-1.7"))

    registration = order_with_answers(event, {"proof": file.token}).registrations.get()

    file.refresh_from_db()
    assert file.registration == registration
    assert registration.answers["proof"]["name"] == "card.pdf"
    with pytest.raises(InvalidFields):
        order_with_answers(event, {"proof": file.token}, email="b@example.org")

    for name, content in (
        ("a.exe", b"MZ"),
        ("a.pdf", b"<html>"),
        ("a.png", b"\x89PNG\r\n" + b"0" * 6_000_000),
    ):
        with pytest.raises(UnreadableFile):
            save_answer_file(question=question, upload=SimpleUploadedFile(name, content))
    spare = save_answer_file(question=question, upload=SimpleUploadedFile("b.pdf", b"%PDF-1.7"))
    AnswerFile.objects.filter(pk=spare.pk).update(created_at=timezone.now() - datetime.timedelta(days=2))

    remove_unclaimed_files()

    assert list(AnswerFile.objects.all()) == [file]


def test_answers_are_deleted_after_retention_period(event: Event):
    make_question(event, "diet", ["vegan"], retention_days=30)
    make_question(event, "line", retention_days=2_000_000_000)
    registration = make_registration(event.tickets.get(), answers={"diet": "vegan", "line": "x"})

    delete_old_answers()

    registration.refresh_from_db()
    assert registration.answers == {"diet": "vegan", "line": "x"}

    Event.objects.update(
        starts_at=timezone.now() - datetime.timedelta(days=32),
        ends_at=timezone.now() - datetime.timedelta(days=31),
    )
    delete_old_answers()

    registration.refresh_from_db()
    assert registration.answers == {"line": "x"}


def test_order_without_questions_needs_no_extra_queries(event: Event, django_assert_max_num_queries):
    make_ticket(event, slug="other")
    plain = OrderRequest(
        email="z@example.org", places=(RequestedPlace(ticket="guest", first_name="Z", last_name="M"),)
    )
    place_order(event=event, request=plain)
    with django_assert_max_num_queries(10):
        place_order(event=event, request=plain)


def test_answer_is_refused_at_an_event_without_questions():
    event = make_ticket().event

    with pytest.raises(InvalidFields) as refusal:
        order_with_answers(event, {"diet": "vegan"})

    assert list(refusal.value.field_errors) == ["registrations.0.answers.diet"]
