"""A question that is no longer asked keeps its answers; one that cannot be removed says why."""

import pytest
from django.utils import timezone

from registrations.booking.change_answers import save_answers
from registrations.models import Registration
from registrations.questions.answers import AnswerContext, check_answers, select_asked_questions
from registrations.questions.queries import load_questions
from registrations.questions.statistics import find_incomplete_registrations
from tests.factories import make_event, make_question, make_registration, make_staff, make_ticket
from tests.registrations.import_export.test_import import import_csv
from tests.site_objects import make_client

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture
def event():
    return make_event(slug="x")


@pytest.fixture
def ticket(event):
    return make_ticket(event)


@pytest.fixture
def organizer(event):
    return make_client(make_staff(event))


def test_hidden_question_is_not_asked_nor_what_depends_on_it(event, ticket):
    dinner = make_question(event, "dinner", ["yes"], is_hidden=True, is_required=True)
    make_question(event, "meal", ["fish"], shown_after_option=dinner.options.get())

    asked = select_asked_questions(load_questions(event), ticket, {"dinner": "yes"})

    assert asked == []


def test_hidden_required_question_leaves_no_registration_incomplete(event, ticket):
    make_question(event, "size", is_required=True, is_hidden=True)
    make_registration(ticket)

    incomplete = find_incomplete_registrations(event, load_questions(event))

    assert incomplete == []


def test_earlier_answers_to_hidden_questions_stay_when_others_change(event, ticket):
    dinner = make_question(event, "dinner", ["yes"], is_hidden=True)
    make_question(event, "meal", ["fish"], shown_after_option=dinner.options.get())
    make_question(event, "note")
    registration = make_registration(ticket, answers={"dinner": "yes", "meal": "fish", "note": "A"})

    save_answers(registration=registration, given={"note": "B"})

    registration.refresh_from_db()
    assert registration.answers == {"dinner": "yes", "meal": "fish", "note": "B"}


def test_new_answer_to_a_hidden_question_is_dropped(event, ticket):
    make_question(event, "note", is_hidden=True)
    context = AnswerContext(answered_at=timezone.now())

    answers = check_answers(load_questions(event), ticket, {"note": "A"}, context)

    assert answers.accepted == {}


def test_import_keeps_the_answer_to_a_hidden_question(event, ticket):
    make_question(event, "size", is_hidden=True)
    make_question(event, "hobby")
    registration = make_registration(ticket, first_name="Ada", last_name="Roux", email="a@example.org")
    Registration.objects.update(answers={"size": "M", "hobby": "A"})

    rows = f"reference,first_name,last_name,size,hobby\n{registration.reference},Ada,Roux,L,B\n"
    import_csv(event, rows)

    registration.refresh_from_db()
    assert registration.answers == {"size": "M", "hobby": "B"}


def test_organizer_hides_a_question_and_the_list_says_so(organizer, event):
    question = make_question(event, "note", text="Remarque")
    values = {"text": "Remarque", "slug": "note", "kind": "text", "retention_days": "90", "position": "0"}
    formset = {"option-TOTAL_FORMS": "0", "option-INITIAL_FORMS": "0"}

    organizer.post("/en/organize/x/questions/note/", values | formset | {"is_hidden": "on"})

    question.refresh_from_db()
    assert question.is_hidden
    assert "no longer asked" in organizer.get("/en/organize/x/questions/").text


def test_page_of_an_answered_question_explains_why_it_stays(organizer, event, ticket):
    make_question(event, "note")
    make_registration(ticket, answers={"note": "A"})

    page = organizer.get("/en/organize/x/questions/note/").text

    assert "has been answered and cannot be removed" in page
    assert "Remove the question" not in page


def test_refused_removal_is_a_message_on_the_question(organizer, event, ticket):
    make_question(event, "note")
    make_registration(ticket, answers={"note": "A"})

    page = organizer.post("/en/organize/x/questions/note/remove/", follow=True)

    assert page.redirect_chain == [("/en/organize/x/questions/note/", 302)]
    (message,) = page.context["messages"]
    assert str(message).startswith("“Note” has been answered")
    assert event.questions.exists()
