"""Test the desk's search for guests."""

import datetime
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from lxml import html

from badges.attendance.models import Checkpoint, Presence
from badges.codes import build_badge_code, make_short_code
from badges.desk.models import BadgePrint
from badges.desk.search import MAX_GUESTS_SHOWN, find_guests
from convention.events.sequence import advance_sequence
from registrations.models import Order, Registration
from tests.factories import (
    make_administrator,
    make_event,
    make_person,
    make_registration,
    make_staff,
    make_ticket,
)

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture
def event():
    event = make_event(slug="x")
    ticket = make_ticket(event)
    make_registration(ticket, first_name="Zoé", last_name="Lefèvre-Dubois", company="Énergie du Rhône")
    make_registration(
        ticket, first_name="Łukasz", last_name="Œuvrard", company="Banque", email="lo@b.example"
    )
    make_registration(ticket, first_name="李", last_name="小龍", company="", email="")
    return event


def find_first_names(event, query: str) -> list[str]:
    return [guest.registration.first_name for guest in find_guests(event=event, query=query).guests]


@pytest.mark.parametrize("typing", ["{0}{1}", "{0} {1}", " {0}-{1} "])
def test_short_code_finds_the_holder_of_the_badge(event, typing):
    zoe = Registration.objects.get(first_name="Zoé")
    code = make_short_code(build_badge_code(zoe)).lower()

    found = find_guests(event=event, query=typing.format(code[:4], code[4:]))

    assert [guest.registration for guest in found.guests] == [zoe]
    assert found.problem == ""


def test_short_code_of_a_replaced_badge_is_reported(event):
    zoe = Registration.objects.get(first_name="Zoé")
    code = make_short_code(build_badge_code(zoe))
    Registration.objects.filter(pk=zoe.pk).update(badge_version=2)
    advance_sequence(event.pk)
    event.refresh_from_db()

    found = find_guests(event=event, query=code)

    assert [guest.registration for guest in found.guests] == [zoe]
    assert found.problem


def test_name_of_eight_letters_is_no_short_code(event):
    make_registration(Registration.objects.first().ticket, first_name="Bertrand", last_name="Roy")

    assert find_first_names(event, "bertrand") == ["Bertrand"]
    assert find_first_names(event, "abcdefgh") == []


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("zoe", ["Zoé"]),
        ("LEFEVRE zo", ["Zoé"]),
        ("dubois", ["Zoé"]),
        ("rhone lef", ["Zoé"]),
        ("lukasz oeuv", ["Łukasz"]),
        ("lo@b.example", ["Łukasz"]),
        ("小", ["李"]),
        ("banque energie", []),
        ("", []),
        ("   ", []),
        ("%_'\"\\", []),
    ],
)
def test_search_matches_words_in_any_order_without_accents(event, query, found):
    assert find_first_names(event, query) == found


def test_search_by_order_reference_finds_registration(event):
    registration = event.registrations.get(first_name="Zoé")
    assert find_first_names(event, registration.order.reference.lower()) == ["Zoé"]


def test_beginning_of_reference_does_not_match(event):
    zoe = event.registrations.get(first_name="Zoé")
    Registration.objects.filter(pk=zoe.pk).update(reference="TEAAAAAAAAAAA")
    Order.objects.filter(pk=zoe.order_id).update(reference="TEBBBBBB")
    make_registration(event.tickets.get(), first_name="Zoé", last_name="Test")

    assert find_first_names(event, "TEBBBBBB") == ["Zoé"]
    assert find_first_names(event, "teaaaaaaaaaaa") == ["Zoé"]
    assert find_first_names(event, "teb") == []
    assert find_first_names(event, "zoe tebbbbbb") == []
    assert [guest.registration.last_name for guest in find_guests(event=event, query="zoe te").guests] == [
        "Test"
    ]


def test_names_come_before_companies(event):
    ticket = event.tickets.get()
    make_registration(ticket, first_name="Zoé", last_name="Kaddour", company="Technique")
    make_registration(ticket, first_name="Zoé", last_name="Test")

    guests = find_guests(event=event, query="zoe te").guests

    assert [guest.registration.last_name for guest in guests] == ["Test", "Kaddour"]


