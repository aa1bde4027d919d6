"""Announcements of visits: invitations to all members that name its facts, and earlier ones."""

import datetime
import re

import pytest
from django.utils import timezone

from badges.mailings.composing.invitations import build_invitation_draft
from badges.mailings.composing.segments import MEMBERS, Segment
from badges.mailings.models import Mailing
from badges.mailings.sending.log import find_earlier_invitation
from tests.badges.mailings.test_invitations import make_invitation, send
from tests.factories import make_event, make_member, make_secretary, make_staff
from tests.registrations.visits.factories import make_visit
from tests.site_objects import make_client

pytestmark = pytest.mark.django_db


def announce(visit, run_tasks) -> Mailing:
    """Send an invitation to all members of the club to this visit."""
    make_member(email="zoe@example.org", language="en")
    return send(make_invitation(visit.event), run_tasks)


def get_visit_page(visit) -> str:
    return make_client(make_secretary()).get(f"/en/organize/{visit.event.slug}/visit/").text


def test_page_of_a_visit_says_when_and_to_how_many_members_it_was_announced(run_tasks):
    visit = make_visit()
    mailing = announce(visit, run_tasks)

    page = get_visit_page(visit)

    assert re.search(r"Announced on [^<]+ to 1 member\.", page)
    assert f'href="/en/organize/{visit.event.slug}/mail/{mailing.pk}/"' in page
    assert "Announce again by e-mail" in page


def test_page_of_a_visit_says_when_its_announcement_will_be_sent():
    visit = make_visit()
    in_an_hour = timezone.now() + datetime.timedelta(hours=1)
    make_invitation(visit.event, send_at=in_an_hour, due_at=in_an_hour)

    assert "The e-mail to the members will be sent on" in get_visit_page(visit)


@pytest.mark.parametrize("fields", [{}, {"send_at": timezone.now(), "cancelled_at": timezone.now()}])
def test_draft_or_cancelled_invitation_is_no_announcement(fields):
    visit = make_visit()
    make_invitation(visit.event, **fields)

    page = get_visit_page(visit)

    assert "Announced on" not in page
    assert "Announce by e-mail" in page


def test_organizer_who_does_not_read_the_directory_reads_nothing_of_the_announcement(run_tasks):
    visit = make_visit()
    announce(visit, run_tasks)

    page = make_client(make_staff(visit.event)).get(f"/en/organize/{visit.event.slug}/visit/").text

    assert "Announced on" not in page


def test_second_announcement_names_the_first_on_its_form_and_before_it_is_sent(run_tasks):
    visit = make_visit()
    announce(visit, run_tasks)
    secretary, mail = make_client(make_secretary()), f"/en/organize/{visit.event.slug}/mail"
    draft = make_invitation(visit.event)
    sentence = "The same people have already been invited"

    assert sentence in secretary.get(f"{mail}/new/?announce").text
    assert sentence in secretary.get(f"{mail}/{draft.pk}/").text
    assert sentence not in secretary.get(f"{mail}/new/").text


@pytest.mark.parametrize("other", [{"language": "fr"}, {"audience": "event", "audience_event": 1}])
def test_invitation_of_other_people_is_no_earlier_one(run_tasks, other):
    visit = make_visit()
    announce(visit, run_tasks)
    wanted = {"audience": MEMBERS} | other
    Mailing.objects.update(segment={**wanted, "language": "fr"})
    mine = {**wanted, "language": "en"} if "language" in other else {**wanted, "audience_event": 2}

    assert find_earlier_invitation(visit.event, Segment.from_json(mine)) is None


def test_first_announcement_warns_of_nothing():
    visit = make_visit()

    page = make_client(make_secretary()).get(f"/en/organize/{visit.event.slug}/mail/new/?announce").text

    assert "already been invited" not in page


def test_invitation_to_a_visit_names_the_facts_by_which_members_decide():
    visit = make_visit(places=12, cap=2, price=9_000)

    text = build_invitation_draft(MEMBERS, visit.event).texts["text_en"]

    assert "- **Places:** 12, at most 2 people per company" in text
    assert "- **Price:** €90" in text
    assert "- **Apply by:** " in text
    assert f"/visits/{visit.event.slug}/text/)" in text
    assert "register" not in text


def test_invitation_to_a_visit_without_limit_and_terms_leaves_them_out():
    visit = make_visit(places=None, cap=None, text="")

    text = build_invitation_draft(MEMBERS, visit.event).texts["text_en"]

    assert "Places:" not in text
    assert "Price:" not in text
    assert "confidentiality" not in text


def test_invitation_to_a_visit_is_signed_by_the_club(settings):
    settings.SITE_NAME = "Club des infrastructures"

    texts = build_invitation_draft(MEMBERS, make_visit().event).texts

    assert texts["text_en"].endswith("Kind regards,\nClub des infrastructures")
    assert texts["text_fr"].endswith("Bien cordialement,\nClub des infrastructures")


def test_invitation_to_another_event_leads_to_registration():
    text = build_invitation_draft(MEMBERS, make_event()).texts["text_en"]

    assert "where you can also register" in text


def test_text_of_an_invitation_to_a_visit_can_be_sent(run_tasks, mailoutbox):
    visit = make_visit()
    make_member(email="zoe@example.org", first_name="Zoé", language="en")
    draft = build_invitation_draft(MEMBERS, visit.event)

    send(make_invitation(visit.event, **draft.texts), run_tasks)

    [mail] = mailoutbox
    assert "Hello Zoé," in mail.body
    assert f"Request a place:\nhttp://localhost:8000/en/visits/{visit.event.slug}/" in mail.body
    assert "{" not in mail.body
