"""An attendee rates a session on a phone; the organizer and the speaker see the rating."""

import pytest

from badges.feedback.models import SessionFeedback
from schedule.models import Session
from schedule.speakers.links import get_or_create_link
from tests.badges.feedback.factories import (
    end_event,
    make_answers,
    make_attended_session,
    make_attendee,
    make_link,
)
from tests.factories import make_staff
from tests.journeys.browsing import assert_accessible, assert_no_sideways_scroll, sign_in
from tests.journeys.walking import SCHEMES, Walk

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once, pytest.mark.long]
LONG = ("Infrastructures souveraines, exploitation responsable et gouvernance : " * 5)[:300]
WORDS = {
    "fr": ("Donner mon avis", "2 étoiles\u202f: décevante", "Commentaire", "Envoyer mon avis", "Avis donnés"),
    "en": ("Give feedback", "2 stars: disappointing", "Comment", "Send my feedback", "Feedback given"),
}


@pytest.mark.parametrize(("screen", "language"), [("phone", "fr"), ("phone", "en")])
def test_attendee_rates_session_and_organizer_and_speaker_see_it(open_page, site, client, screen, language):
    session = make_attended_session(title="Sauvegardes")
    make_answers(session, 5, 4, comment=LONG)
    registration = make_attendee(session, 9)
    prefix = "/en" if language == "en" else ""
    give, stars, comment, send, given = WORDS[language]
    page = open_page(screen, language)

    page.goto(f"{prefix}{make_link(registration)}")
    assert_accessible(page)
    page.get_by_role("link", name=give).click()
    page.get_by_label(stars).check()
    page.get_by_label(comment).fill("Trop rapide")
    assert_accessible(page)
    assert_no_sideways_scroll(page)
    page.get_by_role("button", name=send).click()
    page.get_by_role("heading", name=given).wait_for()
    assert_accessible(page)

    answer = SessionFeedback.objects.get(comment="Trop rapide")
    assert answer.session == session
    assert answer.stars == 2
    end_event(session.event)
    Session.objects.update(title=LONG)
    sign_in(page, client, site, make_staff(session.event))
    walk, slug = Walk(page, language, screen, weighs=False), session.event.slug
    token = get_or_create_link(speaker=session.speakers.get()).link_token
    for path, shows_comment in (
        (f"/organize/{slug}/feedback/", False),
        (f"/organize/{slug}/feedback/{session.number}/", True),
        (f"/organize/{slug}/feedback/settings/", False),
        (f"/speakers/{token}/", True),
        (f"/events/{slug}/feedback/", False),
        (f"/events/{slug}/agenda/mine/", False),
    ):
        walk.visit(f"{prefix}{path}", named=session.event.name, speaks=language, contrast=SCHEMES)
        assert page.get_by_text("Trop rapide").count() == shows_comment
    assert walk.found == []
