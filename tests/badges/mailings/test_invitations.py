"""Invitations: mailings to people who are not at the event yet."""

import datetime

import pytest
from django.utils import timezone, translation
from lxml import html

from badges.mailings.composing.audience import build_audience
from badges.mailings.composing.preview import list_preview_names, write_preview_mail
from badges.mailings.composing.segments import GROUP, MEMBERS, OTHER_EVENT, Segment, describe_segment
from badges.mailings.models import Mailing, Unsubscription
from badges.mailings.sending.launch import MailingNotReady, launch_mailing
from badges.mailings.sending.log import make_log_sheet
from badges.mailings.sending.recipients import freeze_recipients
from convention.club.models import Mandate, Person, Seat, WorkingGroup
from convention.events.models import Event
from tests.badges.mailings.factories import TEXTS, make_mailing
from tests.factories import (
    START_OF_2020,
    make_administrator,
    make_company,
    make_event,
    make_member,
    make_membership,
    make_order,
    make_person,
    make_registration,
    make_secretary,
    make_staff,
    make_ticket,
)
from tests.registrations.visits.factories import get_applicant, make_application, make_visit
from tests.site_objects import make_client

pytestmark = pytest.mark.django_db
ALL_MEMBERS = Segment(states=(), audience=MEMBERS)


@pytest.fixture
def company():
    company = make_company()
    make_membership(company)
    return company


@pytest.fixture
def group():
    return WorkingGroup.objects.create(name="Storage", slug="storage", kind="thematic")


@pytest.fixture
def meeting(group):
    return make_event(slug="storage-9", kind=Event.Kind.GROUP_MEETING, group=group)


def make_invitation(event, segment=ALL_MEMBERS, **fields) -> Mailing:
    return make_mailing(event, segment=segment, purpose="news", **fields)


def list_addresses(mailing) -> list[str]:
    return sorted(group.address for group in build_audience(mailing).selected_groups)


def register(event, email, **fields):
    """A confirmed registration with an address."""
    ticket = event.tickets.first() or make_ticket(event)
    order = make_order(event, email=email, language="en")
    return make_registration(ticket, order=order, **{"email": email, **fields})


def make_earlier_meeting(meeting, days: int, **fields) -> Event:
    starts_at = meeting.starts_at - datetime.timedelta(days=days)
    values = {
        "kind": Event.Kind.GROUP_MEETING,
        "group": meeting.group,
        "starts_at": starts_at,
        "ends_at": starts_at + datetime.timedelta(hours=2),
    }
    return make_event(slug=f"earlier-{days}", **{**values, **fields})


def send(mailing, run_tasks) -> Mailing:
    launch_mailing(mailing=mailing)
    run_tasks()
    return mailing


# --- members ---------------------------------------------------------------------------------------------


def test_invitation_reaches_all_who_are_members_on_the_day_of_the_event(company):
    event = make_event()
    make_member(company, email="member@example.org")
    leaver = make_member(company, email="leaver@example.org")
    Seat.objects.filter(person=leaver).update(ends_on=event.starts_at.date() - datetime.timedelta(days=2))
    make_person(email="nobody@example.org")

    mailing = make_invitation(event)

    assert list_addresses(mailing) == ["member@example.org"]


def test_invitation_leaves_out_those_who_registered(company):
    event = make_event()
    by_address = make_member(company, email="a@example.org")
    by_record = make_member(company, email="b@example.org")
    make_member(company, email="c@example.org")
    register(event, by_address.email.upper())
    register(event, "other@example.org", person=by_record)

    audience = build_audience(make_invitation(event))

    assert [group.address for group in audience.groups] == ["c@example.org"]
    assert audience.registered_count == 2


def test_invitation_leaves_out_those_who_cancelled(company):
    event = make_event()
    register(event, make_member(company).email, cancelled_at=timezone.now())

    assert list_addresses(make_invitation(event)) == []


def test_invitation_reaches_those_whose_hold_expired(company):
    event = make_event()
    member = make_member(company)
    past = timezone.now() - datetime.timedelta(hours=1)
    register(event, member.email, confirmed_at=None, hold_expires_at=past)

    assert list_addresses(make_invitation(event)) == [member.email]


