"""Test that sign-in sheets are printed and their signatures entered once, as scans of the desk."""

import datetime

import pytest
from django.urls import reverse
from django.utils import timezone, translation

from badges.attendance.merge import merge_registrations_and_scans
from badges.attendance.models import Checkpoint, Presence, Scan
from badges.attendance.scanning.record_scans import record_scan_items
from badges.attendance.sheets.sheet import list_sheets, load_sheet
from convention.audit.models import AuditEntry
from registrations.models import SessionBooking
from tests.badges.attendance.factories import (
    make_badge_code,
    make_device,
    make_event,
    make_item,
    make_registration,
)
from tests.factories import make_session, make_staff
from tests.pdf_readers import pdf_text

pytestmark = [pytest.mark.django_db, pytest.mark.once]
HOUR = datetime.timedelta(hours=1)


@pytest.fixture
def event():
    # Use today only: near midnight the default hours of a test event fall on two days, with a sheet each,
    # and a scan made now would not be on the first one.
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    return make_event(starts_at=midnight, ends_at=midnight + datetime.timedelta(days=1))


@pytest.fixture
def desk(client, event):
    client.force_login(make_staff(event, "desk"))
    return client


def make_address(event, checkpoint, *, name="organize-sheet", query=""):
    [day, *_later] = [str(key.day) for key in list_sheets(event) if key.checkpoint == checkpoint]
    with translation.override("en"):
        return reverse(name, args=[event.slug, checkpoint.pk, day]) + query


def test_signed_sheet_is_entered_once_as_scans(desk, event):
    entrance = event.checkpoints.get()
    ana, boris, celik = (make_registration(event, last_name=name) for name in ("Ana", "Boris", "Çelik"))
    record_scan_items(device=make_device(event)[0], items=[make_item(make_badge_code(celik))])
    address = make_address(event, entrance)
    page = desk.get(address).content.decode()
    assert f'value="{ana.reference}"' in page
    assert f'value="{celik.reference}"' not in page

    # Post a list as checkboxes do without JavaScript, then a joined string as the script does.
    for signed in ([ana.reference, celik.reference, "UNKNOWN"], f"{ana.reference} {boris.reference}"):
        desk.post(address, {"signed": signed})

    assert Presence.objects.filter(checkpoint=entrance, entries=1, has_conflict=False).count() == 3
    scan = Scan.objects.get(registration=ana)
    assert scan.verdict == "admitted"
    assert scan.is_time_uncertain is True
    assert scan.device.is_desk is True
    assert scan.operator
    assert scan.effective_at <= timezone.now()
    assert Scan.objects.count() == 3
    assert AuditEntry.objects.filter(verb="sheet.record").count() == 2


def test_session_sheet_lists_booked_attendees_and_prints_signature_column(desk, event):
    session = make_session(event, "Sauvegardes", starts_at=timezone.now() - HOUR, is_bookable=True)
    checkpoint = Checkpoint.objects.create(event=event, session=session, name="Salle", kind="session")
    booked = make_registration(event, last_name="Zola", first_name="Émile", company="Aurore")
    other = make_registration(event, last_name="Ana", company="Zénith")
    make_registration(event, last_name="Absente")
    for registration in (booked, other):
        SessionBooking.objects.create(registration=registration, session=session)
    [key] = [key for key in list_sheets(event) if key.checkpoint == checkpoint]

    by_name = [row.name for row in load_sheet(key)]
    by_company = [row.name for row in load_sheet(key, order="company")]
    text = pdf_text(desk.get(make_address(event, checkpoint, name="organize-sheet-pdf")).content)

    assert by_name == ["Ana Zoé", "Zola Émile"]
    assert by_company == ["Zola Émile", "Ana Zoé"]
    assert "Sign-in sheet" in text
    assert "Signature" in text
    assert "Zola, Émile" in text
    assert "Absente" not in text
    desk.post(make_address(event, checkpoint), {"signed": booked.reference})
    assert Scan.objects.get().effective_at == session.starts_at


def test_signature_counts_outside_opening_hours_and_other_days_have_no_sheet(desk, event):
    entrance = event.checkpoints.get()
    entrance.closes_at = event.starts_at - HOUR
    entrance.save()
    registration = make_registration(event)

    desk.post(make_address(event, entrance), {"signed": registration.reference})

    assert Presence.objects.get().entries == 1
    for day in ("1999-01-01", "nonsense"):
        address = reverse("organize-sheet", args=[event.slug, entrance.pk, day])
        assert desk.get(address).status_code == 404


def test_signature_is_undone_and_can_be_entered_again(desk, event):
    entrance = event.checkpoints.get()
    ana, boris = (make_registration(event, last_name=name) for name in ("Ana", "Boris"))
    record_scan_items(device=make_device(event)[0], items=[make_item(make_badge_code(boris))])
    address = make_address(event, entrance)
    desk.post(address, {"signed": ana.reference})
    signature = Scan.objects.get(registration=ana)
    signed_page = desk.get(address).content.decode()

    undone_page = desk.post(address, {"undo": str(signature.uid)}, follow=True).content.decode()
    second_page = desk.post(address, {"undo": str(signature.uid)}, follow=True).content.decode()
    undo = Scan.objects.get(undoes=signature.uid)
    presence_after_undo = Presence.objects.get(registration=ana)
    desk.post(address, {"signed": ana.reference})
    again_page = desk.get(address).content.decode()

    # Boris was scanned at the entrance: the page offers neither to tick nor to undo his entry.
    assert signed_page.count('name="undo"') == 1
    assert signed_page.count('name="signed"') == 0
    assert undo.reason == "undone"
    assert undo.device.is_desk is True
    assert presence_after_undo.entries == 0
    assert presence_after_undo.is_inside is False
    assert f'value="{ana.reference}"' in undone_page
    assert "Zoé Ana’s signature has been undone." in undone_page
    assert "This signature had already been undone." in second_page
    assert Presence.objects.get(registration=ana).entries == 1
    assert again_page.count('name="undo"') == 1
    assert Presence.objects.get(registration=boris).entries == 1
    assert AuditEntry.objects.filter(verb="sheet.undo").count() == 1
    assert load_sheet(list_sheets(event)[0])[0].signature != signature.uid


def test_signatures_are_found_after_session_is_moved_and_registrations_merged(desk, event):
    session = make_session(event, "Sauvegardes", starts_at=event.starts_at + HOUR / 60)
    checkpoint = Checkpoint.objects.create(event=event, session=session, name="Salle", kind="session")
    ana, double = (make_registration(event, last_name="Ana") for _registration in range(2))
    address = make_address(event, checkpoint)
    desk.post(address, {"signed": double.reference})
    signature = Scan.objects.get()

    type(session).objects.filter(pk=session.pk).update(starts_at=event.starts_at + HOUR / 30)
    merge_registrations_and_scans(survivor=ana, other=double)
    moved_page = desk.get(address).content.decode()
    desk.post(address, {"undo": str(signature.uid)})
    desk.post(address, {"signed": ana.reference})
    [again] = [row.signature for row in load_sheet(list_sheets(event)[-1])]

    assert f'value="{signature.uid}"' in moved_page
    assert Presence.objects.get(registration=ana, checkpoint=checkpoint).entries == 1
    assert Scan.objects.filter(reason="undone", undoes=signature.uid).count() == 1
    assert Scan.objects.get(uid=again).registration == ana
