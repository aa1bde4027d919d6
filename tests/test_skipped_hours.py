"""Every form with a time refuses the hour that the change to summer time skips."""

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
from tests.factories import make_event, make_person
from tests.registrations.sponsors.factories import make_package, make_sponsorship
from tests.registrations.visits.factories import make_visit

pytestmark = pytest.mark.django_db
SKIPPED_TIME, NEXT_VALID_TIME = "2027-03-28T02:30", "2027-03-28T03:30"
SENTENCE = "Cette heure n’existe pas dans ce fuseau"
PARIS = zoneinfo.ZoneInfo("Europe/Paris")


def make_visit_form(data):
    visit = make_visit()
    return VisitForm(data, instance=visit, ticket=visit.event.tickets.get())


def make_sponsorship_form(data):
    return OrganizerSponsorshipForm(data, instance=make_sponsorship(make_package(make_event())))


def make_checkpoint_form(data):
    event = make_event()
    return CheckpointForm(data, instance=Checkpoint(event=event), event=event)


def make_date_form(data):
    return VisitDateForm(data, planner=make_person())


FORMS = {
    "checkpoint opens": ("opens_at", make_checkpoint_form),
    "checkpoint closes": ("closes_at", make_checkpoint_form),
    "mailing": ("at", lambda data: MailingScheduleForm(data, event=make_event())),
    "sponsor": ("shown_from", make_sponsorship_form),
    "debrief": ("visible_from", lambda data: DebriefForm(data, instance=Debrief(visit=make_visit()))),
    "visit": ("embargo_until", make_visit_form),
    "date starts": ("starts_at", make_date_form),
    "date ends": ("ends_at", make_date_form),
    "ride leaves": ("leaves_at", lambda data: RideForm(data, instance=Ride(visit=make_visit()))),
    "ride arrives": ("arrives_at", lambda data: RideForm(data, instance=Ride(visit=make_visit()))),
}


@pytest.mark.parametrize(("name", "form"), FORMS.values(), ids=FORMS)
def test_skipped_hour_is_refused_and_the_next_one_is_read_in_event_time_zone(name, form):
    refused = form({name: SKIPPED_TIME})

    assert [error[: len(SENTENCE)] for error in refused.errors[name]] == [SENTENCE]

    taken = form({name: NEXT_VALID_TIME})
    taken.full_clean()

    assert taken.cleaned_data[name] == datetime.datetime(2027, 3, 28, 3, 30, tzinfo=PARIS)
