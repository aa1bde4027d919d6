"""A page of the programme that was opened before somebody else saved keeps what they changed."""

import pytest

from convention.audit.models import AuditEntry
from convention.web.edit_conflicts import compute_fingerprint
from schedule.models import ConflictLevel, Schedule, Speaker, Track, WalkingTime
from schedule.speakers.availability import load_grid
from tests.factories import make_room, make_staff, make_track
from tests.page_forms import load_form
from tests.schedule.speakers.factories import make_page_path, make_speaker
from tests.site_objects import make_client

pytestmark = [pytest.mark.django_db, pytest.mark.once]
# The field of the minutes between the zones north and south.
WALK = f"walk-{compute_fingerprint(('north', 'south'))}"
SENTENCE = "Someone else changed the same fields"


@pytest.fixture
def speaker() -> Speaker:
    return make_speaker()


@pytest.fixture
def event(speaker):
    return speaker.event


@pytest.fixture
def organizer(event):
    return make_client(make_staff(event))


@pytest.fixture
def schedule_path(event) -> str:
    return f"/en/organize/{event.slug}/schedule"


def test_an_older_page_leaves_the_new_name_of_a_track(organizer, event, schedule_path):
    track = make_track(event, "Cloud")
    path = f"{schedule_path}/tracks/{track.pk}/"
    first, second = load_form(organizer, path), load_form(organizer, path)
    organizer.post(path, first | {"name": "Security"})

    organizer.post(path, second | {"color": "#7a1f1f"})

    track.refresh_from_db()
    assert track.name == "Security"
    assert track.color == "#7a1f1f"


def test_an_older_page_gives_a_moved_track_no_colour_of_its_own(organizer, event, schedule_path):
    track = make_track(event, "Cloud", color="")
    path = f"{schedule_path}/tracks/{track.pk}/"
    older = load_form(organizer, path)
    Track.objects.filter(pk=track.pk).update(position=1)

    organizer.post(path, older | {"name": "Security"})

    track.refresh_from_db()
    assert track.name == "Security"
    assert track.color == ""


def test_another_name_of_a_track_is_shown_before_it_is_replaced(organizer, event, schedule_path):
    track = make_track(event, "Cloud")
    path = f"{schedule_path}/tracks/{track.pk}/"
    first, second = load_form(organizer, path), load_form(organizer, path)
    organizer.post(path, first | {"name": "Security"})

    page = organizer.post(path, second | {"name": "Networks"})

    track.refresh_from_db()
    assert track.name == "Security"
    assert SENTENCE in page.text
    assert page.context["form"].other_version == [("Name", "id_name", "Security")]


def test_an_older_page_leaves_the_new_address_of_a_speaker(organizer, speaker, schedule_path):
    path = f"{schedule_path}/speakers/{speaker.pk}/"
    first, second = load_form(organizer, path), load_form(organizer, path)
    organizer.post(path, first | {"email": "new@example.org"})

    organizer.post(path, second | {"company": "Acme"})

    speaker.refresh_from_db()
    assert speaker.email == "new@example.org"
    assert speaker.company == "Acme"
    assert AuditEntry.objects.filter(verb="speaker.revise").first().fields == ["company"]


def test_an_organizers_older_page_leaves_the_biography_by_the_speaker(
    client, organizer, speaker, schedule_path
):
    path = f"{schedule_path}/speakers/{speaker.pk}/"
    older = load_form(organizer, path)
    client.post(make_page_path(speaker), {"action": "profile", "biography": "New", "language": "fr"})

    organizer.post(path, older | {"company": "Acme"})

    speaker.refresh_from_db()
    assert speaker.biography == "New"
    assert speaker.company == "Acme"


def test_a_speaker_sees_the_organizers_biography_before_replacing_it(client, speaker):
    path = make_page_path(speaker)
    older = load_form(client, path, path="//section[@id='profile']//form")
    Speaker.objects.update(biography="By the organizers")

    page = client.post(path, older | {"biography": "By me"})

    speaker.refresh_from_db()
    assert speaker.biography == "By the organizers"
    assert page.context["profile"].other_version == [("Biography", "id_biography", "By the organizers")]
    assert 'class="other-version"' in page.text


