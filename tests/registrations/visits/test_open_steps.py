"""Visitors with a place read what is still to do: in e-mails, on the order’s page and among their own."""

import datetime

import pytest
from django.test import Client
from django.utils import timezone, translation

from registrations.orders.order_state import OpenStep, list_open_steps
from registrations.visits.applications.notifications import notify_applicant
from registrations.visits.identity.identities import save_identity
from registrations.visits.lifecycle.cancel import cancel_visit
from registrations.visits.models import IdentityField
from tests.registrations.visits.factories import (
    accept_current_text,
    get_applicant,
    make_application,
    make_visit,
)
from tests.site_objects import make_client

pytestmark = pytest.mark.django_db


def make_place(*, days=10):
    """Return an application with a place on a visit in some days, whose host asks for the nationality."""
    starts = timezone.now() + datetime.timedelta(days=days)
    visit = make_visit(starts_at=starts, identity_fields=[IdentityField.NATIONALITY], lock_working_days=1)
    return make_application(visit, language="en")


def list_steps(application):
    """Return the open steps of the application's registration."""
    with translation.override("en"):
        return list_open_steps([application.registration]).get(application.registration.pk, [])


def test_terms_and_identity_are_open_after_an_application():
    application = make_place()

    steps = list_steps(application)

    slug = application.visit.event.slug
    assert steps == [
        OpenStep(
            "Accept the confidentiality terms (required to be on the host’s list)", f"/en/visits/{slug}/text/"
        ),
        OpenStep("Enter the identity details for the host’s security team", f"/en/visits/{slug}/identity/"),
    ]


def test_nothing_is_open_once_terms_and_identity_are_given():
    application = make_place()
    accept_current_text(application)
    save_identity(application=application, answers={"nationality": "FR"})

    assert list_steps(application) == []


def test_identity_that_is_requested_later_names_its_day():
    application = accept_current_text(make_place(days=60))

    [step] = list_steps(application)

    assert step.path == ""
    assert step.label.startswith("From ")


def test_called_off_visit_has_no_open_steps():
    application = make_place()
    cancel_visit(visit=application.visit, reason="Strike")
    application.refresh_from_db()

    assert list_steps(application) == []


def test_confirmation_names_the_open_steps_with_links(run_tasks, mailoutbox):
    application = make_place()

    run_tasks()

    mail = next(mail for mail in mailoutbox if mail.subject.startswith("Registration confirmed"))
    slug = application.visit.event.slug
    text = " ".join(mail.body.split())
    assert "Still to do before the event:" in text
    assert f"/visits/{slug}/text/" in text
    assert f"/visits/{slug}/identity/" in mail.alternatives[0].content


def test_pages_of_the_registration_name_the_open_steps():
    application = make_place()
    order = application.registration.order

    order_page = Client().get(order.manage_path).content.decode()
    own_page = make_client(get_applicant(application)).get("/en/me/").content.decode()

    link = f'href="/en/visits/{application.visit.event.slug}/text/"'
    assert "Still to do before the event:" in order_page
    assert link in order_page
    assert link in own_page


def test_mail_about_the_terms_mentions_the_identity_details_too(run_tasks, mailoutbox):
    application = make_place()
    run_tasks()
    mailoutbox.clear()

    notify_applicant.func(application.pk)

    [mail] = mailoutbox
    assert mail.subject.startswith("Please accept the confidentiality terms")
    assert "After that:" in mail.body
    assert f"/visits/{application.visit.event.slug}/identity/" in mail.body
