"""Test which badges count as printed, and printing only those that are new or have changed."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation
from lxml import html

from badges.desk.badge_prints import is_valid_badge_printed, print_badge
from badges.models import LastPrintedBadge
from badges.printing.print_job import MAX_IMMEDIATE_BADGES
from badges.printing.print_states import (
    PrintState,
    UnknownPrintChoice,
    describe_print_choices,
    digest_badges,
    find_print_states,
    parse_print_choice,
    record_printed_badges,
)
from convention.events.models import Event, Venue
from convention.jobs.models import Job
from registrations.changes.resend import reissue_badge
from registrations.models import Registration, Ticket
from tests.badges.mailings.factories import add_people
from tests.factories import make_event, make_staff
from tests.pdf_readers import pdf_text

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture
def people() -> list[Registration]:
    return add_people(make_event(), 3)


@pytest.fixture
def client(people) -> Client:
    client = Client()
    client.force_login(make_staff(people[0].event))
    return client


def print_all_but_last(people):
    digests = digest_badges(people[0].event)
    del digests[people[-1].pk]
    record_printed_badges(digests)


@pytest.mark.parametrize(
    "change",
    [{"first_name": "Anna"}, {"last_name": "Muller"}, {"company": "Globex"}, {"no_photo": True}],
)
def test_badge_is_changed_if_what_it_shows_differs(people, change):
    print_all_but_last(people)

    Registration.objects.filter(pk=people[0].pk).update(**change)

    assert find_print_states(people[0].event) == {
        people[0].pk: PrintState.CHANGED,
        people[1].pk: PrintState.PRINTED,
        people[2].pk: PrintState.NEW,
    }


@pytest.mark.parametrize(
    "change",
    [
        {"name": "Forum 2027"},
        {"starts_at": timezone.now()},
        {"ends_at": timezone.now() + timedelta(days=90)},
        {"accent": "#123456"},
    ],
)
def test_printed_badges_are_changed_if_event_on_them_differs(people, change):
    event = people[0].event
    print_all_but_last(people)

    Event.objects.filter(pk=event.pk).update(**change)

    states = find_print_states(Event.objects.get(pk=event.pk))
    assert list(states.values()) == [PrintState.CHANGED, PrintState.CHANGED, PrintState.NEW]


def test_printed_badges_are_changed_if_city_on_them_differs(people):
    event = people[0].event
    print_all_but_last(people)

    Event.objects.filter(pk=event.pk).update(venue=Venue.objects.create(name="Palais", city="Lyon"))

    states = find_print_states(Event.objects.get(pk=event.pk))
    assert list(states.values()) == [PrintState.CHANGED, PrintState.CHANGED, PrintState.NEW]


@pytest.mark.parametrize("change", [{"name": "Speaker"}, {"audience": "speaker"}])
def test_printed_badges_are_changed_if_their_ticket_differs(people, change):
    event = people[0].event
    print_all_but_last(people)

    Ticket.objects.filter(event=event).update(**change)

    states = find_print_states(Event.objects.get(pk=event.pk))
    assert list(states.values()) == [PrintState.CHANGED, PrintState.CHANGED, PrintState.NEW]


def test_page_says_that_printed_badges_show_earlier_event(client, people):
    event = people[0].event
    record_printed_badges(digest_badges(event))
    Event.objects.filter(pk=event.pk).update(ends_at=event.ends_at + timedelta(days=7))

    with translation.override("en"):
        page = html.fromstring(client.get(reverse("organize-badges", args=[event.slug])).content)

    (select,) = page.xpath("//select[@name='only']")
    assert "Badges printed earlier show an event name, date, city or colour" in page.text_content()
    assert "up to date" not in page.text_content()
    assert select.xpath("option/@value")[0] == "new,changed"


def test_page_blames_no_event_if_only_a_name_changed(client, people):
    record_printed_badges(digest_badges(people[0].event))
    Registration.objects.filter(pk=people[0].pk).update(first_name="Anna")

    with translation.override("en"):
        page = client.get(reverse("organize-badges", args=[people[0].event.slug]))

    assert "Badges printed earlier" not in page.text


def test_badge_printed_with_earlier_dates_is_in_the_pile_all_the_same(people):
    event = people[0].event
    record_printed_badges(digest_badges(event))
    Event.objects.filter(pk=event.pk).update(ends_at=event.ends_at + timedelta(days=7))

    registration = Registration.objects.get(pk=people[0].pk)

    assert is_valid_badge_printed(registration)


def test_other_changes_of_registration_leave_badge_printed(people):
    print_all_but_last(people)

    Registration.objects.filter(pk=people[0].pk).update(changed_at=timezone.now(), email="new@example.org")

    assert find_print_states(people[0].event)[people[0].pk] == PrintState.PRINTED


def test_replaced_badge_is_changed_until_desk_prints_it(people):
    print_all_but_last(people)
    replaced = reissue_badge(registration=people[0], reason="lost")
    before = find_print_states(replaced.event)[replaced.pk]

    print_badge(registration=replaced, printed_by=None)

    assert before == PrintState.CHANGED
    assert find_print_states(replaced.event)[replaced.pk] == PrintState.PRINTED


def test_cancelled_and_unnamed_places_have_no_print_state(people):
    Registration.objects.filter(pk=people[0].pk).update(cancelled_at=timezone.now())
    Registration.objects.filter(pk=people[1].pk).update(first_name="", last_name="")

    assert set(find_print_states(people[0].event)) == {people[2].pk}


def test_choices_name_what_is_missing_first(people):
    event = people[0].event
    nothing_printed = describe_print_choices(event)
    print_all_but_last(people)
    one_new = describe_print_choices(event)
    Registration.objects.filter(pk=people[0].pk).update(company="Globex")

    both = describe_print_choices(event)

    assert list(nothing_printed) == ["all"]
    assert list(one_new) == ["new,changed", "all", "last"]
    assert list(both) == ["new,changed", "new", "changed", "all", "last"]
    assert both["new,changed"].endswith("(2)")


def test_nothing_is_preselected_once_all_badges_are_printed(client, people):
    record_printed_badges(digest_badges(people[0].event))

    with translation.override("en"):
        page = html.fromstring(client.get(reverse("organize-badges", args=[people[0].event.slug])).content)

    (select,) = page.xpath("//select[@name='only']")
    assert "All 3 badges are printed and up to date." in page.text_content()
    assert select.xpath("option/@value") == ["", "all"]
    assert select.get("required") is not None


def test_new_badge_is_preselected_beside_printed_ones(client, people):
    print_all_but_last(people)

    with translation.override("en"):
        page = html.fromstring(client.get(reverse("organize-badges", args=[people[0].event.slug])).content)

    (select,) = page.xpath("//select[@name='only']")
    assert "up to date" not in page.text_content()
    assert select.xpath("option/@value")[0] == "new,changed"
    assert select.get("required") is None


def test_page_of_large_event_says_which_badges_are_prepared_in_background(client, people):
    others = add_people(people[0].event, MAX_IMMEDIATE_BADGES, start=3)
    print_all_but_last([*others, *people])

    with translation.override("en"):
        page = client.get(reverse("organize-badges", args=[people[0].event.slug]))

    assert f"Up to {MAX_IMMEDIATE_BADGES} badges are downloaded immediately." in page.text
    assert "Print: one per A6 page" in page.text
    assert "Prepare:" not in page.text


def test_last_printing_is_repeated_without_single_badges_of_the_desk(client, people):
    print_all_but_last(people)
    print_badge(registration=people[2], printed_by=None)
    address = reverse("organize-badges-print", args=[people[0].event.slug, "a6"])

    text = pdf_text(b"".join(client.post(address, {"only": "last"}).streaming_content))

    assert "Ana0" in text
    assert "Ana1" in text
    assert "Ana2" not in text


def test_last_printing_of_event_without_any_is_refused(client, people):
    address = reverse("organize-badges-print", args=[people[0].event.slug, "a6"])

    answer = client.post(address, {"only": "last"})

    assert answer.status_code == 409


@pytest.mark.parametrize("text", ["", "none", "new;changed", "NEW"])
def test_unknown_choice_is_refused_by_name(text):
    with pytest.raises(UnknownPrintChoice, match=f"«\u202f{text}\u202f»"):
        parse_print_choice(text)


def test_download_prints_chosen_badges_and_records_them(client, people):
    print_all_but_last(people)
    address = reverse("organize-badges-print", args=[people[0].event.slug, "a6"])

    page = client.get(reverse("organize-badges", args=[people[0].event.slug]))
    text = pdf_text(b"".join(client.post(address, {"only": "new,changed"}).streaming_content))
    again = client.post(address, {"only": "new,changed"})
    unknown = client.post(address, {"only": "some"})

    assert '<option value="new,changed">' in page.text
    assert "Ana2" in text
    assert "Ana0" not in text
    assert again.status_code == 409
    assert "Aucun des badges choisis" in again.text
    assert unknown.status_code == 422
    assert LastPrintedBadge.objects.count() == 3


def test_few_new_badges_of_large_event_are_downloaded_without_job(client, people, run_tasks):
    others = add_people(people[0].event, MAX_IMMEDIATE_BADGES, start=3)
    print_all_but_last([*others, *people])
    address = reverse("organize-badges-print", args=[people[0].event.slug, "a6"])

    few = client.post(address, {"only": "new"})
    Registration.objects.exclude(pk=people[2].pk).update(company="Globex")
    many = client.post(address, {"only": "changed"})
    run_tasks()

    assert "Ana2" in pdf_text(b"".join(few.streaming_content))
    job = Job.objects.get()
    assert many.url.endswith(f"/jobs/{job.pk}/")
    assert job.outcome.startswith(f"{MAX_IMMEDIATE_BADGES + 2} badges")
    assert set(find_print_states(people[0].event).values()) == {PrintState.PRINTED}


def test_badges_to_check_lead_to_their_registrations(client, people):
    Registration.objects.filter(pk=people[0].pk).update(first_name="Ana1", company=people[1].company)

    page = html.fromstring(client.get(reverse("organize-badges", args=[people[0].event.slug])).content)

    assert page.xpath("//ul[@class='attention']//a/@href") == [
        reverse("organize-registration", args=[people[0].event.slug, people[1].reference])
    ]
