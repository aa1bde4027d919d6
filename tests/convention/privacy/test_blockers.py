"""Erasures that wait for a place or a waiting list entry: the organizers are asked to cancel it."""

import datetime

import pytest
from django.utils import timezone, translation
from lxml import html

from convention.audit.models import AuditEntry
from convention.club.models import ClubRole
from convention.personal_data import DataSubject
from convention.privacy.blockers.organizer_requests import (
    ASK_VERB,
    NoOrganizer,
    OrganizersAskedMeanwhile,
    ask_organizers,
    list_organizer_requests,
)
from convention.privacy.models import PrivacyCase
from convention.privacy.requests import link_case, record_request, request_erasure
from registrations.models import WaitingEntry
from registrations.privacy import find_upcoming_places
from tests.convention.privacy.person_fixtures import START_OF_2020
from tests.factories import (
    make_administrator,
    make_event,
    make_person,
    make_registration,
    make_staff,
    make_ticket,
)
from tests.site_objects import make_client

pytestmark = [pytest.mark.django_db, pytest.mark.once]


def get_text(answer):
    return " ".join(html.fromstring(answer.content).text_content().split())


def get_body(mail):
    return " ".join(mail.body.split())


@pytest.fixture
def secretary():
    person = make_person(email="secretariat@club.example", first_name="Sylvie", last_name="Roux")
    ClubRole.objects.create(person=person, role="secretary", starts_on=START_OF_2020)
    return person


@pytest.fixture
def place():
    person = make_person(first_name="Zoé", last_name="Qvortrup", email="zoe.q@firm.example")
    event = make_event(contact_email="contact@event.example")
    return make_registration(
        make_ticket(event), person=person, last_name="Qvortrup", email="zoe.q@firm.example"
    )


@pytest.fixture
def case(place):
    return PrivacyCase.objects.create(kind="erasure", person=place.person, email=place.person.email)


@pytest.fixture
def organizer(place):
    return make_staff(place.event, email="orga@event.example", language="en", first_name="Olga")


def get_ask_path(case, event):
    return f"/en/organize/privacy/{case.pk}/ask/{event.slug}/"


@pytest.mark.usefixtures("organizer")
def test_secretary_reads_the_email_and_sends_it_to_the_organizers(
    secretary, case, place, run_tasks, mailoutbox
):
    desk, path = make_client(secretary), get_ask_path(case, place.event)
    case_page = html.fromstring(desk.get(f"/en/organize/privacy/{case.pk}/").content)
    preview = get_text(desk.get(path))

    answer = desk.post(path, {"last_entry": ""}, follow=True)
    run_tasks()

    [mail] = mailoutbox
    assert path in case_page.xpath("//div[@class='notice warning']//a/@href")
    assert "orga@event.example" in preview
    assert f"Cancel or transfer registration {place.reference}" in preview
    assert f"1 organizer of “{place.event.title}” will receive your e-mail." in get_text(answer)
    assert mail.to == ["orga@event.example"]
    assert mail.reply_to == ["secretariat@club.example"]
    assert mail.subject.startswith(f"“{place.event.title}”: please act on an erasure request by")
    assert f"/organize/{place.event.slug}/registrations/{place.reference}/#cancel" in mail.body
    assert "Hello Olga," in mail.body


@pytest.mark.usefixtures("organizer")
def test_email_to_organizers_has_the_deadline_and_does_not_name_the_person(
    case, place, run_tasks, mailoutbox
):
    PrivacyCase.objects.update(requested_at=datetime.datetime(2026, 3, 10, 12, tzinfo=datetime.UTC))

    ask_organizers(case=case, event_slug=place.event.slug, last_entry_id=None)
    run_tasks()

    [mail] = mailoutbox
    full_text = f"{mail.subject} {mail.body} {mail.alternatives[0].content}"
    assert "10 April 2026" in get_body(mail)
    assert "Zoé" not in full_text
    assert "Qvortrup" not in full_text
    assert "zoe.q@firm.example" not in full_text


@pytest.mark.usefixtures("organizer")
def test_each_organizer_reads_their_own_language(case, place, run_tasks, mailoutbox):
    make_staff(place.event, email="orga-fr@event.example", language="fr")

    with translation.override("en"):
        ask_organizers(case=case, event_slug=place.event.slug, last_entry_id=None)
    run_tasks()

    greetings = {mail.to[0]: "Hello" in mail.body for mail in mailoutbox}
    assert greetings == {"orga@event.example": True, "orga-fr@event.example": False}


