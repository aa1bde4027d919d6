"""Organizers' pages of an event: permissions, settings, rooms, venue, people."""

import datetime
import json

import pytest
from django.utils import timezone

from convention.audit.models import AuditEntry
from convention.events.forms import EventForm
from convention.events.models import Event, EventRole, Venue
from convention.events.sequence import advance_sequence
from convention.web.edit_conflicts import compute_fingerprints
from tests.factories import (
    make_administrator,
    make_company,
    make_event,
    make_person,
    make_staff,
)

pytestmark = [pytest.mark.django_db, pytest.mark.once]

TOO_LONG = "300 caractères au maximum (actuellement 301)."
SETTINGS = [*EventForm.base_fields]
PAGES = ["settings", "venue", "rooms", "people"]


def make_event_form(event: Event, **changes) -> dict:
    values = {
        "name": event.name,
        "kind": event.kind,
        "visibility": event.visibility,
        "starts_at": "2027-06-16T09:00",
        "ends_at": "2027-06-17T18:00",
        "timezone": "Europe/Paris",
        "accent": "#0b5c8a",
        "seen": json.dumps(compute_fingerprints({name: getattr(event, name) for name in SETTINGS})),
    }
    return {**values, **changes}


@pytest.mark.parametrize("name", PAGES)
def test_event_pages_open_for_its_organizers_only(client, name):
    event, other = make_event(slug="x"), make_event(slug="other")

    address = f"/organize/x/{name}/"
    assert client.get(address)["Location"] == f"/accounts/login/?next={address}"

    for person in (
        make_person(),
        make_staff(other),
        make_staff(event, "desk"),
        make_staff(event, "reviewer"),
    ):
        client.force_login(person)
        assert client.get(address).status_code == 403
    for person in (make_staff(event), make_administrator()):
        client.force_login(person)
        assert client.get(address).status_code == 200


def test_settings_say_to_save_before_leaving_for_venue(client):
    event = make_event(slug="x")
    client.force_login(make_staff(event))

    page = client.get("/en/organize/x/settings/").content.decode()

    assert "Save your changes on this page first" in page


def test_draft_event_is_not_revealed(client):
    make_event(slug="x", visibility="draft")
    client.force_login(make_person())

    there, nowhere = client.get("/organize/x/settings/"), client.get("/organize/y/settings/")

    assert there.status_code == 404
    assert nowhere.status_code == 404


def test_ended_role_gives_no_access(client):
    event = make_event(slug="x")
    person = make_staff(event)
    EventRole.objects.update(ends_on=timezone.localdate() - datetime.timedelta(days=1))

    client.force_login(person)

    assert client.get("/organize/x/settings/").status_code == 403


def test_administrator_creates_event_in_its_time_zone(client):
    client.force_login(make_administrator())
    values = make_event_form(Event(name="Lisbonne"), slug="lisboa", timezone="Europe/Lisbon")

    answer = client.post("/organize/new/all/", values)

    assert answer["Location"] == "/organize/lisboa/settings/"
    event = Event.objects.get(slug="lisboa")
    assert event.starts_at == datetime.datetime(2027, 6, 16, 8, tzinfo=datetime.UTC)
    assert event.visibility == "draft"
    assert 'value="2027-06-16T09:00"' in client.get("/organize/lisboa/settings/").content.decode()
    assert AuditEntry.objects.get(verb="event.create").event == "lisboa"

    client.post("/organize/new/all/", {**values, "slug": ""})

    assert (
        client.post("/organize/new/all/", {**values, "slug": ""})["Location"]
        == "/organize/lisbonne-2/settings/"
    )


