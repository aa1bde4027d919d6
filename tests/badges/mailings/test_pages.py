"""Test organizers' pages for mailings, from the draft to the log."""

import datetime
import re

import pytest
from django.test import Client
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from badges.mailings.composing.segments import Segment
from badges.mailings.models import Mailing, Recipient
from convention.audit.models import AuditEntry
from convention.text.dates import format_datetime
from tests.badges.mailings.factories import TEXTS, add_people, make_mailing
from tests.factories import make_event, make_registration, make_staff, make_ticket

pytestmark = [pytest.mark.django_db, pytest.mark.once]
FORM = {"purpose": "information", "states": ["confirmed"], **TEXTS}


@pytest.fixture
def event():
    return make_event()


@pytest.fixture
def organizer(event):
    return make_staff(event, first_name="Olga", email="olga@example.org")


@pytest.fixture
def client(organizer) -> Client:
    client = Client()
    client.force_login(organizer)
    return client


def get_text(answer) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def test_mailing_is_written_previewed_tested_and_sent(event, client, organizer, mailoutbox, run_tasks):
    add_people(event, 2)
    add_people(event, 1, language="en", start=2)

    here = f"/en/organize/{event.slug}/mail/"
    assert "No mailings yet." in get_text(client.get(here))

    page = client.post(f"{here}new/", FORM, follow=True)

    mailing = Mailing.objects.get()
    assert page.redirect_chain == [(f"{here}{mailing.pk}/", 302)]
    assert mailing.written_by == organizer
    assert Segment.from_json(mailing.segment) == Segment()

    said = get_text(page)

    assert "3 current recipients 2 in French 1 in English" in said
    assert "Send to 3 recipients now" in said

    preview = client.get(f"{here}{mailing.pk}/preview/?language=fr")

    assert "Bonjour Ana0," in preview.content.decode()

    reference = Recipient.registrations.field.related_model.objects.get(first_name="Ana2").reference
    html = client.get(f"{here}{mailing.pk}/preview.html?language=en&reference={reference}").content.decode()

    assert "Hello Ana2," in html
    assert "<strong>Guest</strong>" in html

    client.post(f"{here}{mailing.pk}/test/", {"language": "fr", "reference": reference})
    run_tasks()

    [trial] = mailoutbox

    assert trial.to == ["olga@example.org"]
    assert trial.subject == f"Essai\u202f: Nouvelles de {event.name}"
    assert "Bonjour Ana2," in trial.body

    client.post(f"{here}{mailing.pk}/send/")

    assert "Starting shortly." in get_text(client.get(f"{here}{mailing.pk}/"))

    run_tasks()
    done = get_text(client.get(f"{here}{mailing.pk}/"))

    assert "Sent. Last e-mail:" in done
    assert "3 e-mails sent 0 e-mails refused 0 e-mails bounced" in done
    assert len(mailoutbox) == 4
    assert "3 / 3" in get_text(client.get(here))


def test_form_errors_are_shown_and_typed_text_is_preserved(event, client):
    wrong = {**FORM, "text_fr": "Bonjour {prenom}", "subject_en": "", "text_en": "Hello, dear reader"}
    page = client.post(f"/en/organize/{event.slug}/mail/new/", wrong)

    said = get_text(page)

    assert "Unknown placeholder “{prenom}”." in said.replace("&#x27;", "'")
    assert "Enter a subject too." in said
    assert "Hello, dear reader" in said
    assert not Mailing.objects.exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [("tickets", "x"), ("states", "x"), ("company", "x"), ("checkpoint", "99"), ("purpose", "")],
)
def test_value_outside_offered_choices_is_refused(event, client, field, value):
    answer = client.post(f"/organize/{event.slug}/mail/new/", {**FORM, field: value})

    assert answer.status_code == 200
    assert Mailing.objects.count() == 0


def test_edit_form_of_draft_shows_its_segment(event, client):
    ticket = make_ticket(event, slug="press")
    make_registration(ticket, company="Acme & Co")
    segment = Segment(tickets=("press",), states=(), company="Acme & Co", presence="absent", language="en")
    mailing = make_mailing(event, segment=segment)
    address = f"/organize/{event.slug}/mail/{mailing.pk}/edit/"
    form = client.get(address).context["form"]

    asked = ("tickets", "states", "company", "presence", "language")

    assert {name: form[name].value() for name in asked} == {
        "tickets": ["press"], "states": [], "company": "Acme & Co", "presence": "absent", "language": "en",
    }  # fmt: skip

    data = {"tickets": "press", "company": "Acme & Co", "presence": "absent", "language": "en"}
    client.post(address, {"purpose": "news", **TEXTS, **data})

    mailing.refresh_from_db()
    assert Segment.from_json(mailing.segment) == segment
    assert mailing.purpose == "news"