@pytest.mark.usefixtures("organizer")
def test_request_to_organizers_is_recorded_and_shown(secretary, case, place):
    desk = make_client(secretary)

    desk.post(get_ask_path(case, place.event))

    entry = AuditEntry.objects.get(verb=ASK_VERB)
    page = get_text(desk.get(f"/en/organize/privacy/{case.pk}/"))
    assert entry.actor == secretary
    assert entry.subject == f"privacy.privacycase:{case.pk}"
    assert entry.event == place.event.slug
    assert "Asked on" in page
    assert "by Sylvie Roux" in page
    assert "contact@event.example" in page
    assert "Ask the organizers again" in page


@pytest.mark.usefixtures("organizer")
def test_title_of_the_request_names_the_event(secretary, case, place):
    page = html.fromstring(make_client(secretary).get(get_ask_path(case, place.event)).content)

    assert page.findtext(".//title").endswith(f" · {place.event.title}")


@pytest.mark.usefixtures("organizer")
def test_double_click_sends_one_email(secretary, case, place, run_tasks, mailoutbox):
    desk, path = make_client(secretary), get_ask_path(case, place.event)
    desk.post(path)

    answer = desk.post(path, follow=True)
    run_tasks()

    assert "have just been asked. No second e-mail was sent." in get_text(answer)
    assert len(mailoutbox) == 1
    assert AuditEntry.objects.filter(verb=ASK_VERB).count() == 1


@pytest.mark.usefixtures("organizer")
def test_asking_again_within_a_day_needs_the_warning_of_the_page(
    secretary, case, place, run_tasks, mailoutbox
):
    desk, path = make_client(secretary), get_ask_path(case, place.event)
    desk.post(path)
    page = html.fromstring(desk.get(path).content)
    [last_entry] = page.xpath("//input[@name='last_entry']/@value")

    answer = desk.post(path, {"last_entry": last_entry}, follow=True)
    run_tasks()

    assert "less than 24 hours ago" in page.text_content()
    assert "will receive your e-mail" in get_text(answer)
    assert len(mailoutbox) == 2
    assert mailoutbox[0].extra_headers["Message-ID"] != mailoutbox[1].extra_headers["Message-ID"]


@pytest.mark.usefixtures("organizer")
def test_asking_again_after_a_day_shows_no_warning(secretary, case, place, monkeypatch):
    ask_organizers(case=case, event_slug=place.event.slug, last_entry_id=None)
    tomorrow = timezone.now() + datetime.timedelta(hours=25)
    monkeypatch.setattr(timezone, "now", lambda: tomorrow)

    page = get_text(make_client(secretary).get(get_ask_path(case, place.event)))

    assert "already asked" in page
    assert "less than 24 hours ago" not in page


@pytest.mark.parametrize("last_entry", ["0", "-1", "x", "9" * 30, "1\x00"])
@pytest.mark.usefixtures("organizer")
def test_invalid_last_entry_sends_the_first_email_and_no_second_one(secretary, case, place, last_entry):
    desk, path = make_client(secretary), get_ask_path(case, place.event)

    desk.post(path, {"last_entry": last_entry})
    desk.post(path, {"last_entry": last_entry})

    assert AuditEntry.objects.filter(verb=ASK_VERB).count() == 1


def test_contact_address_is_asked_if_the_person_is_the_only_organizer(case, place, run_tasks, mailoutbox):
    make_staff(place.event).event_roles.update(person=place.person)

    ask_organizers(case=case, event_slug=place.event.slug, last_entry_id=None)
    run_tasks()

    assert [mail.to for mail in mailoutbox] == [["contact@event.example"]]


def test_event_without_any_address_is_refused_with_a_sentence(secretary, case, place):
    place.event.contact_email = ""
    place.event.save()

    with pytest.raises(NoOrganizer):
        ask_organizers(case=case, event_slug=place.event.slug, last_entry_id=None)

    page = make_client(secretary).get(get_ask_path(case, place.event))

    assert "Nobody else who organizes this event has an e-mail address." in get_text(page)


def test_contact_address_of_the_person_to_erase_is_not_asked(case, place):
    place.event.contact_email = place.person.email
    place.event.save()
    make_staff(place.event).event_roles.update(person=place.person)

    with pytest.raises(NoOrganizer):
        ask_organizers(case=case, event_slug=place.event.slug, last_entry_id=None)