@pytest.fixture
def room_path(event, schedule_path) -> str:
    return f"{schedule_path}/rooms/{make_room(event, 'Aula').pk}/"


def test_an_older_page_leaves_the_new_times_and_equipment_of_a_room(organizer, event, room_path):
    first, second = load_form(organizer, room_path), load_form(organizer, room_path)
    times = {"time-0-starts_at": "2027-06-16T12:00", "time-0-ends_at": "2027-06-16T14:00"}
    organizer.post(room_path, first | times | {"features": "Projector"})

    organizer.post(room_path, second | {"zone": "north"})

    room = event.rooms.get()
    assert room.zone == "north"
    assert room.features == "Projector"
    assert room.availabilities.count() == 1


def test_other_times_of_a_room_are_shown_before_they_are_replaced(organizer, event, room_path):
    first, second = load_form(organizer, room_path), load_form(organizer, room_path)
    times = {"time-0-starts_at": "2027-06-16T12:00", "time-0-ends_at": "2027-06-16T14:00"}
    organizer.post(room_path, first | times)

    page = organizer.post(room_path, second | times | {"time-0-ends_at": "2027-06-16T18:00"})

    (version,) = page.context["form"].other_version
    assert version[0] == "When it can be used"
    assert version[2].endswith(", 12:00–14:00 · not available")
    assert event.rooms.get().availabilities.get().ends_at.hour == 12


@pytest.fixture
def times_path(speaker, schedule_path) -> str:
    return f"{schedule_path}/speakers/{speaker.pk}/times/"


TIMES = {"time-0-starts_at": "2099-06-15T12:00", "time-0-ends_at": "2099-06-15T14:00"}


def test_an_older_page_leaves_the_new_times_of_a_speaker(organizer, speaker, times_path):
    first, second = load_form(organizer, times_path), load_form(organizer, times_path)
    organizer.post(times_path, first | TIMES)

    organizer.post(times_path, second)

    assert speaker.availabilities.count() == 1


def test_other_times_of_a_speaker_are_shown_before_they_are_replaced(organizer, speaker, times_path):
    first, second = load_form(organizer, times_path), load_form(organizer, times_path)
    organizer.post(times_path, first | TIMES)

    page = organizer.post(times_path, second | TIMES | {"time-0-ends_at": "2099-06-15T18:00"})

    (version,) = page.context["form"].other_version
    assert version[0] == "Availability"
    assert version[2].endswith(", 12:00–14:00 · not available")
    assert SENTENCE in page.text
    assert speaker.availabilities.get().ends_at.hour == 12


NINE, TEN = "cell-2099-06-15T09:00", "cell-2099-06-15T10:00"


@pytest.fixture
def load_grid_form(client, organizer, speaker, schedule_path):
    """Return a function that loads the grid of the speaker's page, as an organizer or the speaker sees it."""

    def load(reader):
        is_speaker = reader is client
        path = make_page_path(speaker) if is_speaker else f"{schedule_path}/speakers/{speaker.pk}/"
        form = load_form(reader, path, path="//section[@id='availability']//form")
        return path if is_speaker else f"{path}availability/", form

    return load


def get_levels(speaker):
    cells = load_grid(speaker, step_minutes=60).cells
    return {cell.field_name: cell.level for cell in cells if cell.level != "can"}


def test_an_older_grid_leaves_the_hours_that_the_speaker_has_changed(
    client, organizer, speaker, load_grid_form
):
    path, older = load_grid_form(organizer)
    own_path, own = load_grid_form(client)
    client.post(own_path, own | {NINE: "cannot"})

    page = organizer.post(path, older | {TEN: "rather_not"}, follow=True)

    assert get_levels(speaker) == {NINE: "cannot", TEN: "rather_not"}
    assert "Someone else has changed these times" not in page.text


