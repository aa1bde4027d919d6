"""E-mails to speakers: recipients, texts, previews, and no duplicates."""

import datetime

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from lxml import html

from convention.audit.models import AuditEntry
from convention.errors import InvalidFields
from convention.models import BouncedAddress
from schedule.models import Session, SessionSpeaker, Speaker, SpeakerLink, SpeakerMail, SpeakerMailing
from schedule.speakers.audience import SpeakerAudience, select_speakers
from schedule.speakers.links import get_or_create_link
from schedule.speakers.mail_texts import check_texts, write_preview
from schedule.speakers.mailings import (
    NobodyToMail,
    RecipientsChanged,
    build_mailing,
    find_recipients,
    get_default_texts,
    queue_mails,
    resend_link,
    send_speaker_mail,
    send_speaker_mailing,
)
from tests.factories import make_room, make_session, make_staff, make_track
from tests.schedule.speakers.factories import make_june_event, make_page_path, make_paris_time, make_speaker
from tests.task_runner import run_waiting_tasks

pytestmark = [pytest.mark.django_db, pytest.mark.once]
KINDS = SpeakerMailing.Kind
TEXTS = {
    "subject_fr": "Bonjour {name}",
    "text_fr": "Vos sessions :\n{sessions}",
    "subject_en": "",
    "text_en": "",
}


def make_mailing(event, *, kind=KINDS.MESSAGE, texts=None, **audience):
    texts = texts or (TEXTS if kind == KINDS.MESSAGE else get_default_texts(kind))
    return build_mailing(event=event, kind=kind, audience=SpeakerAudience(**audience), texts=texts)


def send(event, **options):
    mailing = send_speaker_mailing(mailing=make_mailing(event, **options), sent_by=None)
    run_waiting_tasks()
    return mailing


def get_names(event, **audience):
    return [speaker.name for speaker in select_speakers(event, SpeakerAudience(**audience))]


def test_a_request_contains_the_link_of_each_speaker(client):
    event = make_june_event()
    ana, bob = make_speaker(event), make_speaker(event, "Bob", language="fr")

    send(event, kind=KINDS.REQUEST)

    assert [message.to for message in mail.outbox] == [["ana@example.org"], ["bob@example.org"]]
    assert f"/en/speakers/{ana.link.link_token}/" in mail.outbox[0].body
    assert f"/speakers/{bob.link.link_token}/" in mail.outbox[1].body
    assert "when are you available" in mail.outbox[0].subject
    assert "when are you available" not in mail.outbox[1].subject


def test_request_is_recorded_with_its_time_and_in_the_audit_trail():
    speaker = make_speaker()

    send(speaker.event, kind=KINDS.REQUEST)

    speaker.refresh_from_db()
    assert speaker.link.requested_at is not None
    assert AuditEntry.objects.get().verb == "speaker_mailing.request"


def test_speaker_is_not_asked_again_within_an_hour():
    speaker = make_speaker()
    send(speaker.event, kind=KINDS.REQUEST)

    with pytest.raises(NobodyToMail):
        send(speaker.event, kind=KINDS.REMINDER)

    assert len(mail.outbox) == 1


def test_reminder_is_sent_an_hour_after_the_request():
    speaker = make_speaker()
    send(speaker.event, kind=KINDS.REQUEST)
    SpeakerMail.objects.update(created_at=timezone.now() - datetime.timedelta(minutes=61))

    send(speaker.event, kind=KINDS.REMINDER, state="asked")

    assert len(mail.outbox) == 2


def test_different_message_may_follow_immediately_but_not_the_same_one():
    speaker = make_speaker()
    send(speaker.event)

    with pytest.raises(NobodyToMail):
        send(speaker.event)
    send(speaker.event, texts={**TEXTS, "text_fr": "Autre chose"})

    assert len(mail.outbox) == 2


def test_speakers_who_answered_are_not_reminded():
    event = make_june_event()
    for name, answered in (("Ana", True), ("Bob", False)):
        link = get_or_create_link(speaker=make_speaker(event, name))
        link.requested_at = timezone.now()
        link.answered_at = timezone.now() if answered else None
        link.save()

    assert get_names(event, state="asked") == ["Bob"]
    assert get_names(event, state="unanswered") == ["Bob"]


