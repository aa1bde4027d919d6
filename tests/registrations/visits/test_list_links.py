"""Links to visitor lists, list files, permissions to read them, and the audit of each reading."""

import datetime

import pytest
from django.test import Client
from django.utils import timezone, translation
from lxml import html

from convention.audit.models import AuditEntry
from convention.errors import InvalidFields, LinkExpired
from convention.events.models import EventRole
from convention.text.dates import format_date
from registrations.models import Registration
from registrations.visits.applications.veto import veto_application
from registrations.visits.hosts.permissions import get_list_by_link, sign_in_contact
from registrations.visits.models import Visit, VisitorList
from registrations.visits.visitor_list.acknowledge import acknowledge_list
from registrations.visits.visitor_list.contents import decrypt_content
from registrations.visits.visitor_list.create import create_list
from registrations.visits.visitor_list.files import make_list_file
from registrations.visits.visitor_list.send import revoke_link, send_list, send_list_mail
from tests.factories import START_OF_2020, make_administrator, make_person, make_secretary
from tests.pdf_readers import pdf_text
from tests.registrations.visits.hosts import (
    DAY,
    extract_token,
    make_host,
    make_host_path,
    make_hosted,
    make_identified,
    make_sent_list,
)
from tests.site_objects import make_client
from tests.workbooks import read_values

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("french"), pytest.mark.once]


# --- the link --------------------------------------------------------------------------------------------


@pytest.fixture
def list_with_link(mailoutbox):
    """Return a version of a visitor list and the address of its link."""
    visit = make_hosted()
    make_identified(visit, 1, last_name="Zwickelstein")
    made = make_sent_list(visit)
    return made, f"/host/lists/{extract_token(mailoutbox[0])}/"


@pytest.fixture
def outdated_list(mailoutbox):
    """Return a list of which one of two visitors no longer comes, and the address of its link."""
    visit = make_hosted()
    leaves = make_identified(visit, 1, last_name="Zwickelstein")
    make_identified(visit, 2, last_name="Quellmalz")
    made = make_sent_list(visit)
    address = f"/en/host/lists/{extract_token(mailoutbox[0])}/"
    veto_application(application=leaves)
    return made, address


def read_outdated_notice(page):
    return " ".join(html.fromstring(page).xpath("string(//main//*[@class='notice'])").split())


def test_list_link_strikes_visitor_who_no_longer_comes(outdated_list):
    _made, address = outdated_list

    page = Client().post(address, {"action": "open"}).text

    tree = html.fromstring(page)
    assert tree.xpath("//tbody/tr/th/s/text()") == ["Zwickelstein"]
    assert tree.xpath("//tbody/tr[th/s]/td[last()]/text()") == ["no longer coming"]
    assert read_outdated_notice(page) == (
        "This list is out of date: 1 person is no longer coming. The club will send the next version."
    )


def test_hosts_contact_reads_that_list_is_out_of_date(outdated_list):
    made, _address = outdated_list
    contact = make_host(made.visit)
    client = Client()
    session = client.session
    sign_in_contact(session, contact)
    session.save()

    page = client.post(f"/en{make_host_path(made.visit)}list/", {"action": "open"}).text

    assert read_outdated_notice(page).startswith("This list is out of date: 1 person is no longer coming.")


def test_current_list_has_no_notice_and_no_status(list_with_link):
    _made, address = list_with_link

    page = Client().post(f"/en{address}", {"action": "open"}).text

    assert read_outdated_notice(page) == ""
    assert "Status" not in html.fromstring(page).xpath("//thead//th/text()")


def test_person_named_after_the_version_is_not_on_it(outdated_list):
    made, address = outdated_list
    make_identified(made.visit, 3, last_name="Vollbrecht")

    page = Client().post(address, {"action": "open"}).text

    assert "Vollbrecht" not in page


def test_former_attendee_of_transferred_place_is_struck(list_with_link):
    made, address = list_with_link
    registration = Registration.objects.get(event=made.visit.event)
    registration.person = make_person()
    registration.save(update_fields=["person"])

    page = Client().post(f"/en{address}", {"action": "open"}).text

    assert html.fromstring(page).xpath("//tbody/tr/th/s/text()") == ["Zwickelstein"]


def test_list_files_mark_visitor_who_no_longer_comes(outdated_list):
    made, _address = outdated_list
    content = decrypt_content(made)

    with translation.override("en"):
        workbook = make_list_file(content, made, kind="xlsx")
        paper = make_list_file(content, made, kind="pdf")

    status = {row[0]: row[-1] or "" for row in read_values(workbook)[1:]}
    assert status == {"Zwickelstein": "no longer coming", "Quellmalz": ""}
    assert "no longer coming" in " ".join(pdf_text(paper).split())


