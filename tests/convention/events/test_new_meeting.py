"""The next meeting of a working group, added by its leads, the secretary and organizers."""

import datetime

import pytest
from django.utils import timezone
from django.utils.translation import override
from lxml import html

from convention.audit.models import AuditEntry
from convention.club.models import ClubRole, Mandate, WorkingGroup
from convention.errors import NotOpenNow
from convention.events.models import Event, Venue
from convention.events.publishing.drafts import change_meeting_draft
from tests.factories import (
    START_OF_2020,
    make_account,
    make_event,
    make_person,
    make_registration,
    make_ticket,
)
from tests.site_objects import make_client

pytestmark = pytest.mark.django_db

PAGE = "/en/organize/new/meeting/storage/"
GROUP_PAGE = "/en/organize/club/groups/storage/"
DAY = datetime.timedelta(days=1)


@pytest.fixture
def group():
    return WorkingGroup.objects.create(slug="storage", name="Storage", kind="technical")


def make_last_meeting(group, **fields):
    event = make_event(slug="storage-1", name="Storage 1", kind="group_meeting", group=group, **fields)
    make_registration(make_ticket(event, name="Membre"))
    return event


def make_role_client(role):
    person = make_account()
    ClubRole.objects.create(person=person, role=role, starts_on=START_OF_2020)
    return make_client(person)


def make_mandate_client(group, role="lead"):
    person = make_account()
    Mandate.objects.create(group=group, person=person, role=role, starts_on=START_OF_2020)
    return make_client(person)


def test_lead_copies_the_last_meeting_to_another_day_and_venue(group):
    last = make_last_meeting(group, venue=Venue.objects.create(name="Former"))
    client = make_mandate_client(group)
    first_day = timezone.localdate() + 400 * DAY

    group_page = client.get(GROUP_PAGE).content.decode()
    form = client.get(PAGE).content.decode()
    answer = client.post(
        PAGE, {"name": "Storage 2", "starts_on": first_day, "venue_name": "Halle", "venue_city": "Lille"}
    )

    assert PAGE in group_page
    assert "A copy of “Storage 1”" in form
    assert 'value="Storage 1"' in form
    event = Event.objects.get(slug="storage-2")
    assert answer["Location"] == "/en/organize/storage-2/publish/"
    assert event.group == group
    assert event.visibility == "draft"
    assert event.starts_at.astimezone(event.zone).date() == first_day
    assert event.starts_at.astimezone(event.zone).time() == last.starts_at.astimezone(last.zone).time()
    assert str(event.venue) == "Halle, Lille"
    assert event.tickets.get().name == "Membre"
    assert not event.tickets.get().registrations.exists()
    assert AuditEntry.objects.get(verb="event.copy").event == "storage-2"


def test_first_meeting_of_a_group_starts_with_a_ticket_for_members(group):
    client = make_mandate_client(group)
    assert "No meetings yet." in client.get(GROUP_PAGE).content.decode()

    client.post(PAGE, {"name": "Start", "starts_at": "2030-06-18T09:00", "ends_at": "2030-06-18T12:00"})

    event = Event.objects.get()
    assert event.group == group
    assert event.kind == "group_meeting"
    assert list(event.tickets.values_list("audience", "price")) == [("member", 0)]


def test_cancelled_meeting_is_not_copied(group):
    make_last_meeting(group, cancelled_at=timezone.now(), cancellation_reason="Grève")

    form = make_mandate_client(group).get(PAGE).content.decode()

    assert "A copy of" not in form


def test_secretary_adds_a_meeting_and_finds_its_draft_on_the_page_of_the_group(group):
    make_last_meeting(group)
    make_mandate_client(group)
    client = make_role_client("secretary")

    page = client.post(
        PAGE, {"name": "Storage 2", "starts_on": timezone.localdate() + DAY}, follow=True
    ).content.decode()

    assert "The group’s leads are asked by e-mail to check and publish it." in page
    assert "Storage 2" in page
    assert "/en/events/storage-2/" in page
    assert client.get("/en/organize/storage-2/publish/").status_code == 404


def draft_meeting(client):
    """Add the draft of a meeting; return the page that follows."""
    return client.post(
        PAGE, {"name": "Storage 2", "starts_on": timezone.localdate() + 400 * DAY}, follow=True
    )


def test_leads_are_e_mailed_about_the_draft_of_the_secretary(group, run_tasks, mailoutbox):
    make_last_meeting(group)
    lead = make_account(email="lead@club.example", language="en")
    Mandate.objects.create(group=group, person=lead, role="lead", starts_on=START_OF_2020)

    draft_meeting(make_role_client("secretary"))
    run_tasks()

    [mail] = mailoutbox
    assert mail.to == ["lead@club.example"]
    assert "/organize/storage-2/publish/" in mail.body