def test_organizer_is_not_asked_about_a_request_with_their_address_alone(
    place, organizer, run_tasks, mailoutbox
):
    make_staff(place.event, email="other@event.example")
    make_registration(place.ticket, email=organizer.email)
    case = PrivacyCase.objects.create(kind="erasure", email="Orga@event.example")

    ask_organizers(case=case, event_slug=place.event.slug, last_entry_id=None)
    run_tasks()

    assert [mail.to for mail in mailoutbox] == [["other@event.example"]]


def test_contact_address_is_not_asked_about_a_request_with_that_address_alone(place):
    make_registration(place.ticket, email=place.event.contact_email)
    case = PrivacyCase.objects.create(kind="erasure", email="Contact@event.example")

    with pytest.raises(NoOrganizer):
        ask_organizers(case=case, event_slug=place.event.slug, last_entry_id=None)


@pytest.mark.usefixtures("organizer")
def test_request_about_the_places_of_an_address_does_not_count_after_a_link(secretary, place):
    guest = make_registration(place.ticket, email="guest@firm.example")
    case = record_request(email=guest.email, kind="erasure", language="en", opened_by=secretary)
    ask_organizers(case=case, event_slug=guest.event.slug, last_entry_id=None)

    link_case(case=case, person=make_person(email="other@firm.example"))

    assert list_organizer_requests(case) == []


@pytest.mark.usefixtures("organizer")
def test_newer_request_of_a_colleague_is_respected(case, place):
    ask_organizers(case=case, event_slug=place.event.slug, last_entry_id=None)

    with pytest.raises(OrganizersAskedMeanwhile):
        ask_organizers(case=case, event_slug=place.event.slug, last_entry_id=None)


@pytest.mark.usefixtures("organizer")
def test_no_email_is_sent_once_the_place_is_cancelled(case, place, run_tasks, mailoutbox):
    ask_organizers(case=case, event_slug=place.event.slug, last_entry_id=None)
    place.cancelled_at = timezone.now()
    place.save()

    run_tasks()

    assert mailoutbox == []


@pytest.mark.usefixtures("organizer")
def test_answered_request_and_other_events_cannot_be_asked_about(secretary, case, place):
    desk = make_client(secretary)
    other_event = make_event()

    assert desk.post(get_ask_path(case, other_event)).status_code == 404

    PrivacyCase.objects.update(answered_at=timezone.now(), answer="refused")

    assert desk.post(get_ask_path(case, place.event)).status_code == 409
    assert not AuditEntry.objects.filter(verb=ASK_VERB).exists()


def test_reader_who_may_cancel_gets_the_link_instead_of_the_button(case, place):
    page = html.fromstring(make_client(make_administrator()).get(f"/en/organize/privacy/{case.pk}/").content)

    links = page.xpath("//div[@class='notice warning']//a/@href")
    assert links == [f"/en/organize/{place.event.slug}/registrations/{place.reference}/#cancel"]


@pytest.mark.parametrize(
    ("buyer", "attendee", "label"),
    [
        ("other@firm.example", "zoe.q@firm.example", "Cancel or transfer registration {}"),
        ("Zoe.Q@firm.example", "zoe.q@firm.example", "Cancel or transfer registration {}"),
        (
            "zoe.q@firm.example",
            "",
            (
                "Enter the attendee’s own e-mail address for registration {}, ordered for someone else; or "
                "cancel it after asking the attendee"
            ),
        ),
    ],
)
def test_task_says_whose_place_it_is(place, buyer, attendee, label):
    place.person, place.email, place.order.email = None, attendee, buyer
    place.save()
    place.order.save()

    with translation.override("en"):
        [blocker] = find_upcoming_places(DataSubject(None, frozenset({"zoe.q@firm.example"})))

    assert [str(task.label) for task in blocker.tasks] == [label.format(place.reference)]


