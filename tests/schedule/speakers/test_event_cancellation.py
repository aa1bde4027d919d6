"""Speakers are informed of a cancelled event."""

import pytest

from convention.events.publishing.cancel_event import cancel_event, load_effects
from schedule.models import SpeakerMailing
from schedule.speakers.links import get_or_create_link
from tests.factories import make_administrator, make_session
from tests.schedule.speakers.factories import make_june_event, make_speaker
from tests.task_runner import run_waiting_tasks

pytestmark = pytest.mark.django_db


def test_each_speaker_with_address_gets_the_reason(mailoutbox):
    event = make_june_event(name="Convention")
    make_speaker(event, "Ana")
    make_session(event, "Panel", speakers=("Bo",))
    effects = load_effects(event)

    cancel_event(event=event, reason="Strike", requested_by=make_administrator())
    run_waiting_tasks()

    [mail] = mailoutbox
    assert any("1 " in sentence for sentence in effects.sentences)
    assert mail.to == ["ana@example.org"]
    assert mail.subject == "Event cancelled: Convention"
    assert "Reason: Strike" in mail.body


def test_reason_in_braces_does_not_reveal_own_link(mailoutbox):
    event = make_june_event()
    speaker = make_speaker(event)
    token = get_or_create_link(speaker=speaker).link_token

    cancel_event(event=event, reason="See {link} {x", requested_by=make_administrator())
    run_waiting_tasks()

    [mail] = mailoutbox
    assert "See (link) (x" in mail.body
    assert f"See http://testserver/speakers/{token}" not in mail.body


def test_event_without_speakers_has_no_mailing():
    event = make_june_event()

    cancel_event(event=event, reason="Strike", requested_by=make_administrator())

    assert not SpeakerMailing.objects.exists()
