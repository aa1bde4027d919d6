"""Recognize breaks and plenaries of imported schedules by flags, kinds and titles."""

import json

import pytest

from schedule.exchange.importing.import_schedule import import_schedule
from schedule.exchange.parsing.session_role import recognize_role
from schedule.models import Session
from tests.schedule.exchange import files
from tests.schedule.exchange.test_app_json import make_sessionize_session, make_view

pytestmark = [pytest.mark.django_db, pytest.mark.once]
PERSON = "<persons><person>Ana</person></persons>"


def list_roles() -> dict[str, str]:
    return dict(Session.objects.values_list("title", "role"))


@pytest.mark.parametrize(
    ("title", "kind", "speaker_count", "role"),
    [
        ("Pause", "", 0, "break"),
        ("PAUSE  CAFÉ", "", 0, "break"),
        ("Pause de l’après-midi", "", 0, "break"),
        ("Déjeuner", "talk", 0, "break"),
        ("Lunch", "", 1, "talk"),
        ("Pause and resume", "", 0, "talk"),
        ("Networking", "Coffee Break", 0, "break"),
        ("Ouverture", "Plénière", 2, "plenary"),
        ("Keynote", "keynote", 1, "talk"),
    ],
)
def test_role_is_recognized_by_kind_and_title(title, kind, speaker_count, role):
    found = recognize_role(
        title=title, kind=kind, speaker_count=speaker_count, service_flag=None, plenum_flag=None
    )

    assert found == role


def test_sessionize_flags_mark_breaks_and_plenaries():
    view = make_view(
        make_sessionize_session(id="1", title="Accueil", speakers=[], isServiceSession=True),
        make_sessionize_session(id="2", title="Ouverture", isPlenumSession=True),
        make_sessionize_session(id="3", title="Exposé", isServiceSession=False, isPlenumSession=False),
    )

    import_schedule(slug="conf", data=json.dumps(view).encode())

    assert list_roles() == {"Accueil": "break", "Ouverture": "plenary", "Exposé": "talk"}


def test_imported_breaks_are_recognized_and_organizer_roles_survive_reimport():
    xml = files.make_one_room_xml(
        files.event("Pause café", guid="11111111-1111-4111-8111-111111111111"),
        files.event("Apéritif", guid="22222222-2222-4222-8222-222222222222", type="break", start="12:00"),
        files.event("Pause", guid="33333333-3333-4333-8333-333333333333", more=PERSON, start="14:00"),
    )
    table = "Title,Start,Kind\nLunch,2026-06-17 12:00,\nBilan,2026-06-17 15:00,plénière\n".encode()
    import_schedule(slug="conf", data=xml)
    first = list_roles()

    Session.objects.filter(title="Apéritif").update(role="talk")
    import_schedule(slug="conf", data=xml.replace(b"12:00", b"12:30"))
    second = list_roles()
    import_schedule(slug="table", data=table)

    assert first == {"Pause café": "break", "Apéritif": "break", "Pause": "talk"}
    assert second == {**first, "Apéritif": "talk"}
    assert list_roles() == {**second, "Lunch": "break", "Bilan": "plenary"}