def test_invitation_can_reach_those_who_registered_too(company):
    event = make_event()
    member = make_member(company)
    register(event, member.email)

    mailing = make_invitation(event, Segment(states=(), audience=MEMBERS, excludes_registered=False))

    assert list_addresses(mailing) == [member.email]


def test_invitation_to_a_visit_leaves_out_applicants_even_if_they_were_refused(company):
    visit = make_visit()
    applicant = get_applicant(make_application(visit))
    refused = make_application(visit)
    type(refused).objects.filter(pk=refused.pk).update(refused_at=timezone.now())

    addresses = list_addresses(make_invitation(visit.event))

    assert applicant.email not in addresses
    assert get_applicant(refused).email not in addresses


def test_invitation_is_narrowed_by_language(company):
    make_member(company, email="fr@example.org", language="fr")
    make_member(company, email="en@example.org", language="en")

    mailing = make_invitation(make_event(), Segment(states=(), audience=MEMBERS, language="en"))

    assert list_addresses(mailing) == ["en@example.org"]


# --- groups and other events -----------------------------------------------------------------------------


def test_group_is_invited_with_its_officers_and_those_of_its_last_three_meetings(meeting, group):
    scribe = make_person(email="scribe@example.org")
    Mandate.objects.create(group=group, person=scribe, role="scribe", starts_on=START_OF_2020)
    for days in (10, 20, 30, 40):
        register(make_earlier_meeting(meeting, days), f"came{days}@example.org")

    addresses = list_addresses(make_invitation(meeting, Segment(states=(), audience=GROUP)))

    assert addresses == [
        "came10@example.org",
        "came20@example.org",
        "came30@example.org",
        "scribe@example.org",
    ]


def test_cancelled_meetings_and_those_of_other_groups_do_not_count(meeting):
    others = WorkingGroup.objects.create(name="Network", slug="network", kind="thematic")
    register(
        make_earlier_meeting(meeting, 10, cancelled_at=timezone.now(), cancellation_reason="Strike"),
        "cancelled@example.org",
    )
    register(make_earlier_meeting(meeting, 20, group=others), "other@example.org")

    assert list_addresses(make_invitation(meeting, Segment(states=(), audience=GROUP))) == []


def test_person_of_several_meetings_gets_one_invitation_in_their_own_language(meeting, group):
    lead = make_person(email="lead@example.org", language="fr")
    Mandate.objects.create(group=group, person=lead, role="lead", starts_on=START_OF_2020)
    for days in (10, 20):
        register(make_earlier_meeting(meeting, days), lead.email)

    [mail] = build_audience(make_invitation(meeting, Segment(states=(), audience=GROUP))).groups

    assert mail.person_id == lead.pk
    assert mail.language == "fr"


def test_person_who_came_with_another_address_gets_one_invitation(meeting, group):
    lead = make_person(email="lead@example.org")
    Mandate.objects.create(group=group, person=lead, role="lead", starts_on=START_OF_2020)
    register(make_earlier_meeting(meeting, 10), "private@example.org", person=lead)

    mailing = make_invitation(meeting, Segment(states=(), audience=GROUP))

    assert list_addresses(mailing) == ["lead@example.org"]


def test_registered_person_with_two_addresses_counts_once(meeting, group):
    lead = make_person(email="lead@example.org")
    Mandate.objects.create(group=group, person=lead, role="lead", starts_on=START_OF_2020)
    register(make_earlier_meeting(meeting, 10), "private@example.org", person=lead)
    register(meeting, lead.email, person=lead)

    audience = build_audience(make_invitation(meeting, Segment(states=(), audience=GROUP)))

    assert audience.registered_count == 1


def test_participants_of_another_event_are_invited():
    former = make_event(slug="former")
    register(former, "came@example.org")
    register(former, "cancelled@example.org", cancelled_at=timezone.now())
    segment = Segment(states=(), audience=OTHER_EVENT, audience_event=former.pk)

    assert list_addresses(make_invitation(make_event(), segment)) == ["came@example.org"]


# --- the mail --------------------------------------------------------------------------------------------


def test_mail_leads_to_the_page_of_the_event(company, run_tasks, mailoutbox):
    event = make_event()
    member = make_member(company, first_name="Zoe", language="en")

    send(make_invitation(event), run_tasks)

    [mail] = mailoutbox
    assert mail.to == [member.email]
    assert "Hello Zoe," in mail.body
    assert f"/en/events/{event.slug}/" in mail.body
    assert "/news/stop/" in mail.extra_headers["List-Unsubscribe"]