def test_speakers_are_filtered_by_answer_to_their_sessions():
    event = make_june_event()
    now = timezone.now()
    for name, values in (("Ana", {"confirmed_at": now}), ("Bob", {"declined_at": now}), ("Cy", {})):
        SessionSpeaker.objects.filter(speaker=make_speaker(event, name)).update(**values)

    assert get_names(event, state="unconfirmed") == ["Cy"]
    assert get_names(event, state="declined") == ["Bob"]
    assert get_names(event) == ["Ana", "Bob", "Cy"]


def test_speakers_are_filtered_by_session_room_day_and_track():
    event = make_june_event()
    room, track = make_room(event), make_track(event)
    ana, _bob = make_speaker(event), make_speaker(event, "Bob")
    Session.objects.filter(speakers=ana).update(
        room=room, track=track, starts_at=make_paris_time(16, 10), ends_at=make_paris_time(16, 11)
    )

    assert get_names(event, room=room.pk) == ["Ana"]
    assert get_names(event, track=track.pk) == ["Ana"]
    assert get_names(event, day="2099-06-16") == ["Ana"]
    assert get_names(event, day="2099-06-15") == ["Bob"]
    assert get_names(event, session=ana.sessions.get().pk) == ["Ana"]
    assert get_names(event, session=ana.sessions.get().pk, day="2099-06-15") == []


def answer_sessions(event, **answers) -> Speaker:
    """Create a speaker with a session for each keyword, and set the answer field that it names, if any."""
    for title, answer in answers.items():
        session = make_session(event, title, speakers=("Eve",))
        if answer:
            SessionSpeaker.objects.filter(session=session).update(**{answer: timezone.now()})
    return event.speakers.get(name="Eve")


@pytest.mark.parametrize(
    ("state", "title", "names"),
    [
        ("unconfirmed", "open", ["Eve"]),
        ("unconfirmed", "confirmed", []),
        ("declined", "declined", ["Eve"]),
        ("declined", "open", []),
    ],
)
def test_state_filter_uses_the_answer_to_the_chosen_session(state, title, names):
    event = make_june_event()
    answer_sessions(event, open=None, confirmed="confirmed_at", declined="declined_at")

    found = get_names(event, state=state, session=event.sessions.get(title=title).pk)

    assert found == names


def test_state_filter_uses_the_answers_to_sessions_of_the_chosen_track():
    event = make_june_event()
    answer_sessions(event, open=None, confirmed="confirmed_at")
    track = make_track(event, "Web")
    event.sessions.filter(title="confirmed").update(track=track)

    assert get_names(event, state="unconfirmed", track=track.pk) == []


def test_links_of_all_recipients_are_created_in_bulk():
    event = make_june_event()
    speakers = [make_speaker(event, f"Speaker {number}") for number in range(8)]
    get_or_create_link(speaker=speakers[0])
    mailing = make_mailing(event, kind=KINDS.REQUEST)
    mailing.save()

    with CaptureQueriesContext(connection) as captured:
        queue_mails(mailing, speakers)

    links = [query for query in captured if "schedule_speakerlink" in query["sql"]]
    assert SpeakerLink.objects.filter(requested_at__isnull=False).count() == 8
    assert len(links) == 3


@pytest.mark.parametrize("languages", [("fr", "en"), ("en", "fr")])
def test_preview_shows_one_example_of_each_text_as_sent(client, organizer, languages):
    for name, language in zip(("Ana", "Bob"), languages, strict=True):
        make_speaker(organizer, name, language=language)

    page = client.post("/en/organize/june/schedule/speakers/mail/new/", {"kind": "message", **TEXTS})
    send(organizer)

    assert page.text.count("Bonjour Ana") > 0
    assert page.text.count("Bonjour Bob") == 0
    assert mail.outbox[0].subject == "Bonjour Ana"


def test_room_filter_excludes_speakers_of_cancelled_sessions():
    event = make_june_event()
    room = make_room(event)
    make_speaker(event)
    Session.objects.update(room=room, cancelled_at=timezone.now())

    assert get_names(event, room=room.pk) == []


def test_two_speakers_with_one_address_get_one_message():
    event = make_june_event()
    make_speaker(event, email="both@example.org")
    make_speaker(event, "Bob", email="Both@Example.org")

    send(event)

    assert len(mail.outbox) == 1


