"""Every form with a time refuses the hour that a change of clocks skips."""

import datetime
import zoneinfo

import pytest

from badges.attendance.forms import CheckpointForm
from badges.attendance.models import Checkpoint
from badges.mailings.forms import MailingScheduleForm
from registrations.sponsors.forms import OrganizerSponsorshipForm
from registrations.visits.debrief.forms import DebriefForm
from registrations.visits.lifecycle.forms import VisitForm
from registrations.visits.models import Debrief, Ride
from registrations.visits.planning.forms import VisitDateForm
from registrations.visits.rides.forms import RideForm
from tests.factories import make_event
from tests.registrations.sponsors.factories import make_package, make_sponsorship
from tests.registrations.visits.factories import make_visit

pytestmark = pytest.mark.django_db
SKIPPED, AFTER = "2027-03-28T02:30", "2027-03-28T03:30"
SENTENCE = "Cette heure n’existe pas dans ce fuseau"
PARIS = zoneinfo.ZoneInfo("Europe/Paris")


def _visit(data):
    visit = make_visit()
    return VisitForm(data, instance=visit, ticket=visit.event.tickets.get())


def _sponsor(data):
    return OrganizerSponsorshipForm(data, instance=make_sponsorship(make_package(make_event())))


def _checkpoint(data):
    event = make_event()
    return CheckpointForm(data, instance=Checkpoint(event=event), event=event)


FORMS = {
    "checkpoint opens": ("opens_at", _checkpoint),
    "checkpoint closes": ("closes_at", _checkpoint),
    "mailing": ("at", lambda data: MailingScheduleForm(data, event=make_event())),
    "sponsor": ("shown_from", _sponsor),
    "debrief": ("visible_from", lambda data: DebriefForm(data, instance=Debrief(visit=make_visit()))),
    "visit": ("embargo_until", _visit),
    "date starts": ("starts_at", VisitDateForm),
    "date ends": ("ends_at", VisitDateForm),
    "ride leaves": ("leaves_at", lambda data: RideForm(data, instance=Ride(visit=make_visit()))),
    "ride arrives": ("arrives_at", lambda data: RideForm(data, instance=Ride(visit=make_visit()))),
}


@pytest.mark.parametrize(("name", "form"), FORMS.values(), ids=FORMS)
def test_a_skipped_hour_is_refused_and_the_next_one_is_by_the_events_clocks(name, form):
    refused = form({name: SKIPPED})
    assert [error[: len(SENTENCE)] for error in refused.errors[name]] == [SENTENCE]
    taken = form({name: AFTER})
    taken.full_clean()
    assert taken.cleaned_data[name] == datetime.datetime(2027, 3, 28, 3, 30, tzinfo=PARIS)