def test_scheduled_time_is_in_event_time_zone_and_past_time_is_refused(client, event):
    add_people(event, 1)
    mailing = make_mailing(event)

    here = f"/en/organize/{event.slug}/mail/{mailing.pk}/"
    assert "This field is required." in get_text(client.post(f"{here}schedule/", {"at": ""}))

    past = client.post(f"{here}schedule/", {"at": "2020-01-01T10:00"})

    assert "Choose a time in the future, or send now." in get_text(past)

    client.post(f"{here}schedule/", {"at": "2999-07-01T10:00"})

    mailing.refresh_from_db()
    assert mailing.send_at.isoformat() == "2999-07-01T08:00:00+00:00"

    page = get_text(client.get(here))

    assert "It will be sent on 1 July 2999, 10:00" in page.replace("\xa0", " ")

    client.post(f"{here}cancel/")

    mailing.refresh_from_db()
    assert mailing.is_draft


def test_log_is_filtered_by_state_and_exported(client, event, mailoutbox, run_tasks):
    add_people(event, 3)
    mailing = make_mailing(event)
    here = f"/en/organize/{event.slug}/mail/{mailing.pk}/"
    client.post(f"{here}send/")
    run_tasks()
    first = mailing.recipients.first()

    client.post(f"{here}log/{first.pk}/came-back/")

    assert [row[0].pk for row in client.get(f"{here}log/?state=bounced").context["rows"]] == [first.pk]
    assert len(client.get(f"{here}log/").context["rows"]) == 3

    csv = client.get(f"{here}log.csv?state=bounced")

    assert csv["Content-Disposition"] == f'attachment; filename="{event.slug}-mailing-{mailing.pk}.csv"'
    assert csv.content.decode("utf-8-sig").count("\r\n") == 2
    assert client.get(f"{here}log.xlsx").content.startswith(b"PK")
    assert client.post(f"{here}log/999999/came-back/").status_code == 404


def test_stopped_mailing_is_shown_and_resumed(client, event, mailoutbox, run_tasks):
    add_people(event, 1)
    mailing = make_mailing(event)
    here = f"/en/organize/{event.slug}/mail/{mailing.pk}/"
    client.post(f"{here}send/")
    Mailing.objects.update(faults=7, fault="ConnectionRefusedError", due_at=None)

    page = get_text(client.get(here))

    assert "The mail server failed several times, so the mailing has been stopped." in page
    assert "Resume now" in page

    attention = get_text(client.get(f"/en/organize/{event.slug}/"))

    assert "1 mailing stopped after an error:" in attention

    client.post(f"{here}resume/")

    assert "stopped after an error" not in get_text(client.get(f"/en/organize/{event.slug}/"))

    run_tasks()

    assert [mail.to for mail in mailoutbox] == [["ana0@example.org"]]


def test_stale_or_repeated_send_is_refused_with_message(client, event, mailoutbox, run_tasks):
    add_people(event, 1)
    mailing = make_mailing(event)
    here = f"/en/organize/{event.slug}/mail/{mailing.pk}/"
    seen = re.search(r'name="seen" value="(\w+)"', client.get(here).content.decode())[1]
    client.post(f"{here}edit/", {**FORM, "purpose": "news"})

    stale = client.post(f"{here}send/", {"seen": seen}, follow=True)

    assert "Someone has changed this draft since you opened it" in get_text(stale)

    later = {"at": "2999-07-01T10:00", "seen": seen}

    assert "Someone has changed this draft" in get_text(client.post(f"{here}schedule/", later))
    mailing.refresh_from_db()
    assert mailing.is_draft

    client.post(f"{here}send/", {"seen": mailing.content_hash})
    for address, data in (("send/", {"seen": mailing.content_hash}), ("schedule/", later)):
        again = client.post(here + address, data, follow=True)
        said = get_text(again)
        assert "This mailing has already been sent or scheduled; nobody will receive it twice." in said

    assert client.get(f"{here}edit/").status_code == 302

    lost = client.post(f"{here}edit/", {**FORM, "text_en": "Written meanwhile"})

    assert "Written meanwhile" in get_text(lost)
    assert "Create a new one." in get_text(lost)

    run_tasks()

    assert len(mailoutbox) == 1
    for action in ("cancel/", "resume/"):
        assert "This mailing is not in progress." in get_text(client.post(here + action, follow=True))


