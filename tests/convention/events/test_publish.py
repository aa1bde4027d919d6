"""Publishing an event from its checklist, and the address to share."""

import datetime

import pytest
from django.test import Client
from django.utils import timezone

from badges.attendance.models import Checkpoint
from convention.audit.models import AuditEntry
from convention.errors import InvalidFields, NotOpenNow
from convention.events.guards import check_event_change
from convention.events.models import DEFAULT_ZONE, Event
from convention.events.publishing.publish import open_registration, publish_event
from registrations.visits.models import Visit
from tests.factories import (
    make_administrator,
    make_event,
    make_registration,
    make_session,
    make_staff,
    make_ticket,
)
from tests.registrations.sponsors.factories import make_package
from tests.site_objects import make_client

pytestmark = pytest.mark.django_db


def test_draft_is_published_from_checklist_and_its_url_is_shown():
    event = make_event(slug="x", visibility="draft")
    organizer = make_client(make_staff(event))

    page = organizer.get("/en/organize/x/publish/").content.decode()

    assert "No ticket is offered, so nobody can register." in page
    assert "No reminder is planned" in page

    ticket = make_ticket(event, price=1000)
    page = organizer.get("/en/organize/x/publish/").content.decode()
    tickets = organizer.get("/en/organize/x/tickets/").content.decode()

    assert "1 ticket is offered." in page
    assert "No refund rules" in page
    assert "once the event is published" in tickets
    assert ">on sale<" not in tickets

    shared = organizer.post("/en/organize/x/publish/", {"visibility": "public"}, follow=True)
    page = shared.content.decode()

    event.refresh_from_db()
    assert event.visibility == "public"
    assert "/en/events/x/</code>" in page
    assert "<svg" in page
    assert AuditEntry.objects.get(verb="event.publish").event == "x"
    assert ">on sale<" in organizer.get("/en/organize/x/tickets/").content.decode()
    assert ticket.name in Client().get("/en/events/x/").content.decode()


def test_past_event_and_visit_cannot_be_published_from_checklist():
    past = timezone.now() - datetime.timedelta(days=2)
    over = make_event(
        slug="over", visibility="draft", starts_at=past, ends_at=past + datetime.timedelta(hours=8)
    )
    visit = make_event(slug="visit", visibility="draft", kind="site_visit")
    Visit.objects.create(event=visit)
    organizer = make_client(make_administrator())

    for event, sentence in (
        (over, "The event is over. Enter new dates."),
        (visit, "published on its own page"),
    ):
        page = organizer.get(f"/en/organize/{event.slug}/publish/").content.decode()
        organizer.post(f"/en/organize/{event.slug}/publish/", {"visibility": "public"})

        assert sentence in page
        assert 'name="visibility"' not in page
    assert set(Event.objects.values_list("visibility", flat=True)) == {"draft"}


def test_site_visit_that_was_not_set_up_cannot_be_published():
    event = make_event(slug="visit", visibility="draft", kind="site_visit")
    organizer = make_client(make_administrator())

    page = organizer.get("/en/organize/visit/publish/").text
    organizer.post("/en/organize/visit/publish/", {"visibility": "members"})

    event.refresh_from_db()
    assert "Set it up on its visit page before you publish it." in page
    assert 'href="/en/organize/visit/visit/"' in page
    assert event.visibility == "draft"


def test_settings_do_not_publish_a_site_visit_that_was_not_set_up():
    stored = make_event(visibility="draft", kind="site_visit")
    changed = Event.objects.get(pk=stored.pk)
    changed.visibility = Event.Visibility.MEMBERS

    with pytest.raises(InvalidFields) as refusal:
        check_event_change(changed, make_administrator())

    assert list(refusal.value.field_errors) == ["visibility"]


def test_a_published_event_is_not_published_again():
    event = make_event()

    with pytest.raises(NotOpenNow):
        publish_event(event=event, visibility="members", actor=make_administrator())

    event.refresh_from_db()
    assert event.visibility == "public"


def test_unused_draft_is_deleted_and_used_or_published_event_is_not():
    draft, used, published = (
        make_event(slug=slug, visibility=visibility)
        for slug, visibility in (("new", "draft"), ("used", "draft"), ("open", "public"))
    )
    make_ticket(draft, price=1000)
    make_session(draft)
    Checkpoint.objects.create(event=draft, name="Entrée")
    make_registration(make_ticket(used))
    organizer = make_client(make_administrator())

    settings = organizer.get("/en/organize/new/settings/").content.decode()
    asked = organizer.get("/en/organize/new/delete/").content.decode()
    answers = {
        event.slug: organizer.post(f"/en/organize/{event.slug}/delete/", follow=True).content.decode()
        for event in (draft, used, published)
    }

    assert 'href="/en/organize/new/delete/"' in settings
    assert "will be deleted with its settings" in asked
    assert "The draft has been deleted: " in answers["new"]
    assert "People are, or have been, registered or on a waiting list." in answers["used"]
    assert "only a draft can be deleted" in answers["open"]
    assert list(Event.objects.order_by("slug").values_list("slug", flat=True)) == ["open", "used"]
    assert AuditEntry.objects.get(verb="event.delete").event == "new"


