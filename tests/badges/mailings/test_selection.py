"""Test mailings to registrations that an organizer selected in the list."""

import pytest
from django.test import Client
from django.urls import reverse
from lxml import html

from badges.mailings.composing.segments import select_only
from badges.mailings.models import Mailing
from registrations.changes.selections import InvalidSelection
from registrations.models import Registration
from tests.badges.mailings.factories import TEXTS, add_people
from tests.factories import make_event, make_staff

pytestmark = [pytest.mark.django_db, pytest.mark.once]


def test_mailing_to_selection_includes_cancelled_registrations(run_tasks, mailoutbox):
    event = make_event()
    people = add_people(event, 4)
    cancelled = people[1]
    Registration.objects.filter(pk=cancelled.pk).update(cancelled_at=cancelled.created_at)
    client = Client()
    client.force_login(make_staff(event))

    editing = client.post(
        reverse("organize-selection-mail", args=[event.slug]),
        {"selected": [people[0].reference, cancelled.reference]},
    )
    [writing] = html.fromstring(editing.content).xpath("//main//form[.//input[@name='selected']]")
    values = dict(writing.form_values()) | {"purpose": "information", **TEXTS}
    preview = client.post(reverse("organize-selection-mail", args=[event.slug]), values, follow=True)
    mailing = Mailing.objects.get()
    [form] = html.fromstring(preview.content).xpath("//main//form[contains(@action, '/send/')]")
    client.post(form.action, dict(form.form_values()))
    run_tasks()
    copied = client.post(reverse("organize-mailing-copy", args=[event.slug, mailing.pk]), follow=True)

    assert "2 inscriptions sélectionnées dans la liste, dont 1 annulée" in editing.text
    assert 'name="tickets"' not in editing.text
    assert "2 inscriptions sélectionnées dans la liste, dont 1 annulée" in preview.text
    assert sorted(mail.to[0] for mail in mailoutbox) == ["ana0@example.org", "ana1@example.org"]
    assert "2 inscriptions sélectionnées dans la liste" in copied.text


def test_empty_selection_is_refused():
    with pytest.raises(InvalidSelection):
        select_only(())


def test_page_of_a_registration_opens_a_mailing_to_its_attendee():
    event = make_event(slug="x")
    _other, registration = add_people(event, 2)
    client = Client()
    client.force_login(make_staff(event))
    page = html.fromstring(client.get(f"/en/organize/x/registrations/{registration.reference}/").content)
    [form] = page.xpath("//form[contains(@action, '/mail/selection/')]")

    writing = client.post(form.action, dict(form.form_values()), follow=True)

    [heading] = html.fromstring(writing.content).xpath("//h1")
    assert heading.text_content() == f"E-mail to {registration.name}"
    assert not Mailing.objects.exists()


def test_mailing_to_an_attendee_is_stored_once_it_has_a_text():
    event = make_event(slug="x")
    [registration] = add_people(event, 1)
    client = Client()
    client.force_login(make_staff(event))
    values = {"selected": registration.reference, "purpose": "information"}

    refused = client.post("/en/organize/x/mail/selection/", values | dict.fromkeys(TEXTS, ""))
    has_draft_without_text = Mailing.objects.exists()
    saved = client.post("/en/organize/x/mail/selection/", values | TEXTS, follow=True)

    assert not has_draft_without_text
    assert "Enter a subject and a text, in at least one language." in refused.text
    assert Mailing.objects.get().segment["registrations"] == [registration.pk]
    assert registration.name in saved.text