def test_list_link_shows_names_and_audits_reading_on_post_only(list_with_link):
    made, address = list_with_link
    page = Client().get(address)

    assert page.status_code == 200
    assert "Zwickel" not in page.content.decode()
    assert not AuditEntry.objects.filter(verb="visitor_list.read").exists()

    opened = Client().post(address, {"action": "open"})

    assert opened["Cache-Control"] == "max-age=0, no-cache, no-store, must-revalidate, private"
    assert "Zwickelstein" in opened.content.decode()
    made.refresh_from_db()
    assert made.opened_at is not None
    [entry] = AuditEntry.objects.filter(verb="visitor_list.read")
    assert entry.reason == "link"
    assert entry.fields[:3] == ["last_name", "first_name", "company"]
    assert "Zwickel" not in str(vars(entry))


def test_list_link_can_be_read_in_the_other_language(list_with_link):
    _made, address = list_with_link

    page = html.fromstring(Client().get(address).text)

    [switch] = page.xpath("//form[.//button[@name='language' and @value='en']]")
    assert Client().get(f"/en{address}").status_code == 200
    assert switch.xpath("input[@name='next']/@value") == [address]


def test_list_is_acknowledged_once_with_name(list_with_link):
    made, address = list_with_link
    Client().post(address, {"action": "acknowledge", "name": "  "})

    made.refresh_from_db()
    assert made.acknowledged_at is None

    Client().post(address, {"action": "acknowledge", "name": "Marc Portier"})
    acknowledge_list(visitor_list=made, name="Un autre")

    made.refresh_from_db()
    assert made.acknowledged_by == "Marc Portier"
    assert AuditEntry.objects.filter(verb="visitor_list.acknowledge").count() == 1


def end_by_time(made):
    made.link_expires_at = timezone.now()
    made.save()


def end_by_revoking(made):
    revoke_link(visitor_list=made)


def end_by_calling_off(made):
    Visit.objects.update(cancelled_at=timezone.now())


def end_by_a_newer_version(made):
    make_identified(made.visit, 2)
    make_sent_list(made.visit)


@pytest.mark.parametrize("end", [end_by_time, end_by_revoking, end_by_calling_off, end_by_a_newer_version])
def test_ended_link_shows_nothing(list_with_link, end):
    made, address = list_with_link
    end(made)
    client = Client()

    answers = [
        client.get(address),
        *(client.post(address, {"action": action}) for action in ("open", "xlsx", "pdf")),
    ]

    assert [answer.status_code for answer in answers] == [410] * 4
    assert [answer for answer in answers if b"Zwickelstein" in answer.content] == []

    page = html.fromstring(answers[0].text)

    assert page.xpath("//header//a/@href") == []  # the club’s menu is not for strangers
    assert page.xpath("//p[@class='actions']//a/@href") == ["/host/"]
    assert not AuditEntry.objects.filter(verb="visitor_list.read").exists()


def test_link_of_a_called_off_visit_says_so(list_with_link):
    made, address = list_with_link
    end_by_calling_off(made)

    page = Client().get(address.replace("/host/", "/en/host/", 1)).content.decode()

    assert "The visit was called off." in page
    assert "ask the club for a new one" not in page


def test_former_security_contact_is_not_told_of_the_call_off(list_with_link):
    _made, address = list_with_link
    Visit.objects.update(cancelled_at=timezone.now(), security_email="new@hote.example")

    page = Client().get(address.replace("/host/", "/en/host/", 1)).content.decode()

    assert "The visit was called off." not in page


def test_link_expires_when_details_are_deleted(list_with_link):
    made, _address = list_with_link

    assert made.link_expires_at == made.visit.event.ends_at + 7 * DAY


def find_last_day(visit, days=0):
    """Return the day on which the visit ends, or so many days later."""
    return (visit.event.ends_at + days * DAY).astimezone(visit.event.zone).date()


def test_link_expires_at_the_end_of_the_chosen_day(list_with_link):
    made, _address = list_with_link
    day = find_last_day(made.visit)

    send_list(visitor_list=made, valid_until=day)

    send_list_mail.func(made.pk)
    made.refresh_from_db()
    expires_at = made.link_expires_at.astimezone(made.visit.event.zone)
    assert expires_at.date() == day
    assert expires_at.time() == datetime.time(23, 59)