def test_organizer_of_one_event_cannot_create_events(client):
    client.force_login(make_staff(make_event()))

    assert client.get("/organize/new/").status_code == 403
    assert client.get("/organize/new/all/").status_code == 403


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        (
            {"ends_at": "2027-06-16T09:00"},
            "ends_at",
            "La fin de l’événement doit être postérieure à son début.",
        ),
        ({"timezone": "Europe/Nowhere"}, "timezone", "« Europe/Nowhere » n’est pas un fuseau horaire connu."),
        ({"timezone": "Factory"}, "timezone", "« Factory » n’est pas un fuseau horaire connu."),
        ({"timezone": "posixrules"}, "timezone", "« posixrules » n’est pas un fuseau horaire connu."),
        ({"timezone": "../UTC"}, "timezone", "« ../UTC » n’est pas un fuseau horaire connu."),
        ({"accent": "red"}, "accent", "Saisissez une couleur au format #rrggbb."),
        ({"starts_at": "2027-03-28T02:30"}, "starts_at",
         "Cette heure n’existe pas dans ce fuseau, à cause du changement d’heure. Choisissez-en une autre."),
        ({"registration_opens_at": "2027-05-02T00:00", "registration_closes_at": "2027-05-01T00:00"},
         "registration_closes_at", "La clôture des inscriptions doit être postérieure à leur ouverture."),
        ({"registration_closes_at": "2027-06-17T18:01"}, "registration_closes_at",
         "La clôture des inscriptions ne peut pas être postérieure à la fin de l’événement."),
        ({"name": "x" * 301}, "name", TOO_LONG),
        ({"starts_at": "hier"}, "starts_at", "Indiquez une date et une heure valides."),
    ],
)  # fmt: skip
def test_invalid_settings_are_refused_with_error_at_field(client, changes, field, sentence):
    event = make_event(slug="x", name="Ancien")
    client.force_login(make_staff(event))

    answer = client.post("/organize/x/settings/", make_event_form(event, **{"name": "Nouveau", **changes}))

    assert answer.status_code == 200
    errors = answer.context["form"].errors[field]
    assert [text.replace("\u202f", " ").replace("\u00a0", " ") for text in errors] == [sentence]
    assert f'href="#id_{field}"' in answer.content.decode()
    assert Event.objects.get(slug="x").name == "Ancien"


@pytest.mark.parametrize("slug", ["new", "components", "avec espace", "é"])
def test_reserved_or_invalid_slug_is_refused(client, slug):
    client.force_login(make_administrator())
    answer = client.post("/organize/new/all/", make_event_form(Event(name="N"), slug=slug))

    assert list(answer.context["form"].errors) == ["slug"]


def test_pale_accent_gets_a_warning(client):
    event = make_event(slug="x")
    client.force_login(make_staff(event))

    answer = client.post("/organize/x/settings/", make_event_form(event, accent="#ffee00"), follow=True)

    assert "trop pâle" in answer.content.decode()
    assert "/accent/ffee00.css" in answer.content.decode()


def test_a_venue_is_added_and_changed(client):
    event, other = make_event(slug="x"), make_event()
    client.force_login(make_staff(event))
    values = {"name": "Palais", "city": "Annecy", "country": "fr"}

    client.post("/organize/x/venue/?new", values)

    venue = Event.objects.get(slug="x").venue
    assert venue.name == "Palais"
    assert venue.country == "FR"

    other.venue = venue
    other.save()

    client.force_login(make_administrator())

    assert "Un autre événement a lieu ici" in client.get("/organize/x/venue/").content.decode()

    client.post("/organize/x/venue/", {**values, "name": "Château"})

    assert Event.objects.get(pk=other.pk).venue.name == "Château"


def test_event_without_a_venue_is_offered_those_of_its_host_first(client):
    host = make_company(role="vendor")
    Venue.objects.create(name="Abbaye")
    venue = Venue.objects.create(name="Centre de calcul", city="Rennes")
    make_event(host=host, venue=venue)
    event = make_event(slug="x", host=host)
    client.force_login(make_staff(event))

    form = client.get("/en/organize/x/venue/").context["choice_form"]
    answer = client.post("/en/organize/x/venue/", {"known_venue": venue.pk})

    event.refresh_from_db()
    assert [choice.name for choice in form.fields["known_venue"].queryset] == ["Centre de calcul", "Abbaye"]
    assert form.fields["known_venue"].initial == venue.pk
    assert answer.status_code == 302
    assert event.venue == venue