def test_search_excludes_other_events(event):
    make_registration(make_ticket(make_event()), first_name="Zoé")
    assert find_first_names(event, "zoe") == ["Zoé"]


def test_desk_shows_unexplained_conflicts(event, client):
    zoe = event.registrations.get(first_name="Zoé")
    entrance = Checkpoint.objects.create(event=event, name="Entrée")
    Presence.objects.create(event=event, checkpoint=entrance, registration=zoe, entries=1, has_conflict=True)
    client.force_login(make_staff(event, "desk"))

    page = client.get("/en/desk/x/", {"q": "zoe"}).text
    other = client.get("/en/desk/x/", {"q": "lukasz", "part": ""}).text

    assert "1 badge scanned twice: explain it" in page
    assert "Badge scanned twice: ask the guest" in page
    assert "Badge scanned twice" not in other


def test_search_shows_whether_attendee_is_inside(event, client):
    door = Checkpoint.objects.create(event=event, name="Entrée")
    came = datetime.datetime(2027, 6, 16, 6, 58, tzinfo=datetime.UTC)
    zoe = event.registrations.get(first_name="Zoé")
    Presence.objects.create(
        event=event, checkpoint=door, registration=zoe, is_inside=True, entries=1, first_entered_at=came,
        last_entered_at=came,
    )  # fmt: skip
    client.force_login(make_staff(event, "desk"))

    page = client.get("/desk/x/", {"q": "zoe"}).content.decode()

    assert "sur place, arrivée le 16\u00a0juin\u00a02027 à\u00a08\u00a0h\u00a058" in page
    assert "pas encore sur place" in client.get("/desk/x/", {"q": "lukasz"}).content.decode()


def test_cancelled_registration_is_found_and_marked(event, client):
    event.registrations.filter(first_name="Zoé").update(cancelled_at=timezone.now())
    client.force_login(make_staff(event, "desk"))

    page = client.get("/desk/x/", {"q": "zoe"}).content.decode()

    assert '<span class="tag struck">annulée</span>' in page
    assert "Imprimer le badge" not in page


def test_search_requires_desk_or_organizer_role(event, client):
    assert client.get("/desk/x/?q=zoe")["Location"] == "/accounts/login/?next=/desk/x/%3Fq%3Dzoe"

    for person in (make_person(), make_staff(event, "reviewer"), make_staff(make_event(), "desk")):
        client.force_login(person)
        answer = client.get("/desk/x/?q=zoe&part")
        assert answer.status_code == 403
        assert "Lefèvre" not in answer.content.decode()
    for role in ("desk", "organizer"):
        client.force_login(make_staff(event, role))
        assert "Lefèvre" in client.get("/desk/x/?q=zoe&part").content.decode()


def test_empty_search_focuses_field_and_lists_no_guests(event, client):
    client.force_login(make_staff(event, "desk"))
    page = client.get("/desk/x/").content.decode()

    assert page.count("autofocus") == 1
    assert "Lefèvre" not in page


@pytest.mark.parametrize("served", ["AAAAAAAAAAAAA", "%00", "é" * 400])
def test_unknown_served_guest_shows_desk_without_verdict(event, client, served):
    client.force_login(make_staff(event, "desk"))

    answer = client.get(f"/desk/x/?served={served}")

    assert answer.status_code == 200
    assert "desk-verdict" not in answer.content.decode()


def test_search_without_results_shows_escaped_query(event, client):
    client.force_login(make_staff(event, "desk"))
    page = client.get("/desk/x/", {"q": "<b>zzz"}).content.decode()

    assert "Aucun résultat pour «\u202f&lt;b&gt;zzz\u202f»." in page


