"""A person who is given a role for an event is told by e-mail."""

import datetime

import pytest
from django.utils import timezone

from convention.club.models import Person
from convention.events.models import Event, EventRole
from convention.events.roles import save_event_role
from tests.factories import make_administrator, make_event, make_person
from tests.site_objects import make_client

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture
def event() -> Event:
    return make_event(slug="x", name="Rencontre", name_en="Meeting")


def give_role(email: str, role: str = "organizer", *, by: Person, **days) -> None:
    today = timezone.localdate()
    names = {"first_name": "Nina", "last_name": "Nom"}
    values = {"email": email, "role": role, "starts_on": today, **names, **days}
    assert make_client(by).post("/en/organize/x/people/", values).status_code == 302


def test_new_person_is_told_who_gave_the_role_and_how_to_sign_in(event, run_tasks, mailoutbox):
    give_role("nina@example.org", by=make_administrator(first_name="Ada", last_name="Boss"))
    Person.objects.filter(email="nina@example.org").update(language="en")
    run_tasks()

    [mail] = mailoutbox
    text = " ".join(mail.body.split())
    assert mail.to == ["nina@example.org"]
    assert mail.subject == "You have a role at “Meeting”"
    assert "Ada Boss has given you the role of organizer for this event." in text
    assert "You can view and change everything for this event." in text
    assert "To sign in, enter this e-mail address; we will send you a code." in text
    assert "/en/organize/x/" in text


def test_mail_greets_the_person_by_the_name_that_was_entered(event, run_tasks, mailoutbox):
    give_role("nina@example.org", by=make_administrator())
    run_tasks()

    [mail] = mailoutbox
    assert "Bonjour Nina," in mail.body


def test_mail_about_a_later_role_names_its_days(event, run_tasks, mailoutbox):
    first_day = timezone.localdate() + datetime.timedelta(days=10)
    person = make_person(email="nina@example.org", language="en")

    give_role(person.email, "desk", by=make_administrator(), starts_on=first_day, ends_on=first_day)
    run_tasks()

    [mail] = mailoutbox
    assert "Your access begins on" in mail.body
    assert "Your access ends on" in mail.body
    assert "/en/desk/x/" in mail.body


def test_own_role_and_past_role_send_no_mail(event, run_tasks, mailoutbox):
    boss, today = make_administrator(), timezone.localdate()
    past_day = today - datetime.timedelta(days=8)

    give_role(boss.email, by=boss)
    give_role("nina@example.org", by=boss, starts_on=past_day, ends_on=past_day)
    run_tasks()

    assert EventRole.objects.count() == 2
    assert mailoutbox == []


def test_role_of_a_copied_event_sends_no_mail(event, run_tasks, mailoutbox):
    save_event_role(event=event, person=make_person(), role="organizer", days=(timezone.localdate(), None))
    run_tasks()

    assert mailoutbox == []


def test_role_that_ended_before_the_mail_was_sent_sends_no_mail(event, run_tasks, mailoutbox):
    give_role("nina@example.org", by=make_administrator())
    yesterday = timezone.localdate() - datetime.timedelta(days=1)
    EventRole.objects.update(starts_on=yesterday, ends_on=yesterday)

    run_tasks()

    assert mailoutbox == []


def test_same_role_for_the_same_days_sends_one_mail(event, run_tasks, mailoutbox):
    for _time in range(3):
        give_role("nina@example.org", by=make_administrator())
        run_tasks()

    assert len(mailoutbox) == 1


def test_role_with_other_days_sends_another_mail(event, run_tasks, mailoutbox):
    boss, today = make_administrator(), timezone.localdate()
    give_role("nina@example.org", by=boss)
    run_tasks()
    give_role("nina@example.org", by=boss, ends_on=today + datetime.timedelta(days=3))
    run_tasks()

    assert len(mailoutbox) == 2
