"""Test how badges that a desk printed without network are recorded, and what it reads about them."""

import datetime

import pytest
from django.utils import timezone

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


def test_badge_printed_offline_has_the_time_at_which_it_was_printed(desk, zoe):
    entry = make_entry("print", zoe.reference, reason="", badge_version=1)

    desk.sync(entry)

    printed_at = datetime.datetime.fromisoformat(entry["at"])
    assert BadgePrint.objects.get().printed_at == printed_at
    assert LastPrintedBadge.objects.get().printed_at == printed_at