def test_venue_shared_with_events_of_others_is_copied_instead_of_changed(client):
    venue = Venue.objects.create(name="Palais", city="Annecy")
    event, other = make_event(slug="x"), make_event(venue=venue)
    client.force_login(make_staff(event))
    client.post("/organize/x/settings/", make_event_form(event, venue=venue.pk))

    page = client.get("/organize/x/venue/").content.decode()

    assert "que vous n’organisez pas" in page
    assert 'href="?copy"' in page
    assert "Enregistrer le lieu" not in page

    values = {"name": "Château", "city": "Annecy", "country": "FR"}

    assert client.post("/organize/x/venue/", values).status_code == 403
    venue.refresh_from_db()
    assert venue.name == "Palais"
    assert 'value="Palais"' in client.get("/organize/x/venue/?copy").content.decode()
    assert client.post("/organize/x/venue/?copy", values).status_code == 302
    names = [Event.objects.get(pk=one.pk).venue.name for one in (event, other)]
    assert names == ["Château", "Palais"]
    assert client.post("/organize/x/venue/", {**values, "name": "Tour"}).status_code == 302


def test_organizer_of_one_event_can_choose_only_current_host(client):
    host, other = make_company(), make_company()
    event = make_event(slug="x", host=host)
    for person, hosts in ((make_staff(event), [host]), (make_administrator(), [host, other])):
        client.force_login(person)
        form = client.get("/organize/x/settings/").context["form"]
        assert list(form.fields["host"].queryset) == hosts
    client.force_login(make_staff(event))

    answer = client.post("/organize/x/settings/", make_event_form(event, host=other.pk))

    assert list(answer.context["form"].errors) == ["host"]

    client.post("/organize/x/settings/", make_event_form(event, host=host.pk))

    assert Event.objects.get(slug="x").host == host


def test_email_address_does_not_reveal_name_to_organizer(client):
    event = make_event(slug="x")
    make_person(email="new@example.org", first_name="Ancienne", last_name="Inconnue")
    client.force_login(make_staff(event))

    page = client.post("/organize/x/people/", role_form(), follow=True).content.decode()

    assert "new@example.org" in page
    assert "Inconnue" not in page

    end = f"/organize/x/people/{EventRole.objects.get(role='desk').pk}/end/"
    question = client.get(end).content.decode()
    page = client.post(end, follow=True).content.decode()

    assert "new@example.org" in question
    assert "Inconnue" not in question
    assert "Rôle retiré\u202f: new@example.org" in page
    assert "Inconnue" not in page

    client.force_login(make_administrator())

    assert "Ancienne Inconnue" in client.get("/organize/x/people/").content.decode()


def test_page_asks_before_role_ends(client):
    event = make_event(slug="x")
    role = EventRole.objects.create(
        event=event, person=make_person(email="ana@example.org"), role="desk", starts_on=timezone.localdate()
    )
    client.force_login(make_staff(event))
    end = f"/en/organize/x/people/{role.pk}/end/"

    people = client.get("/en/organize/x/people/").content.decode()
    question = client.get(end).content.decode()

    assert f'href="{end}"' in people
    assert "End the role of ana@example.org" in question
    assert EventRole.objects.filter(pk=role.pk).exists()

    client.post(end)

    assert not EventRole.objects.filter(pk=role.pk).exists()


def role_form(**changes) -> dict:
    return {
        "email": "New@Example.org",
        "first_name": "Nora",
        "role": "desk",
        "starts_on": "2020-01-01",
        **changes,
    }


def test_role_is_given_to_person_with_email_address(client):
    event = make_event(slug="x")
    client.force_login(make_staff(event))
    client.post("/organize/x/people/", role_form())

    client.post("/organize/x/people/", role_form(ends_on="2099-12-31"))

    (role,) = EventRole.objects.filter(role="desk")
    assert role.person.email == "new@example.org"
    assert role.person.first_name == "Nora"
    assert role.ends_on == datetime.date(2099, 12, 31)
    assert list(AuditEntry.objects.filter(verb="role.give").values_list("event", flat=True)) == ["x", "x"]


def test_closed_account_and_invalid_name_get_no_role(client):
    event = make_event(slug="x")
    make_person(email="ana@example.org", first_name="Ana", last_name="Silva", is_active=False)
    client.force_login(make_staff(event))

    closed = client.post("/en/organize/x/people/", role_form(email="Ana@example.org")).content.decode()
    link = client.post("/en/organize/x/people/", role_form(first_name="http://evil.example"))
    client.post("/en/organize/x/people/", role_form(email="Lea@example.org", first_name=""))

    assert "The account of ana@example.org is closed." in closed
    assert "Silva" not in closed
    assert list(link.context["form"].errors) == ["first_name"]
    assert EventRole.objects.get(role="desk").person.email == "lea@example.org"
    assert AuditEntry.objects.get(verb="person.add").fields == ["email", "first_name", "last_name"]


