"""Changed dates of an event: the organizer is led to a mailing that tells them."""

import datetime

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation
from lxml import html

from badges.mailings.composing.date_change import follow_new_dates
from badges.mailings.models import DateChange, Mailing
from badges.mailings.sending.launch import launch_mailing
from convention.audit.models import AuditEntry
from convention.events.models import Event
from convention.text.dates import format_datetime_range
from registrations.models import Registration
from tests.badges.mailings.factories import add_people
from tests.factories import make_event, make_staff

pytestmark = [pytest.mark.django_db, pytest.mark.once]
FIELDS = ("starts_at", "ends_at")


@pytest.fixture
def event() -> Event:
    return make_event(slug="x", name="Rencontre")


@pytest.fixture
def organizer(event) -> Client:
    client = Client()
    client.force_login(make_staff(event))
    return client


def post_settings(client: Client, event: Event, **changes) -> html.HtmlElement:
    """Save the settings with changes, and return the page that follows."""
    page = html.fromstring(client.get("/en/organize/x/settings/").content)
    [form] = [form for form in page.forms if "starts_at" in form.fields]
    values = dict(form.form_values()) | changes
    return html.fromstring(client.post("/en/organize/x/settings/", values, follow=True).content)


def shift_by_a_day(event: Event) -> dict[str, str]:
    day = datetime.timedelta(days=1)
    return {
        name: f"{getattr(event, name).astimezone(event.zone) + day:%Y-%m-%dT%H:%M}"
        for name in ("starts_at", "ends_at")
    }


def format_in_english(event: Event) -> str:
    with translation.override("en"):
        return format_datetime_range(event.starts_at, event.ends_at, event.zone)


def test_changed_dates_lead_to_a_mailing_with_both_dates(organizer, event):
    add_people(event, 2)

    page = post_settings(organizer, event, **shift_by_a_day(event))
    [link] = page.xpath("//*[contains(@class, 'messages')]//a")
    form = html.fromstring(organizer.get(link.get("href")).content)
    text = form.xpath("string(//textarea[@name='text_en'])")

    assert "2 registered people still have the old dates" in page.text_content()
    assert "{when}" in text
    assert format_in_english(event) in text
    assert form.xpath("//input[@name='states' and @value='confirmed' and @checked]")


def test_prepared_mailing_is_saved_with_its_texts(organizer, event):
    add_people(event, 1)
    page = post_settings(organizer, event, **shift_by_a_day(event))
    [link] = page.xpath("//*[contains(@class, 'messages')]//a")
    [form, _dismissal] = html.fromstring(organizer.get(link.get("href")).content).xpath(
        "//main//form[@method='post']"
    )

    organizer.post(link.get("href"), dict(form.form_values()))

    assert Mailing.objects.get().subject_en == "Change of date or time: {event}"


def load_overview(client: Client) -> str:
    """Return the overview of the event as text."""
    return html.fromstring(client.get("/en/organize/x/").content).text_content()


def test_overview_keeps_reminding_of_former_dates(organizer, event):
    add_people(event, 2)
    former = format_in_english(event)
    post_settings(organizer, event, **shift_by_a_day(event))

    first, second = load_overview(organizer), load_overview(organizer)

    assert f"2 registered people still have the old dates: {former}." in first
    assert "still have the old dates" in second


def test_reminder_ends_when_the_former_dates_are_restored(organizer, event):
    add_people(event, 2)
    former = {name: f"{getattr(event, name).astimezone(event.zone):%Y-%m-%dT%H:%M}" for name in FIELDS}
    post_settings(organizer, event, **shift_by_a_day(event))

    page = post_settings(organizer, event, **former)

    assert "old dates" not in page.text_content()
    assert "old dates" not in load_overview(organizer)


def test_second_change_still_names_the_dates_that_attendees_know(organizer, event):
    add_people(event, 2)
    known = format_in_english(event)
    post_settings(organizer, event, **shift_by_a_day(event))
    moved = Event.objects.get()

    page = post_settings(organizer, moved, **shift_by_a_day(moved))

    assert f"still have the old dates: {known}." in page.text_content()


def test_reminder_ends_once_the_mailing_is_launched(organizer, event):
    add_people(event, 2)
    page = post_settings(organizer, event, **shift_by_a_day(event))
    [link] = page.xpath("//*[contains(@class, 'messages')]//a")
    [form, *_others] = html.fromstring(organizer.get(link.get("href")).content).xpath(
        "//main//form[@method='post']"
    )
    organizer.post(link.get("href"), dict(form.form_values()))
    with_draft = load_overview(organizer)

    launch_mailing(mailing=Mailing.objects.get(), seen_hash=Mailing.objects.get().content_hash)

    assert "still have the old dates" in with_draft
    assert "still have the old dates" not in load_overview(organizer)


def test_change_after_the_mailing_names_the_dates_that_it_told(organizer, event):
    add_people(event, 2)
    post_settings(organizer, event, **shift_by_a_day(event))
    mailing = Mailing.objects.create(event=event, send_at=timezone.now())
    DateChange.objects.update(mailing=mailing)
    moved = Event.objects.get()

    page = post_settings(organizer, moved, **shift_by_a_day(moved))

    assert f"still have the old dates: {format_in_english(moved)}." in page.text_content()


def test_people_who_registered_since_know_the_new_dates(organizer, event):
    add_people(event, 2)
    post_settings(organizer, event, **shift_by_a_day(event))
    Registration.objects.update(created_at=timezone.now() + datetime.timedelta(minutes=1))

    assert "old dates" not in load_overview(organizer)


def test_organizer_dismisses_the_reminder(organizer, event):
    add_people(event, 2)
    page = post_settings(organizer, event, **shift_by_a_day(event))
    [link] = page.xpath("//*[contains(@class, 'messages')]//a")
    [form] = html.fromstring(organizer.get(link.get("href")).content).xpath(
        "//main//form[contains(@action, '/dates/dismiss/')]"
    )

    organizer.post(form.action, dict(form.form_values()))

    assert "old dates" not in load_overview(organizer)
    assert AuditEntry.objects.filter(verb="event.dismiss_date_change", event="x").exists()


def test_calendar_number_rises_with_new_dates(organizer, event):
    post_settings(organizer, event, **shift_by_a_day(event))

    assert Event.objects.get().sequence > event.sequence


def test_other_changes_and_events_without_attendees_need_no_mailing(organizer, event):
    without_attendees = post_settings(organizer, event, **shift_by_a_day(event))
    add_people(event, 1)
    renamed = post_settings(organizer, event, name="Congrès")

    assert "old dates" not in without_attendees.text_content()
    assert "old dates" not in renamed.text_content()


def test_site_visits_write_to_their_visitors_themselves():
    visit = make_event(kind=Event.Kind.SITE_VISIT)
    add_people(visit, 1)
    moved = Event.objects.get(pk=visit.pk)
    moved.starts_at -= datetime.timedelta(hours=1)

    assert follow_new_dates(visit, moved) == []


def test_hostile_former_dates_leave_the_form_empty(organizer):
    address = reverse("organize-mailing-new", args=["x"])

    page = organizer.get(address, {"former_start": "0001-01-01T00:00", "former_end": "x"})

    assert page.context["form"].initial.get("text_en") is None