def test_link_chosen_for_the_day_of_deletion_ends_with_the_details(list_with_link):
    made, _address = list_with_link

    send_list(visitor_list=made, valid_until=find_last_day(made.visit, 7))

    made.refresh_from_db()
    assert made.link_expires_at == made.visit.event.ends_at + 7 * DAY


def test_link_cannot_outlast_the_details(list_with_link):
    made, _address = list_with_link
    day = find_last_day(made.visit, 8)

    with pytest.raises(InvalidFields) as refused:
        send_list(visitor_list=made, valid_until=day)

    assert list(refused.value.field_errors) == ["valid_until"]


def test_link_cannot_end_in_the_past(list_with_link):
    made, _address = list_with_link

    with pytest.raises(InvalidFields):
        send_list(visitor_list=made, valid_until=(timezone.now() - 2 * DAY).date())


def test_link_that_expired_in_the_queue_is_not_mailed(list_with_link, mailoutbox):
    made, _address = list_with_link
    mailoutbox.clear()
    send_list(visitor_list=made)
    VisitorList.objects.update(link_expires_at=timezone.now())

    send_list_mail.func(made.pk)

    assert mailoutbox == []


def test_secretary_chooses_the_last_day_of_the_link(list_with_link):
    made, _address = list_with_link
    client, day = make_client(make_secretary()), find_last_day(made.visit, 2)
    address = f"/en/organize/{made.visit.event.slug}/visit/lists/1/"

    client.post(f"{address}send/", {"language": "fr", "valid_until": day.isoformat()})

    send_list_mail.func(made.pk)
    page = html.fromstring(client.get(address).text)
    assert page.xpath("//input[@name='valid_until']/@value") == [day.isoformat()]
    made.refresh_from_db()
    assert made.link_expires_at.astimezone(made.visit.event.zone).date() == day


def test_bad_last_day_is_refused_with_a_sentence(list_with_link):
    made, _address = list_with_link
    address = f"/en/organize/{made.visit.event.slug}/visit/lists/1/send/"
    facts = {"language": "fr", "valid_until": find_last_day(made.visit, 30).isoformat()}

    page = make_client(make_secretary()).post(address, facts, follow=True).text

    assert "when the visitors’ details are deleted." in page
    assert VisitorList.objects.get().link_expires_at == made.link_expires_at


def test_list_overview_names_the_end_of_the_link(list_with_link):
    made, _address = list_with_link

    page = make_client(make_secretary()).get(f"/en/organize/{made.visit.event.slug}/visit/lists/").text

    assert "link valid until" in page


def test_list_overview_says_that_a_revoked_link_no_longer_works(list_with_link):
    made, _address = list_with_link
    revoke_link(visitor_list=made)

    page = make_client(make_secretary()).get(f"/en/organize/{made.visit.event.slug}/visit/lists/").text

    assert "the link no longer works" in page


def test_hosts_page_says_how_long_the_list_is_available(list_with_link):
    made, _address = list_with_link
    client = Client()
    session = client.session
    sign_in_contact(session, make_host(made.visit))
    session.save()

    page = html.fromstring(client.get(f"/en{make_host_path(made.visit)}").text)

    with translation.override("en"):
        deleted_on = format_date(find_last_day(made.visit, 7))
    [row] = page.xpath("//dl/div[dt='Available until']/dd")
    assert deleted_on.split(" ")[0] in row.text_content()


def test_unknown_link_is_refused(list_with_link):
    assert Client().get(f"/host/lists/{'A' * 43}/").status_code == 410

    # A version without a link is not reached by the empty hash.
    revoke_link(visitor_list=list_with_link[0])

    with pytest.raises(LinkExpired):
        get_list_by_link("")


# --- files -----------------------------------------------------------------------------------------------


def test_workbook_lists_visitors_as_text(list_with_link):
    _made, address = list_with_link
    answer = Client().post(address, {"action": "xlsx"})

    assert "no-store" in answer["Cache-Control"].split(", ")

    first, second = read_values(answer.content)

    assert first[0] == "Nom"
    assert second[0] == "Zwickelstein"
    assert second[3:] == [
        "02/04/1971",
        "Zwickelbourg-1",
        "Portugal",
        "passeport",
        "QX0000001ZZ",
        "30/11/2039",
    ]


