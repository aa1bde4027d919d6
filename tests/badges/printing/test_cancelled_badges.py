"""Printed badges of people who cancelled since are listed by name until they are removed from the pile."""

import csv
import io

import pytest
from django.test import Client
from django.utils import timezone, translation
from lxml import html

from badges.attendance.reports.readiness import find_gaps
from badges.models import LastPrintedBadge
from badges.printing.cancelled_badges import query_cancelled_badges
from badges.printing.print_states import PrintState, digest_badges, find_print_states, record_printed_badges
from convention.audit.models import AuditEntry
from registrations.models import Registration
from tests.badges.mailings.factories import add_people
from tests.factories import make_event, make_staff

pytestmark = pytest.mark.django_db
BADGES = "/en/organize/congress/badges/"


@pytest.fixture
def people() -> list[Registration]:
    """Return three attendees whose badges are printed; the first two have cancelled since."""
    people = add_people(make_event(slug="congress"), 3)
    rename(people[0], "Élise", "Zola")
    rename(people[1], "Jean", "d’Aix")
    record_printed_badges(digest_badges(people[0].event))
    cancel(*people[:2])
    return people


@pytest.fixture
def client(people) -> Client:
    client = Client()
    client.force_login(make_staff(people[0].event))
    return client


def rename(registration: Registration, first_name: str, last_name: str) -> None:
    registration.first_name, registration.last_name = first_name, last_name
    registration.update_search_columns()
    registration.save()


def cancel(*registrations: Registration) -> None:
    Registration.objects.filter(pk__in=[row.pk for row in registrations]).update(cancelled_at=timezone.now())


def list_gap_sentences(event) -> list[str]:
    with translation.override("en"):
        return [gap.sentence for gap in find_gaps(event, at=timezone.now()) if "pile" in gap.sentence]


def test_cancelled_badges_are_listed_by_letter(client, people):
    root = html.fromstring(client.get(BADGES).content)

    cells = [row.xpath("./*/text() | ./*/a/text()")[:2] for row in root.xpath("//tbody/tr")]
    assert cells == [["D", "Jean d’Aix"], ["Z", "Élise Zola"]]


def test_cancelled_registration_without_printed_badge_is_not_listed(people):
    LastPrintedBadge.objects.filter(registration=people[0]).delete()

    assert [row.name for row in query_cancelled_badges(people[0].event)] == ["Jean d’Aix"]


def test_readiness_names_cancelled_badges(people):
    (sentence,) = list_gap_sentences(people[0].event)

    assert sentence.startswith("Remove 2 printed badges from the pile")
    assert sentence.endswith("“Jean d’Aix”, “Élise Zola”.")


def test_removed_badges_are_no_longer_listed(client, people):
    references = [people[0].reference, people[1].reference]

    page = client.post(f"{BADGES}removed/", {"registration": references}, follow=True)

    assert "2 badges have been removed from the pile." in page.text
    assert "To remove from the pile" not in page.text
    assert list_gap_sentences(people[0].event) == []
    assert AuditEntry.objects.filter(verb="badges.remove").count() == 1


def test_badge_cancelled_after_the_page_was_shown_stays_listed(client, people):
    client.post(f"{BADGES}removed/", {"registration": [people[0].reference]})

    assert [row.name for row in query_cancelled_badges(people[0].event)] == ["Jean d’Aix"]


def test_badges_of_attendees_stay_printed(client, people):
    client.post(f"{BADGES}removed/", {"registration": [people[2].reference]})

    assert find_print_states(people[0].event) == {people[2].pk: PrintState.PRINTED}
    assert not AuditEntry.objects.filter(verb="badges.remove").exists()


def test_reinstated_registration_needs_a_new_badge_once_its_own_was_removed(client, people):
    client.post(f"{BADGES}removed/", {"registration": [people[0].reference]})

    Registration.objects.filter(pk=people[0].pk).update(cancelled_at=None)

    assert find_print_states(people[0].event)[people[0].pk] == PrintState.NEW


def test_cancelled_badges_are_downloaded(client, people):
    content = client.get("/en/organize/congress/lists/badges-to-remove.csv").content.decode("utf-8-sig")

    rows = list(csv.DictReader(io.StringIO(content)))
    assert [(row["Letter"], row["Last name"]) for row in rows] == [("D", "d’Aix"), ("Z", "Zola")]