def test_an_hour_that_both_changed_keeps_the_level_of_the_first_and_the_page_tells(
    client, organizer, speaker, load_grid_form
):
    path, form = load_grid_form(organizer)
    own_path, older = load_grid_form(client)
    organizer.post(path, form | {NINE: "cannot"})

    page = client.post(own_path, older | {NINE: "rather_not", TEN: "cannot"}, follow=True)

    assert get_levels(speaker) == {NINE: "cannot", TEN: "cannot"}
    assert ", 9:00–10:00 (not available). If something is wrong" in page.text


def test_a_whole_day_of_an_older_grid_leaves_an_hour_that_was_changed(
    client, organizer, speaker, load_grid_form
):
    path, older = load_grid_form(organizer)
    own_path, own = load_grid_form(client)
    client.post(own_path, own | {NINE: "rather_not"})

    organizer.post(path, older | {"day": "2099-06-15:cannot"})

    assert get_levels(speaker)[NINE] == "rather_not"
    assert get_levels(speaker)[TEN] == "cannot"


@pytest.fixture
def rules_path(event, schedule_path) -> str:
    make_room(event, "Aula", zone="north")
    make_room(event, "Lab", zone="south")
    return f"{schedule_path}/rules/"


def test_an_older_page_leaves_the_new_levels_and_walking_times(organizer, rules_path):
    first, second = load_form(organizer, rules_path), load_form(organizer, rules_path)
    organizer.post(rules_path, first | {"room-level": "warn", WALK: "12"})

    organizer.post(rules_path, second | {"track-level": "ignore"})

    assert {*ConflictLevel.objects.values_list("kind", "level")} == {("room", "warn"), ("track", "ignore")}
    assert WalkingTime.objects.get().minutes == 12


def test_another_level_is_shown_before_it_is_replaced(organizer, rules_path):
    first, second = load_form(organizer, rules_path), load_form(organizer, rules_path)
    organizer.post(rules_path, first | {"room-level": "warn"})

    page = organizer.post(rules_path, second | {"room-level": "ignore"})

    assert ConflictLevel.objects.get().level == "warn"
    assert page.context["forms"].other_version == [
        ("Room double-booked – Level", "id_room-level", "warning only")
    ]
    assert page.text.count(SENTENCE) == 1


def test_a_new_zone_leaves_the_walking_times_of_an_older_page_between_its_zones(organizer, event, rules_path):
    older = load_form(organizer, rules_path)
    make_room(event, "Attic", zone="east")

    organizer.post(rules_path, older | {WALK: "12"})

    assert WalkingTime.objects.values_list("from_zone", "to_zone").get() == ("north", "south")


@pytest.mark.parametrize("is_saved_before", [False, True])
def test_an_older_page_leaves_the_new_settings_of_the_programme(
    organizer, event, schedule_path, is_saved_before
):
    if is_saved_before:
        Schedule.objects.create(event=event)
    path = f"{schedule_path}/version/"
    first, second = load_form(organizer, path), load_form(organizer, path)
    organizer.post(path, first | {"day_starts_at": "05:00"})

    organizer.post(path, second | {"embedding_sites": "https://www.example.org"})

    schedule = Schedule.objects.get()
    assert schedule.day_starts_at.hour == 5
    assert schedule.embedding_sites == "https://www.example.org"


def test_another_start_of_the_days_is_shown_before_it_is_replaced(organizer, schedule_path):
    path = f"{schedule_path}/version/"
    first, second = load_form(organizer, path), load_form(organizer, path)
    organizer.post(path, first | {"day_starts_at": "05:00"})

    page = organizer.post(path, second | {"day_starts_at": "04:00"})

    assert Schedule.objects.get().day_starts_at.hour == 5
    assert SENTENCE in page.text
    assert page.context["form"].other_version == [("The day starts at", "id_day_starts_at", "5:00")]