def test_page_warns_if_no_worker_is_running(client, event):
    add_people(event, 1)
    mailing = make_mailing(event)
    here = f"/en/organize/{event.slug}/mail/{mailing.pk}/"

    client.post(f"{here}send/")

    assert "No worker is running" not in get_text(client.get(here))

    DBTaskResult.objects.update(enqueued_at=timezone.now() - datetime.timedelta(minutes=5))

    assert "No worker is running on the server" in get_text(client.get(here))


def test_mailing_of_another_event_is_forbidden_and_not_found_at_own_event(client, event):
    other = make_mailing()
    add_people(other.event, 1)
    here = f"/organize/{event.slug}/mail/{other.pk}/"

    assert client.get(f"/organize/{other.event.slug}/mail/{other.pk}/").status_code == 403
    pages = ("", "edit/", "preview/", "preview.html", "log/", "log.csv")
    assert {page: client.get(here + page).status_code for page in pages} == dict.fromkeys(pages, 404)
    actions = ("test/", "send/", "schedule/", "cancel/", "resume/", "copy/", "remove/")
    assert {action: client.post(here + action).status_code for action in actions} == dict.fromkeys(
        actions, 404
    )
    assert Mailing.objects.get().is_draft


def test_desk_staff_cannot_open_mailings(event):
    client = Client()
    client.force_login(make_staff(event, role="desk"))

    assert client.get(f"/organize/{event.slug}/mail/").status_code == 403


def get_seen_value(page) -> str:
    return re.search(r'name="seen" value="(\w+)"', page.content.decode())[1]


def test_draft_changed_by_another_organizer_is_not_overwritten(client, event):
    mailing = make_mailing(event)
    other = Client()
    other.force_login(make_staff(event, first_name="Zoé", last_name="Ferrand"))
    here = f"/en/organize/{event.slug}/mail/{mailing.pk}/edit/"
    seen = get_seen_value(client.get(here))

    theirs = {**FORM, "subject_en": "Theirs", "states": [], "seen": seen}

    assert other.post(here, theirs).status_code == 302
    assert other.post(here, theirs).status_code == 302  # a second click with the same values

    mine = {**FORM, "subject_en": "Mine", "purpose": "news", "seen": seen}
    refused = client.post(here, mine)
    when = format_datetime(AuditEntry.objects.filter(verb="mailing.change").first().created_at, event.zone)

    said = " ".join(f"Zoé Ferrand changed this draft on {when}, while you".split())

    assert said in get_text(refused)
    assert refused.context["form"]["subject_en"].value() == "Mine"
    assert refused.context["other_values"] == [
        ("Type of mailing", "information needed for the event"),
        ("Subject in English", "Theirs"),
        ("Recipients", "everyone"),
    ]
    mailing.refresh_from_db()
    assert mailing.subject_en == "Theirs"
    assert client.post(here, {**mine, "seen": get_seen_value(refused)}).status_code == 302
    mailing.refresh_from_db()
    assert mailing.subject_en == "Mine"
    assert mailing.purpose == "news"


def test_sent_mailing_is_copied_into_new_draft(client, event, mailoutbox, run_tasks):
    add_people(event, 1)
    segment = Segment(states=(), language="fr")

    mailing = make_mailing(event, segment=segment, purpose="news")

    here = f"/en/organize/{event.slug}/mail/{mailing.pk}/"
    assert "Copy into a new draft" not in get_text(client.get(here))

    client.post(f"{here}send/")
    run_tasks()

    assert "Copy into a new draft" in get_text(client.get(here))

    answer = client.post(f"{here}copy/")

    copied = Mailing.objects.exclude(pk=mailing.pk).get()
    assert answer.url == f"/en/organize/{event.slug}/mail/{copied.pk}/edit/"
    mailing.refresh_from_db()
    assert [mailing.state, copied.state, copied.content_hash] == ["sent", "draft", mailing.content_hash]
    assert copied.written_by.pk == int(client.session["_auth_user_id"])
    assert len(mailoutbox) == 1