def test_giving_role_does_not_rename_known_person(client):
    event, known = make_event(slug="x"), make_person(email="new@example.org", first_name="Ancienne")
    client.force_login(make_staff(event))

    client.post("/organize/x/people/", role_form())

    known.refresh_from_db()
    assert known.first_name == "Ancienne"


def test_a_role_cannot_end_before_it_begins(client):
    event = make_event(slug="x")
    client.force_login(make_staff(event))

    answer = client.post("/organize/x/people/", role_form(ends_on="2019-01-01"))

    assert list(answer.context["form"].errors) == ["ends_on"]
    assert EventRole.objects.filter(role="desk").count() == 0


def test_ending_role_removes_access_at_once(client):
    event = make_event(slug="x")
    desk = make_staff(event, "desk")

    client.force_login(make_staff(event))

    role = EventRole.objects.get(person=desk)
    client.post(f"/organize/x/people/{role.pk}/end/")
    client.force_login(desk)

    assert client.get("/desk/x/").status_code == 403


def test_organizer_cannot_end_own_role(client):
    event = make_event(slug="x")
    person = make_staff(event)

    client.force_login(person)

    role = EventRole.objects.get(person=person)
    assert client.post(f"/organize/x/people/{role.pk}/end/").status_code == 403
    role.refresh_from_db()
    assert role.ends_on is None


def test_role_of_another_event_cannot_be_ended(client):
    event, other = make_event(slug="x"), make_event()
    role = EventRole.objects.get(person=make_staff(other, "desk"))

    client.force_login(make_staff(event))

    assert client.post(f"/organize/x/people/{role.pk}/end/").status_code == 404


def test_navigation_marks_current_page(client):
    event = make_event(slug="x")
    client.force_login(make_staff(event))

    page = client.get("/organize/x/rooms/").content.decode()

    assert '<a href="/organize/x/rooms/" aria-current="page">Salles</a>' in page
    assert page.count('aria-current="page"') == 1


@pytest.mark.parametrize("moment", ["0001-01-01T00:00", "9999-12-31T23:59"])
def test_out_of_range_year_is_refused(client, moment):
    event = make_event(slug="x")
    client.force_login(make_staff(event))

    answer = client.post("/organize/x/settings/", make_event_form(event, registration_closes_at=moment))

    assert answer.status_code == 200
    assert "Vérifiez l’année." in answer.content.decode()


def test_event_name_is_reduced_to_one_line(client):
    event = make_event(slug="x")
    client.force_login(make_staff(event))

    client.post("/organize/x/settings/", make_event_form(event, name="Rencontre\r\nBcc: a@example.org\u202e"))

    event.refresh_from_db()
    assert event.name == "Rencontre Bcc: a@example.org"


def test_saving_stale_event_does_not_lower_sequence():
    """Scanners use the sequence to fetch what changed since their last request."""
    event = make_event()
    raised = advance_sequence(event.pk)
    event.name = "Autre nom"
    event.save()

    assert list(Event.objects.values_list("name", "sequence")) == [("Autre nom", raised)]


def test_registration_is_closed_when_event_ends():
    now = timezone.now()
    day = datetime.timedelta(days=1)
    event = make_event(starts_at=now - day, ends_at=now, registration_closes_at=now + day)

    is_open = event.is_registration_open(at=now)

    assert is_open is False


def test_new_rooms_without_position_follow_in_row_order(client):
    event = make_event(slug="conf")
    client.force_login(make_staff(event))
    rows = {
        "rooms-TOTAL_FORMS": "3",
        "rooms-INITIAL_FORMS": "0",
        "rooms-2-name": "Foyer",
        "rooms-2-position": "1",
    }

    client.post("/en/organize/conf/rooms/", {**rows, "rooms-0-name": "Auditorium", "rooms-1-name": "Atelier"})

    assert list(event.rooms.values_list("name", "position")) == [
        ("Foyer", 1),
        ("Auditorium", 2),
        ("Atelier", 3),
    ]
