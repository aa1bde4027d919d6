"""Test feedback for organizers and speakers: shown from three answers on, moderated, exported, sent once."""

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import translation

from badges.feedback.actions import (
    SummariesAlreadySent,
    hide_comment,
    send_speaker_summaries,
)
from badges.feedback.answers import load_feedback_settings
from badges.feedback.models import FeedbackSettings, SessionFeedback
from badges.feedback.summaries import list_event_summaries
from convention.audit.models import AuditEntry
from convention.errors import NotOpenNow
from schedule.models import SpeakerMail
from schedule.speakers.links import get_or_create_link
from tests.badges.feedback.factories import end_event, make_answers, make_attended_session, make_attendee
from tests.factories import make_staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def session():
    return make_attended_session()


@pytest.fixture
def organizer(client, session):
    client.force_login(make_staff(session.event))
    return client


def read(client, name, *arguments) -> str:
    with translation.override("en"):
        address = reverse(name, args=arguments)
    return client.get(address).content.decode()


def read_speaker_page(client, session) -> str:
    speaker = session.speakers.get()
    return client.get(f"/en/speakers/{get_or_create_link(speaker=speaker).link_token}/").content.decode()


def test_summary_counts_attendees_and_withholds_too_few_answers(session):
    quiet = make_attended_session(session.event, "Ateliers")
    make_answers(session, 5, 5, 2, comment="Bien")
    make_attendee(session, 9)
    make_answers(quiet, 1, 1, comment="Mal")

    by_title = {row.session.title: row for row in list_event_summaries(load_feedback_settings(session.event))}

    shown, withheld = by_title["Sauvegardes"], by_title["Ateliers"]
    assert shown.attendee_count == 4
    assert shown.answer_count == 3
    assert shown.response_rate == 75
    assert shown.mean == 4.0
    assert shown.star_counts == {5: 2, 2: 1}
    assert sorted(shown.public_comments) == ["Bien 0", "Bien 1", "Bien 2"]
    assert withheld.attendee_count == 2
    assert withheld.answer_count == 2
    assert withheld.mean is None
    assert withheld.star_counts == {}
    assert withheld.comments == []


def test_speaker_sees_summary_after_event_without_hidden_comments(client, session):
    make_answers(session, 5, 5, 4, comment="Bien")
    hide_comment(answer=SessionFeedback.objects.get(comment="Bien 1"), reason="Injure")
    assert "What attendees said" not in read_speaker_page(client, session)

    end_event(session.event)
    page = read_speaker_page(client, session)

    assert "4.7 out of 5 stars on average, 3 answers" in page
    assert "Bien 0" in page
    assert "Bien 1" not in page
    FeedbackSettings.objects.update(min_answers=4)
    page = read_speaker_page(client, session)
    assert "3 answers, too few to be shown" in page
    assert "Bien 0" not in page


def test_organizer_hides_comment_with_reason_and_shows_it_again(organizer, session):
    make_answers(session, 5, 4, 3, comment="Bien")
    answer = SessionFeedback.objects.get(comment="Bien 2")
    address = reverse("organize-feedback-session", args=[session.event.slug, session.number])

    organizer.post(address, {"answer": answer.pk, "hidden_reason": ""})
    answer.refresh_from_db()
    assert answer.hidden_reason == ""
    organizer.post(address, {"answer": answer.pk, "hidden_reason": "Injure"})
    answer.refresh_from_db()
    assert answer.hidden_reason == "Injure"
    entry = AuditEntry.objects.get(verb="feedback.hide_comment")
    assert entry.reason == "Injure"
    assert entry.event == session.event.slug

    organizer.post(address, {"answer": answer.pk, "show": ""})
    answer.refresh_from_db()
    assert answer.hidden_reason == ""
    missing = organizer.post(address, {"answer": "x", "hidden_reason": "Injure"})
    assert missing.status_code == 404


@pytest.mark.once
def test_organizer_pages_and_csv_files_show_figures(organizer, session):
    make_answers(session, 5, 4, 3, comment="=1+1")
    slug = session.event.slug

    overview = read(organizer, "organize-feedback", slug)
    detail = read(organizer, "organize-feedback-session", slug, session.number)
    figures = organizer.get(reverse("organize-feedback-csv", args=[slug])).content.decode("utf-8-sig")
    comments = organizer.get(reverse("organize-feedback-comments-csv", args=[slug])).content.decode()

    assert "100%" in overview
    assert "4.0" in overview
    assert "=1+1 0" in detail
    row = figures.splitlines()[1].replace(";", ",").split(",")
    assert row[-9:] == ["3", "3", "100", "4.0", "1", "1", "1", "0", "0"]
    assert "'=1+1 0" in comments


@pytest.mark.once
def test_settings_outside_limits_are_not_saved(organizer, session):
    address = reverse("organize-feedback-settings", args=[session.event.slug])

    refused = organizer.post(address, {"is_enabled": "on", "days_open": "61", "min_answers": "-1"})
    assert "Indiquez 3 ou plus." in refused.text
    assert not FeedbackSettings.objects.exists()
    organizer.post(address, {"is_enabled": "on", "days_open": "21", "min_answers": "5"})

    settings = load_feedback_settings(session.event)
    assert settings.days_open == 21
    assert settings.min_answers == 5


def test_summaries_are_sent_once_to_speakers_with_enough_answers(session, run_tasks):
    quiet = make_attended_session(session.event, "Ateliers", speakers=("Bob",))
    for speaker, address in ((session.speakers.get(), "ana"), (quiet.speakers.get(), "bob")):
        speaker.email, speaker.language = f"{address}@example.org", "en"
        speaker.save()
    make_answers(session, 5, 4, 3, comment="Bien")
    make_answers(quiet, 1, comment="Mal")
    with pytest.raises(NotOpenNow):
        send_speaker_summaries(event=session.event, sent_by=None)
    end_event(session.event)

    send_speaker_summaries(event=session.event, sent_by=None)
    with pytest.raises(SummariesAlreadySent):
        send_speaker_summaries(event=session.event, sent_by=None)
    run_tasks()

    assert SpeakerMail.objects.count() == 1
    [message] = [message for message in mail.outbox if message.to == ["ana@example.org"]]
    assert "Sauvegardes (4.0 out of 5 stars on average, 3 answers)" in message.body.replace("\n", " ")
    assert "/speakers/" in message.body
    assert "Bien" not in message.body