def test_search_has_constant_queries_and_limits_results(event, client):
    client.force_login(make_staff(event, "desk"))

    def count() -> int:
        client.get("/desk/x/?q=zoe")
        with CaptureQueriesContext(connection) as captured:
            client.get("/desk/x/?q=zoe")
        return len(captured)

    few = count()
    ticket = event.tickets.get()
    for _ in range(MAX_GUESTS_SHOWN + 5):
        make_registration(ticket)
    advance_sequence(event.pk)
    assert count() == few
    page = client.get("/desk/x/?q=zoe").content.decode()
    assert f"Les {MAX_GUESTS_SHOWN} premières personnes sur {MAX_GUESTS_SHOWN + 6}" in page


def test_list_of_desks_leads_to_attendance_of_recent_events(event, client):
    now = timezone.now()
    make_event(
        slug="recent", starts_at=now - datetime.timedelta(days=9), ends_at=now - datetime.timedelta(days=8)
    )
    make_event(
        slug="old", starts_at=now - datetime.timedelta(days=200), ends_at=now - datetime.timedelta(days=199)
    )
    client.force_login(make_administrator())

    links = html.fromstring(client.get("/desk/").content).xpath("//main//a/@href")

    assert links == ["/desk/x/", "/organize/recent/attendance/", "/organize/recent/attendance/sheets/"]


def test_desk_redirects_to_only_event(event, client):
    client.force_login(make_staff(event, "desk"))

    assert client.get("/desk/")["Location"] == "/desk/x/"
    assert "Accueil" in client.get("/").content.decode()

    client.force_login(make_person())

    assert client.get("/desk/").status_code == 403


def test_desk_staff_sees_only_links_it_may_open(event, client):
    zoe = event.registrations.get(first_name="Zoé")
    client.force_login(make_staff(event, "desk"))
    answer = client.get(f"/organize/x/attendance/people/{zoe.reference}/")

    links = re.findall(r'<li><a href="([^"]+)"', answer.content.decode())

    assert links == ["/organize/x/attendance/", "/desk/x/"]
    assert [client.get(link).status_code for link in links] == [200, 200]


def test_attendee_aboard_only_coach_is_shown_as_inside(event):
    coach = Checkpoint.objects.create(event=event, name="Car", kind=Checkpoint.Kind.COACH)
    zoe = event.registrations.get(first_name="Zoé")
    Presence.objects.create(
        event=event,
        checkpoint=coach,
        registration=zoe,
        is_inside=True,
        entries=1,
        first_entered_at=timezone.now(),
        last_entered_at=timezone.now(),
    )

    [guest] = find_guests(event=event, query="zoe").guests

    assert guest.is_inside


def test_latest_entries_tell_namesakes_apart_by_their_company(event, client):
    zoe = event.registrations.get(first_name="Zoé")
    entrance = Checkpoint.objects.create(event=event, name="Entrée")
    now = timezone.now()
    Presence.objects.create(
        event=event, checkpoint=entrance, registration=zoe, is_inside=True, entries=1, first_entered_at=now,
        last_entered_at=now,
    )  # fmt: skip
    client.force_login(make_staff(event, "desk"))

    numbers = client.get("/en/desk/x/numbers/").text

    assert "Énergie du Rhône" in numbers


def test_list_offers_another_badge_once_the_valid_one_was_printed(event, client):
    zoe = event.registrations.get(first_name="Zoé")
    client.force_login(make_staff(event, "desk"))
    before = client.get("/en/desk/x/", {"q": "zoe"}).text
    BadgePrint.objects.create(registration=zoe, badge_version=zoe.badge_version)

    after = client.get("/en/desk/x/", {"q": "zoe"}).text

    assert "Print the badge" in before
    assert "Print another badge" in after


def test_list_offers_the_first_print_of_a_badge_that_replaced_a_printed_one(event, client):
    zoe = event.registrations.get(first_name="Zoé")
    BadgePrint.objects.create(registration=zoe, badge_version=zoe.badge_version)
    Registration.objects.filter(pk=zoe.pk).update(badge_version=zoe.badge_version + 1)
    client.force_login(make_staff(event, "desk"))

    page = client.get("/en/desk/x/", {"q": "zoe"}).text

    assert "Print another badge" not in page