def test_speakers_without_address_or_with_a_bounced_one_are_listed_separately():
    event = make_june_event()
    make_speaker(event, email="")
    make_speaker(event, "Bob")
    BouncedAddress.objects.create(email="bob@example.org")

    recipients = find_recipients(make_mailing(event))

    assert recipients.speakers == []
    assert [speaker.name for speaker in recipients.without_address] == ["Ana"]
    assert [speaker.name for speaker in recipients.bounced] == ["Bob"]


def test_mailing_is_refused_if_the_recipient_count_changed_since_preview():
    speaker = make_speaker()

    with pytest.raises(RecipientsChanged):
        send_speaker_mailing(mailing=make_mailing(speaker.event), sent_by=None, expected_count=2)

    assert not SpeakerMailing.objects.exists()


def test_placeholders_are_filled_in_for_each_speaker():
    speaker = make_speaker(name="Ana {link}", language="fr")
    Session.objects.update(room=make_room(speaker.event))

    message = write_preview(make_mailing(speaker.event), speaker)

    assert message.subject == "Bonjour Ana {link}"
    text = message.context["text"].replace("\N{NO-BREAK SPACE}", " ")
    assert text.startswith("Vos sessions :\n– Talk of Ana {link} (lundi 15 juin 2099, 9 h")
    assert text.endswith("Auditorium)")


def test_a_preview_does_not_show_the_secret_of_the_link():
    speaker = make_speaker()
    texts = {**TEXTS, "text_fr": "{link}"}

    message = write_preview(make_mailing(speaker.event, texts=texts), speaker)

    assert message.context["text"].endswith("/speakers/…/")


@pytest.mark.parametrize(
    ("texts", "field"),
    [
        ({**TEXTS, "text_fr": "{nom}"}, "text_fr"),
        ({**TEXTS, "text_fr": "{}"}, "text_fr"),
        ({**TEXTS, "subject_fr": "{sessions}"}, "subject_fr"),
        ({**TEXTS, "subject_en": "Hello"}, "text_en"),
        (dict.fromkeys(TEXTS, ""), "text_fr"),
    ],
)
def test_texts_that_cannot_be_sent_are_refused_at_their_field(texts, field):
    with pytest.raises(InvalidFields) as refusal:
        check_texts(texts)

    assert list(refusal.value.field_errors) == [field]


def test_repeated_task_sends_no_second_email():
    speaker = make_speaker()
    send(speaker.event)

    send_speaker_mail.call(SpeakerMail.objects.get().pk)

    assert len(mail.outbox) == 1


def test_address_removed_after_queueing_gets_no_email():
    speaker = make_speaker()
    send_speaker_mailing(mailing=make_mailing(speaker.event), sent_by=None)
    speaker.email = ""
    speaker.save()

    run_waiting_tasks()

    assert mail.outbox == []
    assert SpeakerMail.objects.get().state == SpeakerMail.State.REFUSED


def test_link_can_be_resent_to_a_speaker_immediately():
    speaker = make_speaker()
    send(speaker.event, kind=KINDS.REQUEST)

    resend_link(speaker=speaker, sent_by=None)
    run_waiting_tasks()

    assert len(mail.outbox) == 2


def test_a_speaker_without_address_gets_no_link():
    with pytest.raises(NobodyToMail):
        resend_link(speaker=make_speaker(email=""), sent_by=None)


@pytest.fixture
def organizer(client):
    event = make_june_event(slug="june")
    client.force_login(make_staff(event))
    return event


def test_organizer_previews_and_sends_a_mailing(client, organizer):
    make_speaker(organizer)
    address = "/en/organize/june/schedule/speakers/mail/new/"
    assert "when are you available" in client.get(f"{address}?kind=request").text
    form = {"kind": "request", "state": "unanswered", **get_default_texts("request")}

    preview = client.post(address, form)
    sent = client.post(address, {**form, "send": "1", "count": "1"}, follow=True)

    assert "Send to 1 speaker?" in preview.text
    assert "ana@example.org" in preview.text
    assert "The e-mails are on their way." in sent.text
    assert SpeakerMail.objects.count() == 1


