"""A checkpoint's page that was opened before somebody else saved keeps what they changed."""

import pytest

from badges.attendance.devices.checkpoints import remove_checkpoint, save_checkpoint
from badges.attendance.models import Checkpoint
from convention.errors import NotFound
from tests.factories import make_event, make_staff, make_ticket
from tests.page_forms import load_form
from tests.site_objects import make_client

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture
def event():
    return make_event(slug="x")


@pytest.fixture
def checkpoint(event) -> Checkpoint:
    return Checkpoint.objects.create(event=event, name="Entrée", capacity=100)


@pytest.fixture
def organizer(event):
    return make_client(make_staff(event))


@pytest.fixture
def path(checkpoint) -> str:
    return f"/en/organize/x/checkpoints/{checkpoint.pk}/"


def test_an_older_page_leaves_the_new_tickets_and_hours_of_a_checkpoint(organizer, event, checkpoint, path):
    ticket = make_ticket(event)
    first, second = load_form(organizer, path), load_form(organizer, path)
    organizer.post(path, first | {"tickets": [ticket.pk], "opens_at": "2027-06-16T08:00"})
    opens_at = Checkpoint.objects.get().opens_at

    organizer.post(path, second | {"capacity": "80"})

    checkpoint.refresh_from_db()
    assert checkpoint.capacity == 80
    assert list(checkpoint.tickets.all()) == [ticket]
    assert checkpoint.opens_at == opens_at


def test_another_capacity_is_shown_before_it_is_replaced(organizer, checkpoint, path):
    first, second = load_form(organizer, path), load_form(organizer, path)
    organizer.post(path, first | {"capacity": "80"})

    page = organizer.post(path, second | {"capacity": "60"})

    checkpoint.refresh_from_db()
    assert checkpoint.capacity == 80
    assert page.context["form"].other_version == [("Capacity", "id_capacity", "80")]
    assert "Someone else changed the same fields" in page.text


def test_saving_again_after_a_conflict_replaces_the_other_capacity(organizer, checkpoint, path):
    first, second = load_form(organizer, path), load_form(organizer, path)
    organizer.post(path, first | {"capacity": "80", "is_strict": "on"})
    conflict = organizer.post(path, second | {"capacity": "60"})
    seen = conflict.context["form"].seen_fingerprints

    organizer.post(path, second | {"capacity": "60", "seen": seen})

    checkpoint.refresh_from_db()
    assert checkpoint.capacity == 60
    assert checkpoint.is_strict


def test_a_checkpoint_removed_since_its_page_was_opened_stays_removed(organizer, checkpoint, path):
    older = load_form(organizer, path)
    remove_checkpoint(checkpoint=checkpoint)

    page = organizer.post(path, older | {"capacity": "80"})

    assert page.status_code == 404
    assert "This checkpoint was not found; it may have been removed." in page.text
    assert not Checkpoint.objects.exists()


def test_a_checkpoint_removed_since_it_was_loaded_is_not_saved_again(checkpoint):
    loaded = Checkpoint.objects.get()
    remove_checkpoint(checkpoint=checkpoint)

    with pytest.raises(NotFound):
        save_checkpoint(checkpoint=loaded, changed_fields=["capacity"])
    assert not Checkpoint.objects.exists()