def test_mail_to_a_participant_of_another_event_does_not_show_that_registration(run_tasks, mailoutbox):
    former, event = make_event(slug="former"), make_event()
    registration = register(former, "came@example.org")
    segment = Segment(states=(), audience=OTHER_EVENT, audience_event=former.pk)

    send(make_invitation(event, segment), run_tasks)

    [mail] = mailoutbox
    assert registration.order.reference not in mail.body
    assert f"/en/events/{event.slug}/" in mail.body


def test_mail_about_a_visit_leads_to_its_page(company, run_tasks, mailoutbox):
    visit = make_visit()
    make_member(company, language="en", email="zoe@example.org")

    send(make_invitation(visit.event), run_tasks)

    assert f"/en/visits/{visit.event.slug}/" in next(mail.body for mail in mailoutbox if "zoe" in mail.to[0])


def test_those_who_unsubscribed_are_not_invited(company):
    member = make_member(company)
    Unsubscription.objects.create(email=member.email)

    audience = build_audience(make_invitation(make_event()))

    assert audience.selected_groups == []


def test_person_who_registers_before_the_mail_is_sent_gets_none(company, run_tasks, mailoutbox):
    event = make_event()
    member = make_member(company)
    mailing = make_invitation(event)
    launch_mailing(mailing=mailing)
    mailing.refresh_from_db()
    freeze_recipients(mailing=mailing)
    register(event, member.email)

    run_tasks()

    assert mailoutbox == []
    assert mailing.recipients.get().left_out == "changed"


def test_invitation_to_a_draft_is_not_sent(company):
    make_member(company)
    mailing = make_invitation(make_event(visibility=Event.Visibility.DRAFT))

    with translation.override("en"), pytest.raises(MailingNotReady, match="Publish the event first"):
        launch_mailing(mailing=mailing)


def test_log_names_the_person_and_the_company(company, run_tasks):
    make_member(company, first_name="Zoe", last_name="Roy", email="zoe@example.org")

    mailing = send(make_invitation(make_event()), run_tasks)

    [row] = make_log_sheet(mailing, "").rows
    assert row[:3] == ["Zoe Roy", "zoe@example.org", company.name]


def test_preview_shows_the_mail_of_the_chosen_person(company):
    make_member(company, first_name="Ana", last_name="Roy", email="ana@example.org")
    make_member(company, first_name="Zoe", last_name="Sand", email="zoe@example.org")
    mailing = make_invitation(make_event())
    names = list_preview_names(build_audience(mailing))

    message = write_preview_mail(mailing, language="en", reference=names[1][0])

    assert [name for _key, name in names] == ["Ana Roy (ana@example.org)", "Zoe Sand (zoe@example.org)"]
    assert message.to == "zoe@example.org"


@pytest.mark.parametrize(
    ("segment", "words"),
    [
        (ALL_MEMBERS, "all members on the day of the event"),
        (Segment(states=(), audience=GROUP), "the group’s officers and participants in its last meetings"),
        (Segment(states=(), audience=OTHER_EVENT, audience_event=0), "participants in “deleted event”"),
    ],
)
def test_segment_names_the_audience(segment, words):
    with translation.override("en"):
        found = describe_segment(segment, make_event())

    assert found == [words, "without those already registered"]


# --- permissions and pages -------------------------------------------------------------------------------


def list_offered_audiences(client, event) -> list[str]:
    page = html.fromstring(client.get(f"/en/organize/{event.slug}/mail/new/").content)
    return [str(value) for value in page.xpath("//input[@name='audience']/@value")]


def make_lead(group) -> Person:
    lead = make_person()
    Mandate.objects.create(group=group, person=lead, role="lead", starts_on=START_OF_2020)
    return lead


def test_lead_of_a_group_invites_the_group_only(meeting, group):
    client = make_client(make_lead(group))

    assert list_offered_audiences(client, meeting) == ["", GROUP]


def test_organizer_of_one_event_invites_nobody_else():
    event = make_event()

    assert list_offered_audiences(make_client(make_staff(event)), event) == []