def test_pdf_shows_version_and_hash_on_each_page():
    visit = make_hosted(fields=["birth_date"])
    for number in range(45):
        make_identified(visit, number, last_name=f"Nom-{number:02}")
    made = create_list(visit=visit)

    paper = pdf_text(make_list_file(decrypt_content(made), made, kind="pdf"))

    assert paper.count(made.hash) == paper.count("\f") + 1 == 3
    assert paper.count("Liste des visiteurs, version 1,") == 3
    assert [number for number in range(45) if f"Nom-{number:02}" not in paper] == []


# --- who reads -------------------------------------------------------------------------------------------


def test_secretary_reads_list_and_reading_is_audited(list_with_link):
    made, _address = list_with_link
    secretary = make_secretary()

    client, address = make_client(secretary), f"/organize/{made.visit.event.slug}/visit/lists/1/"

    assert "Zwickelstein" not in client.get(address).content.decode()
    assert "Zwickelstein" in client.post(address, {"action": "open"}).content.decode()
    [entry] = AuditEntry.objects.filter(verb="visitor_list.read")
    assert entry.actor == secretary
    assert entry.reason == "secretary"
    assert entry.event == made.visit.event.slug


@pytest.mark.parametrize("role", ["organizer", "desk", "reviewer"])
def test_event_staff_cannot_see_identities(list_with_link, role):
    made, _address = list_with_link
    slug, person = made.visit.event.slug, make_person()
    EventRole.objects.create(event=made.visit.event, person=person, role=role, starts_on=START_OF_2020)
    client = make_client(person)

    asked = [
        client.get(f"/organize/{slug}/visit/lists/"),
        client.get(f"/organize/{slug}/visit/lists/1/"),
        client.post(f"/organize/{slug}/visit/lists/1/", {"action": "open"}),
        client.post(f"/organize/{slug}/visit/lists/1/", {"action": "xlsx"}),
        client.post(f"/organize/{slug}/visit/lists/1/send/"),
        client.post(f"/organize/{slug}/visit/lists/make/"),
        client.post(f"/organize/{slug}/visit/host/", {"name": "X", "email": "x@evil.example"}),
    ]

    assert [answer.status_code for answer in asked] == [403] * 7
    assert [answer for answer in asked if b"Zwickel" in answer.content] == []
    assert not AuditEntry.objects.filter(verb="visitor_list.read").exists()


def test_command_writes_list_readable_by_file_owner_only(command, tmp_path):
    visit = make_hosted()
    make_identified(visit, 1, last_name="Zwickelstein")
    create_list(visit=visit)
    path = tmp_path / "list.xlsx"

    done = command("visitor_list", visit.event.slug, "--output", str(path))

    assert done.returncode == 0
    assert done.stderr.startswith(str(path))
    assert path.stat().st_mode & 0o777 == 0o600
    assert AuditEntry.objects.get(verb="visitor_list.read").reason == "command"

    bad = command("visitor_list", visit.event.slug, "--output", str(tmp_path / "list.csv"))

    assert bad.returncode == 2
    assert bad.stdout == ""
    assert len(bad.stderr.strip().splitlines()) == 1


def test_administrator_opens_lists_page(list_with_link):
    made, _address = list_with_link
    page = make_client(make_administrator()).get(f"/organize/{made.visit.event.slug}/visit/lists/")

    assert page.status_code == 200


def test_only_secretary_changes_recipient_and_identity_fields_of_list():
    visit, person = make_hosted(), make_person()
    EventRole.objects.create(event=visit.event, person=person, role="organizer", starts_on=START_OF_2020)
    address = f"/organize/{visit.event.slug}/visit/"
    facts = {
        "capacity": 20, "lock_working_days": 5, "identity_days_before": 21, "security_name": "Moi",
        "security_email": "moi@evil.example", "identity_fields": ["birth_place"], "briefing": "Casque.",
    }  # fmt: skip

    make_client(person).post(address, facts)

    visit.refresh_from_db()
    assert visit.briefing == "Casque."
    assert visit.security_email == "garde@hote.example"
    assert len(visit.identity_fields) == 6

    make_client(make_secretary()).post(address, facts)

    visit.refresh_from_db()
    assert visit.security_email == "moi@evil.example"
    assert visit.identity_fields == ["birth_place"]


def test_list_overview_names_no_link_once_the_details_are_deleted(list_with_link):
    made, _address = list_with_link
    VisitorList.objects.update(link_hash="", link_expires_at=None, encrypted_data=None)

    page = make_client(make_secretary()).get(f"/en/organize/{made.visit.event.slug}/visit/lists/").text

    assert "the link no longer works" not in page