def test_secretary_reads_that_a_group_has_no_lead(group):
    make_last_meeting(group)

    page = draft_meeting(make_role_client("secretary")).text

    assert "The group has no lead with an e-mail address to publish it." in page


def test_draft_needs_the_attention_of_the_lead_however_early(group):
    make_last_meeting(group)
    draft_meeting(make_role_client("secretary"))

    page = make_mandate_client(group).get("/en/organize/").text

    assert "This event is still a draft" in page


def test_secretary_sees_and_deletes_their_own_draft(group):
    make_last_meeting(group)
    client = make_role_client("secretary")
    group_page = draft_meeting(client).text

    public_page = client.get("/en/events/storage-2/")
    question = client.get("/en/organize/storage-2/delete/").text
    answer = client.post("/en/organize/storage-2/delete/")

    assert "/en/organize/storage-2/delete/" in group_page
    assert public_page.status_code == 200
    assert f'href="{GROUP_PAGE}"' in question
    assert answer["Location"] == GROUP_PAGE
    assert not Event.objects.filter(slug="storage-2").exists()


def test_secretary_deletes_no_draft_of_others(group):
    make_last_meeting(group)
    draft_meeting(make_mandate_client(group))

    answer = make_role_client("secretary").post("/en/organize/storage-2/delete/")

    assert answer.status_code == 404
    assert Event.objects.filter(slug="storage-2").exists()


DRAFT_PAGE = "/en/organize/storage-2/draft/"


def read_draft_form(client):
    """Return the values of the page's form, as a browser sends them."""
    form = html.fromstring(client.get(DRAFT_PAGE).content).xpath("//main//form")[0]
    return {name: value or "" for name, value in form.form_values()}


def test_secretary_corrects_title_date_and_venue_of_their_draft(group):
    make_last_meeting(group)
    client = make_role_client("secretary")
    group_page = draft_meeting(client).text
    fields = {"name": "Storage II", "starts_at": "2041-03-05T09:00", "ends_at": "2041-03-05T12:00"}

    answer = client.post(DRAFT_PAGE, read_draft_form(client) | fields | {"venue_name": "Halle"})

    event = Event.objects.get(slug="storage-2")
    assert DRAFT_PAGE in group_page
    assert answer["Location"] == GROUP_PAGE
    assert event.name == "Storage II"
    assert event.starts_at.astimezone(event.zone).isoformat() == "2041-03-05T09:00:00+01:00"
    assert event.venue.name == "Halle"
    assert AuditEntry.objects.get(verb="event.change").fields == ["ends_at", "name", "starts_at", "venue"]


def test_deadlines_of_registration_move_with_the_date_of_the_draft(group):
    make_last_meeting(group)
    client = make_role_client("secretary")
    draft_meeting(client)
    event = Event.objects.get(slug="storage-2")
    event.registration_closes_at = event.starts_at - DAY
    event.save()
    starts_at = event.starts_at.astimezone(event.zone).replace(tzinfo=None) + 7 * DAY
    times = {"starts_at": starts_at.isoformat(), "ends_at": (starts_at + DAY).isoformat()}

    client.post(DRAFT_PAGE, read_draft_form(client) | times)

    event.refresh_from_db()
    assert event.registration_closes_at.astimezone(event.zone).replace(tzinfo=None) == starts_at - DAY


def test_leads_are_e_mailed_about_the_changed_draft(group, run_tasks, mailoutbox):
    make_last_meeting(group)
    lead = make_account(email="lead@club.example", language="en")
    Mandate.objects.create(group=group, person=lead, role="lead", starts_on=START_OF_2020)
    client = make_role_client("secretary")
    draft_meeting(client)
    run_tasks()

    client.post(DRAFT_PAGE, read_draft_form(client) | {"name": "Storage II", "venue_name": "Halle"})
    run_tasks()

    mail = mailoutbox[-1]
    assert mail.to == ["lead@club.example"]
    assert mail.subject == "Changed draft of a meeting: Storage II"
    assert "Where: Halle" in mail.body


def test_unchanged_draft_is_not_e_mailed(group, run_tasks, mailoutbox):
    make_last_meeting(group)
    make_mandate_client(group)
    client = make_role_client("secretary")
    draft_meeting(client)
    run_tasks()
    count = len(mailoutbox)

    client.post(DRAFT_PAGE, read_draft_form(client))
    run_tasks()

    assert len(mailoutbox) == count
    assert not AuditEntry.objects.filter(verb="event.change").exists()