def test_organizer_of_two_events_invites_the_participants_of_the_other():
    event, former = make_event(), make_event(slug="former")
    organizer = make_staff(event)
    former.roles.create(person=organizer, role="organizer", starts_on=START_OF_2020)

    assert list_offered_audiences(make_client(organizer), event) == ["", OTHER_EVENT]


def test_secretary_invites_all_members_to_a_visit():
    visit = make_visit()

    assert list_offered_audiences(make_client(make_secretary()), visit.event) == ["", MEMBERS]


def test_organizer_may_not_open_an_invitation_to_the_members(company):
    event = make_event()
    mailing = make_invitation(event)
    client = make_client(make_staff(event))

    answer = client.get(f"/en/organize/{event.slug}/mail/{mailing.pk}/")

    assert answer.status_code == 403
    assert f"/mail/{mailing.pk}/" not in client.get(f"/en/organize/{event.slug}/mail/").text


def save_announcement(client, page) -> Mailing:
    """Follow the page's link to announce the event, and save the form as it is."""
    [path] = html.fromstring(client.get(page).content).xpath("//a[contains(@href, '?announce')]/@href")
    [form] = html.fromstring(client.get(path).content).xpath("//main//form[.//*[@name='purpose']]")
    client.post(path, dict(form.form_values()))
    return Mailing.objects.get()


def test_choice_of_the_audience_is_not_called_optional(meeting, group):
    page = make_client(make_lead(group)).get(f"/en/organize/{meeting.slug}/mail/new/")

    choices = "//fieldset[contains(@class, 'choices')][.//input[@name='audience']]"
    [legend] = html.fromstring(page.content).xpath(f"{choices}/legend")
    assert legend.text_content().strip() == "Write to"


def test_page_of_a_published_visit_leads_to_an_invitation_to_all_members(company):
    visit = make_visit()
    make_member(company, email="zoe@example.org")

    mailing = save_announcement(make_client(make_secretary()), f"/en/organize/{visit.event.slug}/visit/")

    assert mailing.is_news
    assert "zoe@example.org" in list_addresses(mailing)
    assert mailing.languages == ["fr", "en"]


def test_page_of_a_published_meeting_leads_to_an_invitation_to_the_group(meeting, group):
    lead = make_lead(group)
    register(make_earlier_meeting(meeting, 10), "came@example.org")

    mailing = save_announcement(make_client(lead), f"/en/organize/{meeting.slug}/publish/")

    assert list_addresses(mailing) == sorted([lead.email, "came@example.org"])


def test_form_of_an_invitation_proposes_confirmed_attendees_instead(company):
    event = make_event()
    mailing = make_invitation(event)
    client = make_client(make_administrator())
    page = html.fromstring(client.get(f"/en/organize/{event.slug}/mail/{mailing.pk}/edit/").content)

    states = page.xpath("//input[@name='states'][@checked]/@value")

    assert states == ["confirmed"]


def test_invitation_that_is_not_news_is_refused(company):
    event = make_event()
    client = make_client(make_administrator())
    values = {"purpose": "information", "audience": MEMBERS, "excludes_registered": "on", **TEXTS}

    page = client.post(f"/en/organize/{event.slug}/mail/new/", values).text

    assert "An invitation is news: people must be able to unsubscribe." in page
    assert not Mailing.objects.exists()


def test_invitation_to_another_event_needs_that_event():
    event = make_event()
    make_event(slug="former")
    client = make_client(make_administrator())

    page = client.post(
        f"/en/organize/{event.slug}/mail/new/", {"purpose": "news", "audience": OTHER_EVENT, **TEXTS}
    ).text

    assert "Choose the event whose participants you invite." in page


def test_pages_of_an_invitation_show_whom_it_reaches(company, run_tasks):
    event = make_event()
    make_member(company, first_name="Zoe", last_name="Roy")
    register(event, make_member(company).email)
    mailing = make_invitation(event)
    client = make_client(make_administrator())
    path = f"/en/organize/{event.slug}/mail/{mailing.pk}/"

    draft = client.get(path).text
    send(mailing, run_tasks)
    log = client.get(f"{path}log/").text

    assert "1 person not invited: already registered or applied." in draft
    assert "Zoe Roy" in log
