"""Questions on the screen of the tickets: optional ones stop nobody who has seen them."""

import pytest
from django.test import Client

from convention.events.models import Event
from tests.factories import make_question, make_ticket
from tests.registrations.test_pages import build_person_form

pytestmark = pytest.mark.django_db

REGISTER = "/en/events/congress/register/"
CHOICES = f"{REGISTER}choices/"


@pytest.fixture(autouse=True)
def _attendee(client: Client, event: Event) -> None:
    client.post(REGISTER, build_person_form())


def test_questions_of_the_only_ticket_are_on_the_first_screen(client: Client, event: Event):
    make_question(event)

    page = client.get(CHOICES).text

    assert 'name="answer-0-diet"' in page


def test_optional_question_of_the_only_ticket_is_left_out_at_once(client: Client, event: Event):
    make_question(event)
    shown = client.get(CHOICES).context["people"][0][2].shown_slugs

    answer = client.post(CHOICES, {"choice-0-ticket": "guest", "answer-0-shown": shown, "answer-0-diet": ""})

    assert answer["Location"] == f"{REGISTER}check/"


@pytest.mark.parametrize(
    ("is_required", "sentence"),
    [
        (False, "The chosen ticket comes with optional questions. Answer them if you like, then continue."),
        (True, "Answer the questions that come with the chosen ticket, then continue."),
    ],
)
def test_unseen_questions_are_shown_once_and_say_whether_they_are_optional(
    client: Client, event: Event, is_required, sentence
):
    make_ticket(event, slug="vip")
    make_question(event, is_required=is_required)

    page = client.post(CHOICES, {"choice-0-ticket": "vip"})

    assert sentence in page.text
    assert "autofocus" in page.text.partition('name="answer-0-diet"')[2][:200]
