"""Places and waits that the secretary cancels at the member's own request."""

import pytest

from registrations.visits.applications.state import ApplicationState
from registrations.visits.models import Application
from tests.factories import make_secretary
from tests.registrations.visits.factories import get_state, make_application, make_visit
from tests.site_objects import make_client

pytestmark = pytest.mark.django_db


def cancel_at_request(application: Application):
    """Press the button on the applicant's page; return the page that follows."""
    page = f"/en/organize/{application.visit.event.slug}/visit/applicants/{application.pk}/decide/"
    return make_client(make_secretary()).post(page, {"action": "withdraw", "reason": ""}, follow=True)


def list_new_mails(mailoutbox, run_tasks, application: Application):
    run_tasks()
    return [mail for mail in mailoutbox if mail.to == [application.person.email]]


def test_place_cancelled_at_request_is_withdrawn_not_revoked(run_tasks, mailoutbox):
    application = make_application(make_visit(), language="en")
    run_tasks()
    mailoutbox.clear()

    page = cancel_at_request(application)

    [mail] = list_new_mails(mailoutbox, run_tasks, application)
    assert "Cancelled at the applicant’s request." in page.text
    assert get_state(application) == ApplicationState.WITHDRAWN
    assert mail.subject == "Cancelled, as you asked: Visit"
    assert "Your place on this visit is cancelled, as you asked." in mail.body
    assert "The club has withdrawn" not in mail.body


def test_wait_is_ended_at_request(run_tasks, mailoutbox):
    visit = make_visit(places=1)
    make_application(visit)
    waiting = make_application(visit, language="en")
    run_tasks()
    mailoutbox.clear()

    cancel_at_request(waiting)

    [mail] = list_new_mails(mailoutbox, run_tasks, waiting)
    assert get_state(waiting) == ApplicationState.WITHDRAWN
    assert "You are no longer on the waiting list for this visit, as you asked." in mail.body


def test_place_with_a_price_keeps_the_mail_about_the_refund(run_tasks, mailoutbox):
    application = make_application(make_visit(price=5000), language="en")
    run_tasks()
    mailoutbox.clear()

    cancel_at_request(application)

    mails = list_new_mails(mailoutbox, run_tasks, application)
    assert "Cancelled, as you asked: Visit" not in [mail.subject for mail in mails]