def test_change_of_a_lead_in_the_meantime_stays(group):
    make_last_meeting(group)
    client = make_role_client("secretary")
    draft_meeting(client)
    form = read_draft_form(client)
    Event.objects.filter(slug="storage-2").update(name="By the lead")

    page = client.post(DRAFT_PAGE, form | {"name_en": "Storage II"})

    assert "Someone else has changed the draft meanwhile." in page.text
    assert Event.objects.get(slug="storage-2").name_en == ""


def test_change_of_a_lead_after_the_page_read_the_draft_stays(group):
    make_last_meeting(group, visibility="draft")
    meeting = Event.objects.get()
    values = {name: getattr(meeting, name) for name in ("name_en", "starts_at", "ends_at", "venue")}
    Event.objects.update(name="By the lead")

    with override("en"), pytest.raises(NotOpenNow, match="Someone else has changed the draft"):
        change_meeting_draft(event=meeting, actor=make_person(), name="By the secretary", **values)

    assert Event.objects.get(slug=meeting.slug).name == "By the lead"


def test_draft_is_not_moved_to_a_day_that_has_passed(group):
    make_last_meeting(group)
    client = make_role_client("secretary")
    draft_meeting(client)

    page = client.post(DRAFT_PAGE, read_draft_form(client) | {"starts_at": "2020-03-05T09:00"})

    assert "This day has passed." in page.text


def test_published_meeting_is_not_edited_by_the_secretary(group):
    make_last_meeting(group)
    client = make_role_client("secretary")
    draft_meeting(client)
    form = read_draft_form(client)
    Event.objects.filter(slug="storage-2").update(visibility="public")

    answer = client.post(DRAFT_PAGE, form | {"name": "Other"})

    assert answer.status_code == 403
    assert Event.objects.get(slug="storage-2").name == "Storage 2"


def test_secretary_edits_no_draft_of_others(group):
    make_last_meeting(group)
    draft_meeting(make_mandate_client(group))

    assert make_role_client("secretary").get(DRAFT_PAGE).status_code == 404


def test_organizer_of_the_club_adds_a_meeting(group):
    make_last_meeting(group)

    answer = make_role_client("organizer").post(
        PAGE, {"name": "Storage 2", "starts_on": timezone.localdate() + DAY}
    )

    assert answer["Location"] == "/en/organize/storage-2/publish/"


@pytest.mark.parametrize("mandate", ["scribe", "other group"])
def test_scribes_and_leads_of_other_groups_add_no_meeting(group, mandate):
    others = WorkingGroup.objects.create(slug="others", name="Others", kind="technical")
    client = (
        make_mandate_client(group, "scribe") if mandate == "scribe" else make_mandate_client(others, "lead")
    )

    assert client.get(PAGE).status_code == 403
    assert client.post(PAGE, {"name": "Start"}).status_code == 403


def test_day_that_has_passed_is_refused(group):
    make_last_meeting(group)

    answer = make_mandate_client(group).post(
        PAGE, {"name": "Storage 2", "starts_on": timezone.localdate() - DAY}
    )

    assert list(answer.context["form"].errors) == ["starts_on"]


@pytest.fixture
def staffed_meeting(group):
    """Return the group's last meeting, at whose desk somebody works."""
    meeting = make_last_meeting(group)
    meeting.roles.create(person=make_account(), role="desk", starts_on=START_OF_2020)
    return meeting


def copy_last_meeting(client):
    client.post(PAGE, {"name": "Storage 2", "starts_on": timezone.localdate() + DAY})
    return Event.objects.get(slug="storage-2")


def test_meeting_copied_by_a_lead_has_none_of_the_roles_that_leads_cannot_give(group, staffed_meeting):
    meeting = copy_last_meeting(make_mandate_client(group))

    assert not meeting.roles.exists()


def test_meeting_copied_by_the_secretary_has_no_team(staffed_meeting):
    meeting = copy_last_meeting(make_role_client("secretary"))

    assert not meeting.roles.exists()


def test_meeting_copied_by_an_organizer_has_the_team(staffed_meeting):
    meeting = copy_last_meeting(make_role_client("organizer"))

    assert meeting.roles.get().person == staffed_meeting.roles.get().person


def test_page_says_to_leads_that_organizers_appoint_the_team(group, staffed_meeting):
    page = make_mandate_client(group).get(PAGE)

    assert "Its registrations and team are not copied. The club’s organizers appoint the team." in page.text


def test_page_says_to_organizers_that_the_team_is_copied(staffed_meeting):
    page = make_role_client("organizer").get(PAGE)

    assert "rooms, team and other settings" in page.text
