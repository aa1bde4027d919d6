"""Test what a desk without network printed, and what followed a transfer that was refused."""

import datetime

import pytest
from django.utils import timezone

from badges.attendance.models import Scan
from badges.desk.models import BadgePrint
from badges.models import LastPrintedBadge
from tests.badges.desk.test_offline import OfflineDesk, make_entry
from tests.factories import make_event, make_registration, make_staff, make_ticket

pytestmark = [pytest.mark.django_db, pytest.mark.once]

LINA = {"first_name": "Lina", "last_name": "Durand", "company": "", "email": "lina@example.org"}


@pytest.fixture
def zoe():
    """Return a member whose place cannot be transferred, because no membership is recorded for it."""
    now = timezone.now()
    event = make_event(
        slug="x", starts_at=now - datetime.timedelta(hours=1), ends_at=now + datetime.timedelta(hours=9)
    )
    return make_registration(make_ticket(event, slug="member", audience="member"), first_name="Zoé")


@pytest.fixture
def desk(client, zoe):
    client.force_login(make_staff(zoe.event, "desk"))
    return OfflineDesk(client, zoe.event, language="en")


def test_badge_printed_after_a_refused_transfer_is_to_be_taken_back(desk, zoe):
    before = {name: getattr(zoe, name) for name in LINA}

    transferred, printed = desk.sync(
        make_entry("substitute", zoe.reference, **LINA, before=before),
        make_entry("print", zoe.reference, reason="", badge_version=2),
    )["results"]

    assert transferred["state"] == "refused"
    assert printed["state"] == "conflict"
    assert printed["sentence"].startswith("Take this badge back: it is not valid")


def make_refused_transfer(zoe):
    before = {name: getattr(zoe, name) for name in LINA}
    return make_entry("substitute", zoe.reference, **LINA, before=before)


def test_check_in_after_a_refused_transfer_is_not_recorded_for_the_former_attendee(desk, zoe):
    transferred, checked_in = desk.sync(
        make_refused_transfer(zoe), make_entry("check_in", zoe.reference, direction="in")
    )["results"]

    assert transferred["state"] == "refused"
    assert checked_in["state"] == "refused"
    assert checked_in["sentence"].startswith("Not recorded: the place was not transferred")
    assert not Scan.objects.exists()


def test_check_in_made_before_the_answer_about_the_transfer_is_not_recorded(desk, zoe):
    desk.sync(make_refused_transfer(zoe))

    [checked_in] = desk.sync(make_entry("check_in", zoe.reference, direction="in"))["results"]

    assert checked_in["state"] == "refused"
    assert not Scan.objects.exists()


def test_check_in_made_after_the_answer_about_the_transfer_is_recorded(desk, zoe):
    desk.sync(make_refused_transfer(zoe))
    now = timezone.now().isoformat()

    [checked_in] = desk.sync(make_entry("check_in", zoe.reference, direction="in") | {"at": now})["results"]

    assert checked_in["state"] == "done"
    assert Scan.objects.get().registration == zoe


def test_check_in_after_a_refused_correction_of_the_same_person_is_recorded(desk, zoe):
    before = {name: getattr(zoe, name) for name in LINA}
    outdated = before | {"company": "Former company"}
    corrected, checked_in = desk.sync(
        make_entry("correct", zoe.reference, **before | {"company": "Acme"}, before=outdated),
        make_entry("check_in", zoe.reference, direction="in"),
    )["results"]

    assert corrected["state"] == "conflict"
    assert checked_in["state"] == "done"


def test_badge_printed_offline_has_the_time_at_which_it_was_printed(desk, zoe):
    entry = make_entry("print", zoe.reference, reason="", badge_version=1)

    desk.sync(entry)

    printed_at = datetime.datetime.fromisoformat(entry["at"])
    assert BadgePrint.objects.get().printed_at == printed_at
    assert LastPrintedBadge.objects.get().printed_at == printed_at
