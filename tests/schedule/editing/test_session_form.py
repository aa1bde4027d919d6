"""The forms of sessions and tracks: offered choices, and values that they must not change."""

import pytest

from schedule.editing.forms import SessionForm
from schedule.models import Session
from tests.factories import make_event, make_session, make_staff, make_track
from tests.page_forms import load_form
from tests.site_objects import make_client

pytestmark = [pytest.mark.django_db, pytest.mark.once]


def test_sessions_to_follow_are_sorted_by_title_and_show_their_start():
    event = make_event()
    for title in ("Zoom", "Déjeuner", "École", "Déjeuner"):
        make_session(event, title)
    Session.objects.filter(title="Zoom").update(starts_at=None, ends_at=None)

    labels = [label for _value, label in SessionForm(event=event).fields["follows"].choices]

    assert labels[0] == "aucune"
    assert [label.partition(" (")[0] for label in labels[1:]] == ["Déjeuner", "Déjeuner", "École", "Zoom"]
    assert labels[1].startswith("Déjeuner (")
    assert labels[-1] == "Zoom"


@pytest.mark.parametrize("stored", ["gsw", "fr_FR", "Français", "de / en"])
def test_unedited_language_is_saved_as_imported(stored):
    event = make_event()
    session = make_session(event, language=stored)
    form = SessionForm(instance=session, event=event)
    shown = {name: form[name].value() or "" for name in form.fields}

    saved = SessionForm({**shown, "title": "Autre titre"}, instance=session, event=event)

    assert saved.is_valid(), saved.errors
    assert saved.cleaned_data["language"] == stored


def test_renamed_track_without_a_colour_keeps_that_of_its_position():
    event = make_event()
    organizer = make_client(make_staff(event))
    track = make_track(event, "Cloud", color="")
    path = f"/en/organize/{event.slug}/schedule/tracks/{track.pk}/"
    page = load_form(organizer, path)

    organizer.post(path, page | {"name": "Security"})

    assert page["color"] == [track.shown_color]
    track.refresh_from_db()
    assert track.name == "Security"
    assert track.color == ""