@pytest.mark.usefixtures("organizer")
def test_waiting_list_entry_is_named_by_its_time(secretary, place, run_tasks, mailoutbox):
    joined_at = datetime.datetime(2026, 11, 3, 13, 5, tzinfo=datetime.UTC)
    WaitingEntry.objects.create(
        event=place.event, ticket=place.ticket, email="wait@firm.example", joined_at=joined_at
    )
    case = PrivacyCase.objects.create(kind="erasure", email="wait@firm.example")

    make_client(secretary).post(get_ask_path(case, place.event))
    run_tasks()

    [mail] = mailoutbox
    assert "Remove the waiting list entry of 3 November 2026, 14:05" in get_body(mail)
    assert f"/organize/{place.event.slug}/waiting/?list=ticket-{place.ticket_id}" in mail.body


@pytest.mark.usefixtures("organizer")
def test_request_says_that_the_erasure_can_be_carried_out_once_the_place_is_cancelled(secretary, case, place):
    desk = make_client(secretary)
    ask_organizers(case=case, event_slug=place.event.slug, last_entry_id=None)
    before = get_text(desk.get(f"/en/organize/privacy/{case.pk}/"))
    place.cancelled_at = timezone.now()
    place.save()

    page = get_text(desk.get(f"/en/organize/privacy/{case.pk}/"))

    assert "you can carry it out now" not in before
    assert "Nothing blocks the erasure any more: you can carry it out now." in page
    assert "Organizers asked" in page


def test_event_that_is_over_before_the_deadline_can_be_waited_for(secretary, case, place):
    desk, page_path = make_client(secretary), f"/en/organize/privacy/{case.pk}/"
    far_page = get_text(desk.get(page_path))
    place.event.starts_at = timezone.now() + datetime.timedelta(days=2)
    place.event.ends_at = timezone.now() + datetime.timedelta(days=3)
    place.event.save()

    near_page = get_text(desk.get(page_path))

    assert "You can also wait" not in far_page
    assert "You can also wait" in near_page


@pytest.mark.usefixtures("organizer")
def test_list_labels_requests_and_puts_those_that_wait_last(secretary, case, place):
    free = PrivacyCase.objects.create(kind="erasure", email="free@firm.example")
    PrivacyCase.objects.create(kind="access", email="access@firm.example")
    ask_organizers(case=case, event_slug=place.event.slug, last_entry_id=None)

    page = html.fromstring(make_client(secretary).get("/en/organize/privacy/").content)

    rows = [" ".join(row.text_content().split()) for row in page.xpath("//tbody/tr")]
    assert free.email in rows[0]
    assert "can be carried out" in rows[0]
    assert "access@firm.example" in rows[1]
    assert "cancellation needed first" in rows[2]
    assert "organizers asked on" in rows[2]


@pytest.mark.usefixtures("organizer")
def test_waiting_request_that_is_due_soon_comes_first(secretary, case, place):
    PrivacyCase.objects.create(kind="access", email="access@firm.example")
    PrivacyCase.objects.filter(pk=case.pk).update(requested_at=timezone.now() - datetime.timedelta(days=27))
    ask_organizers(case=case, event_slug=place.event.slug, last_entry_id=None)

    page = html.fromstring(make_client(secretary).get("/en/organize/privacy/").content)

    assert "cancellation needed first" in page.xpath("string(//tbody/tr[1])")


@pytest.mark.usefixtures("organizer")
def test_season_page_names_erasures_whose_block_is_gone(secretary, case, place):
    desk = make_client(secretary)
    ask_organizers(case=case, event_slug=place.event.slug, last_entry_id=None)
    before = get_text(desk.get("/en/organize/season/"))
    place.cancelled_at = timezone.now()
    place.save()

    page = get_text(desk.get("/en/organize/season/"))

    assert "no longer blocked" not in before
    assert "1 erasure is no longer blocked: carry it out now." in page


def test_requester_reads_why_the_erasure_has_to_wait(place, mailoutbox, django_capture_on_commit_callbacks):
    sentence = f"There is still a place booked at “{place.event.title}”. Cancel it or transfer it first."

    with translation.override("en"), django_capture_on_commit_callbacks(execute=True):
        request_erasure(person=place.person)
    page = make_client(place.person).get("/en/me/privacy/")

    [mail] = mailoutbox
    assert sentence in get_body(mail)
    assert "Your data cannot be erased yet." in mail.body
    assert sentence in get_text(page)
    assert "Your data cannot be erased yet." in get_text(page)


def test_confirmation_of_an_unblocked_request_names_no_obstacle(
    secretary, mailoutbox, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        record_request(email="free@firm.example", kind="erasure", language="en", opened_by=secretary)

    assert "cannot be erased yet" not in mailoutbox[0].body
