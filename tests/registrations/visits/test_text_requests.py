"""E-mails right after an application: the confirmation, and the terms unless they are accepted at once."""

import datetime

import pytest
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from registrations.visits.applications.notifications import TEXT_REQUEST_DELAY, notify_applicant
from registrations.visits.hosts.replacements import approve_visitor, propose_additional_visitor
from registrations.visits.models import NdaText
from tests.factories import make_member
from tests.registrations.visits.factories import accept_current_text, make_application, make_visit
from tests.registrations.visits.hosts import make_hosted

pytestmark = pytest.mark.django_db


def list_subjects_after_delay(run_tasks, mailoutbox):
    """Return the subjects of all mails once the delay is over."""
    DBTaskResult.objects.filter(run_after__isnull=False).update(run_after=timezone.now() - TEXT_REQUEST_DELAY)
    run_tasks()
    return [mail.subject for mail in mailoutbox]


def test_applicant_gets_one_mail_at_once(run_tasks, mailoutbox):
    make_application(make_visit(), language="en")

    run_tasks()

    [mail] = mailoutbox
    assert "confidentiality" not in mail.subject


def test_terms_are_requested_by_mail_after_a_while(run_tasks, mailoutbox):
    make_application(make_visit(), language="en")
    run_tasks()

    subjects = list_subjects_after_delay(run_tasks, mailoutbox)

    assert len(subjects) == 2
    assert subjects[1].startswith("Please accept the confidentiality terms")


def test_terms_that_were_accepted_at_once_are_not_requested(run_tasks, mailoutbox):
    accept_current_text(make_application(make_visit(), language="en"))
    run_tasks()

    assert len(list_subjects_after_delay(run_tasks, mailoutbox)) == 1


def test_terms_are_requested_at_once_shortly_before_the_lock(run_tasks, mailoutbox):
    starts = timezone.now() + datetime.timedelta(days=2)
    make_application(make_visit(lock_working_days=0, starts_at=starts), language="en")

    run_tasks()

    assert [mail.subject for mail in mailoutbox if "confidentiality" in mail.subject] != []


def approve_additional_visitor(mailoutbox, run_tasks):
    """Let the host approve a visitor proposed after the lock; return the application."""
    proposal = propose_additional_visitor(visit=make_hosted(), person=make_member(language="en"))
    run_tasks()
    mailoutbox.clear()
    return approve_visitor(application=proposal)


def test_visitor_approved_after_the_lock_gets_one_mail(run_tasks, mailoutbox):
    application = approve_additional_visitor(mailoutbox, run_tasks)

    run_tasks()

    [mail] = [mail for mail in mailoutbox if mail.to == [application.person.email]]
    text = " ".join(mail.body.split())
    assert mail.subject.startswith("Registration confirmed")
    assert "Accept the confidentiality terms (required to be on the host’s list)" in text
    assert f"/visits/{application.visit.event.slug}/text/" in mail.body


def test_visitor_approved_after_the_lock_is_asked_for_a_new_version_of_the_terms(run_tasks, mailoutbox):
    application = approve_additional_visitor(mailoutbox, run_tasks)
    run_tasks()
    mailoutbox.clear()

    text = NdaText.objects.filter(visit=application.visit).first()
    NdaText.objects.create(visit=application.visit, number=text.number + 1, text="Other terms")
    notify_applicant.func(application.pk)

    [mail] = mailoutbox
    assert mail.subject.startswith("Please accept the confidentiality terms")


def test_mail_about_the_waiting_list_of_a_visit_names_no_ticket(run_tasks, mailoutbox):
    visit = make_visit(places=1)
    make_application(visit)
    waiting = make_application(visit, language="en")
    waiting.waiting_entry.ticket.event.tickets.update(name="Adhérent", name_en="Club member")

    run_tasks()

    [mail] = [mail for mail in mailoutbox if mail.to == [waiting.person.email]]
    assert "on the waiting list" in mail.body
    assert "Club member" not in mail.body
    assert "Club member" not in mail.alternatives[0].content
