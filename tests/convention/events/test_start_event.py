"""New events of each kind start with default content; an invalid form creates nothing."""

import pytest

from badges.attendance.models import Checkpoint
from badges.mailings.models import ReminderPlan
from convention.audit.models import AuditEntry
from convention.club.models import ClubRole, WorkingGroup
from convention.events.models import Event, Venue
from tests.factories import make_administrator, make_event, make_person, make_staff
from tests.site_objects import make_client

pytestmark = pytest.mark.django_db

CONVENTION = "/en/organize/new/start/convention/"
VALUES = {"name": "Convention 2030", "starts_at": "2030-06-18T09:00", "ends_at": "2030-06-19T18:00"}


def test_new_convention_has_tickets_entrance_and_reminders():
    client = make_client(make_administrator())

    answer = client.post(CONVENTION, {**VALUES, "venue_name": "Palais", "venue_city": "Annecy"}, follow=True)

    event = Event.objects.get()
    assert answer.redirect_chain[0][0] == "/en/organize/convention-2030/publish/"
    assert event.kind == "convention"
    assert event.visibility == "draft"
    assert event.starts_at.isoformat() == "2030-06-18T07:00:00+00:00"
    assert str(event.venue) == "Palais, Annecy"
    assert list(event.tickets.values_list("name_en", "audience", "is_default", "price")) == [
        ("Member", "member", True, 0),
        ("Guest", "guest", False, 0),
    ]
    # Named in the organizer's language.
    assert Checkpoint.objects.values_list("kind", "name").get(event=event) == ("entrance", "Entrance")
    assert ReminderPlan.objects.get(event=event).is_enabled
    # The checklist warns of free guest tickets, which may be an oversight.
    items = [item.sentence for item in answer.context["missing_items"]]
    assert "Free for non-members: Guest." in items
    assert AuditEntry.objects.get(verb="event.create").event == "convention-2030"


def test_new_meeting_belongs_to_group_and_has_one_free_member_ticket():
    group = WorkingGroup.objects.create(name="Stockage", slug="stockage")
    venue = Venue.objects.create(name="Siège")
    client = make_client(make_administrator())

    client.post("/en/organize/new/start/group_meeting/", {**VALUES, "group": group.pk, "venue": venue.pk})

    event = Event.objects.get()
    assert event.group == group
    assert event.venue == venue
    assert list(event.tickets.values_list("audience", "price")) == [("member", 0)]
    assert not Checkpoint.objects.filter(event=event).exists()
    assert not ReminderPlan.objects.filter(event=event).exists()


def test_meeting_page_explains_that_a_working_group_is_needed():
    organizer = make_person()
    ClubRole.objects.create(person=organizer, role="organizer")

    page = make_client(make_administrator()).get("/en/organize/new/start/group_meeting/").content.decode()
    page_of_organizer = make_client(organizer).get("/en/organize/new/start/group_meeting/").content.decode()

    assert "There is no working group yet" in page
    assert 'href="/en/organize/club/groups/new/"' in page
    assert "<select" not in page
    assert "The club’s secretary or an administrator can add it." in page_of_organizer
    assert "/en/organize/club/groups/new/" not in page_of_organizer


@pytest.mark.once
@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": " "}, "This field is required."),
        ({"name": "\u200b"}, "Enter a name."),
        ({"ends_at": "2030-06-18T09:00"}, "The event must end after it starts."),
        ({"starts_at": "2030-03-31T02:30"}, "This time does not exist in that time zone"),
        ({"venue": "999"}, "Select a valid choice."),
        ({"venue_name": " ", "venue_city": "Annecy"}, "Enter the name of the venue as well."),
    ],
)
def test_invalid_form_shows_error_and_creates_nothing(changes, sentence):
    client = make_client(make_administrator())

    answer = client.post(CONVENTION, {**VALUES, "venue_name": "Palais", **changes})

    assert sentence in answer.content.decode()
    assert not Event.objects.exists()
    assert not Venue.objects.exists()


@pytest.mark.once
@pytest.mark.parametrize("typed", [{"venue_name": "Palais"}, {"venue_city": "Annecy"}])
def test_selected_venue_and_new_venue_together_are_refused(typed):
    venue = Venue.objects.create(name="Siège")
    client = make_client(make_administrator())

    page = client.post(CONVENTION, {**VALUES, "venue": venue.pk, **typed})

    assert list(page.context["form"].errors) == ["venue"]
    assert "Choose “Another venue, or not known yet”" in page.content.decode()
    assert not Event.objects.exists()


def test_new_event_page_offers_kinds_and_copies_but_not_to_event_organizer():
    event = make_event(slug="last", name="La dernière")
    administrator, organizer = make_client(make_administrator()), make_client(make_staff(event))

    page = administrator.get("/en/organize/new/").content.decode()

    for address in (CONVENTION, "/en/organize/season/visits/new/", "/en/organize/new/copy/?source=last"):
        assert f'href="{address}"' in page
    assert organizer.get("/en/organize/new/").status_code == 403
    assert organizer.post(CONVENTION, VALUES).status_code == 403
    assert administrator.get("/en/organize/new/start/site_visit/").status_code == 404