def test_passed_registration_deadline_is_reported_before_publication():
    day = datetime.timedelta(days=1)
    event = make_event(
        slug="x", visibility="draft", starts_at=timezone.now() + day, ends_at=timezone.now() + 2 * day
    )
    make_ticket(event, price=1000)
    organizer = make_client(make_staff(event))
    page = organizer.get("/en/organize/x/settings/").context
    values = {field.html_name: field.value() or "" for field in page["form"]}
    values["seen"] = page["seen_fingerprints"]
    for name in ("starts_at", "ends_at"):
        values[name] = values[name].strftime("%Y-%m-%dT%H:%M")
    values["registration_closes_at"] = f"{timezone.now() - 3 * day:%Y-%m-%dT%H:%M}"

    saved = organizer.post("/en/organize/x/settings/", values, follow=True).content.decode()
    checklist = organizer.get("/en/organize/x/publish/").content.decode()
    tickets = organizer.get("/en/organize/x/tickets/").content.decode()

    assert "so nobody can register" in saved
    assert "so nobody can register" in checklist
    assert "1 ticket is offered." not in checklist
    assert ">registration closed<" in tickets


def test_opening_date_of_copy_is_shown_on_all_pages_and_registration_is_opened_from_checklist():
    opens = datetime.datetime(2127, 10, 30, 9, tzinfo=DEFAULT_ZONE)
    starts = opens + datetime.timedelta(days=220)
    event = make_event(
        slug="x",
        visibility="draft",
        starts_at=starts,
        ends_at=starts + datetime.timedelta(days=1),
        registration_opens_at=opens,
    )
    make_ticket(event, price=1000)
    organizer = make_client(make_staff(event))
    sentence = "Registration opens on 30 October 2127, 9:00."

    def read(path: str) -> str:
        return organizer.get(f"/en/{path}").content.decode().replace("\u00a0", " ")

    assert sentence in read("organize/x/publish/")
    assert "Open on publication" in read("organize/x/publish/")
    assert "from 30 October 2127" in read("organize/x/tickets/")
    assert "Once it is published, registration opens on 30 October 2127" in read("events/x/")

    shared = organizer.post("/en/organize/x/publish/", {"visibility": "public"}, follow=True)
    shared = shared.content.decode().replace("\u00a0", " ")

    assert f"The event has been published. {sentence}" in shared
    assert "Open registration now" in shared
    assert ">on sale<" not in read("organize/x/tickets/")
    assert "opens on 30 October 2127" in read("organize/")
    assert sentence in read("organize/x/")

    opened = organizer.post("/en/organize/x/publish/open-registration/", follow=True).content.decode()

    event.refresh_from_db()
    assert event.is_registration_open()
    assert "Registration is open." in opened
    assert "Open registration now" not in opened
    assert ">on sale<" in read("organize/x/tickets/")
    assert AuditEntry.objects.get(verb="event.change").fields == ["registration_opens_at"]


def test_draft_whose_registration_is_opened_opens_on_publication():
    event = make_event(visibility="draft", registration_opens_at=timezone.now() + datetime.timedelta(days=9))

    open_registration(event=event, actor=make_administrator())

    event.refresh_from_db()
    assert event.registration_opens_at is None


def test_sponsor_packages_are_on_sale_before_registration_opens():
    event = make_event(slug="x", registration_opens_at=timezone.now() + datetime.timedelta(days=9))
    make_package(event)

    page = make_client(make_staff(event)).get("/en/organize/x/sponsors/packages/").content.decode()

    assert ">on sale<" in page


def test_event_with_registrations_goes_offline_after_a_confirmation_only():
    event = make_event(slug="x")
    make_registration(make_ticket(event))
    organizer = make_client(make_staff(event))
    page = organizer.get("/en/organize/x/settings/").context
    values = {field.html_name: field.value() or "" for field in page["form"]}
    for name in ("starts_at", "ends_at"):
        values[name] = values[name].strftime("%Y-%m-%dT%H:%M")

    question = organizer.post("/en/organize/x/settings/", values | {"visibility": "draft"}).content.decode()
    event.refresh_from_db()
    visibility_before_confirmation = event.visibility
    confirmed_values = values | {"visibility": "draft", "unpublication_confirmed": "on"}
    organizer.post("/en/organize/x/settings/", confirmed_values)

    event.refresh_from_db()
    assert "1 person is registered." in question
    assert 'name="unpublication_confirmed"' in question
    assert visibility_before_confirmation == "public"
    assert event.visibility == "draft"


def test_event_without_registrations_goes_offline_at_once():
    event = make_event(slug="x")
    organizer = make_client(make_staff(event))
    page = organizer.get("/en/organize/x/settings/").context
    values = {field.html_name: field.value() or "" for field in page["form"]}
    for name in ("starts_at", "ends_at"):
        values[name] = values[name].strftime("%Y-%m-%dT%H:%M")

    organizer.post("/en/organize/x/settings/", values | {"visibility": "draft"})

    event.refresh_from_db()
    assert event.visibility == "draft"