def test_a_second_click_sends_nothing(client, organizer):
    make_speaker(organizer)
    address = "/en/organize/june/schedule/speakers/mail/new/"
    form = {"kind": "request", **get_default_texts("request"), "send": "1", "count": "1"}
    client.post(address, form)

    again = client.post(address, form)

    assert "Nobody would receive this e-mail" in again.text
    assert "less than an hour ago" in again.text
    assert SpeakerMail.objects.count() == 1


def test_session_of_another_event_is_refused_as_filter(client, organizer):
    make_speaker(organizer)
    other = make_session(make_june_event())

    page = client.post(
        "/en/organize/june/schedule/speakers/mail/new/", {"session": other.pk, **TEXTS, "preview": "1"}
    )

    error = html.fromstring(page.text).xpath("string(//*[@id='id_session_error'])")
    assert "Select a valid choice." in error
    assert "Send to" not in page.text


def test_list_shows_confirmations_requests_and_missing_addresses(client, organizer):
    ana, bob = make_speaker(organizer), make_speaker(organizer, "Bob", email="")
    SessionSpeaker.objects.filter(speaker=ana).update(confirmed_at=timezone.now())
    link = get_or_create_link(speaker=ana)
    link.requested_at = timezone.now()
    link.save()

    everybody = client.get("/en/organize/june/schedule/speakers/").text
    unconfirmed = client.get("/en/organize/june/schedule/speakers/?state=unconfirmed").text

    assert "1 / 1" in everybody
    assert "asked on" in everybody
    assert "no e-mail address" in everybody
    assert bob.name in unconfirmed
    assert f">{ana.name}<" not in unconfirmed


def test_an_organizer_edits_address_and_availability(client, organizer):
    speaker = make_speaker(organizer, email="")
    address = f"/en/organize/june/schedule/speakers/{speaker.pk}/"

    client.post(address, {"name": "Ana", "email": "new@example.org", "company": "Acme", "language": "fr"})
    client.post(f"{address}availability/", {"step": "60", "day": "2099-06-15:cannot"})

    speaker.refresh_from_db()
    assert speaker.email == "new@example.org"
    assert speaker.company == "Acme"
    assert speaker.availabilities.get().starts_at == make_paris_time(15, 9)


def test_the_log_shows_each_recipient(client, organizer):
    make_speaker(organizer)
    mailing = send(organizer, kind=KINDS.REQUEST)

    listed = client.get("/en/organize/june/schedule/speakers/mail/").text
    detail = client.get(f"/en/organize/june/schedule/speakers/mail/{mailing.pk}/").text

    assert "1 / 1" in listed
    assert "Ana" in detail


def test_log_shows_the_texts_of_used_languages_only(client, organizer):
    make_speaker(organizer, language="en")
    texts = TEXTS | {"subject_en": "Hello {name}", "text_en": "Your sessions:\n{sessions}"}
    mailing = send(organizer, texts=texts)

    detail = client.get(f"/en/organize/june/schedule/speakers/mail/{mailing.pk}/").text

    assert "Your sessions:" in detail
    assert "Vos sessions" not in detail
    assert "were replaced for each speaker" in detail


def test_session_filter_includes_speakers_of_a_cancelled_session():
    event = make_june_event()
    make_speaker(event)
    Session.objects.update(cancelled_at=timezone.now())

    assert get_names(event, session=Session.objects.get().pk) == ["Ana"]


def test_day_filter_makes_no_query_per_session(django_assert_num_queries):
    event = make_june_event()
    for _number in range(20):
        make_speaker(event)

    with django_assert_num_queries(6):
        select_speakers(event, SpeakerAudience(day="2099-06-15"))


def test_correcting_an_address_revokes_the_link_sent_to_the_old_one(client, organizer):
    speaker = make_speaker(organizer)
    former = make_page_path(speaker)
    data = {"name": "Ana", "email": "right@example.org", "language": "fr"}

    client.post(f"/en/organize/june/schedule/speakers/{speaker.pk}/", data)

    assert client.get(former).status_code == 404


def test_sending_a_link_without_an_address_shows_an_error_on_the_speaker_page(client, organizer):
    speaker = make_speaker(organizer, email="")
    page = f"/en/organize/june/schedule/speakers/{speaker.pk}/"

    response = client.post(f"{page}send-link/", follow=True)

    assert response.redirect_chain == [(page, 302)]
    assert "This speaker has no e-mail address." in response.text
