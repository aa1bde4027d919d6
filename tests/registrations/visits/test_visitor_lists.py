"""The list for the host: versions, differences, the link, who reads it, and what is written down."""

import datetime
import io
import re

import openpyxl
import pytest
from cryptography.fernet import Fernet
from django.test import Client
from django.utils import timezone, translation

from convention.audit.models import Entry
from convention.errors import Closed, Expired, InvalidFields
from convention.events.models import EventRole
from convention.sealed import Unsealable
from registrations.visits.acknowledge import acknowledge
from registrations.visits.contents import hash_of, open_content, read_list
from registrations.visits.differences import differences, in_words
from registrations.visits.give_identity import give_identity
from registrations.visits.host_doors import list_by_link
from registrations.visits.list_files import file_of
from registrations.visits.list_words import cells, changes_of, headings
from registrations.visits.make_list import NobodyReady, SameList, make_list
from registrations.visits.models import Application, NdaText, Visit
from registrations.visits.reseal import reseal
from registrations.visits.send_list import hash_token, mail_list, revoke_link, send_list
from registrations.visits.visitors import visitors_of
from tests.factories import LONG_AGO, make_administrator, make_person
from tests.papers import pdf_text
from tests.registrations.visits.hosted import (
    DAY,
    agree,
    answers_of,
    make_hosted,
    make_identified,
    make_secretary,
    make_sent_list,
    make_visitor,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("french")]

LINK = re.compile(r"/host/lists/([\w-]{43})/")


@pytest.fixture
def french():
    """Words of acts are said in French here."""
    with translation.override("fr"):
        yield


def client_of(person):
    client = Client()
    client.force_login(person)
    return client


def token_in(mail):
    return LINK.search(mail.body)[1]


def row(key, **changed):
    identity = {"birth_date": "1971-04-02", **changed.pop("identity", {})}
    plain = {"last_name": "Silva", "first_name": "Ana", "company": "Acme", **changed}
    return {"key": key, "identity": identity, **plain}


# --- differences: pure -----------------------------------------------------------------------------------


def test_differences_name_who_and_what():
    before = [row(1), row(2), row(3)]
    after = [row(4), row(3, identity={"birth_date": "1980-01-01"}), row(1, company="Autre")]
    found = differences(before, after)
    assert [one["key"] for one in found.added] == [4]
    assert [one["key"] for one in found.removed] == [2]
    assert [(one["key"], names) for one, names in found.changed] == [(3, ["birth_date"]), (1, ["company"])]


def test_the_order_of_rows_is_no_difference():
    assert differences([row(1), row(2)], [row(2), row(1)]).is_none


def test_a_field_asked_newly_is_a_change():
    found = differences([row(1)], [row(1, identity={"nationality": "PT"})])
    assert [names for _row, names in found.changed] == [["nationality"]]


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ((2, 1, 1), "2 ajouts, 1 retrait, 1 modification"),
        ((0, 0, 3), "3 modifications"),
        ((0, 0, 0), "aucune différence"),
    ],
)
def test_differences_in_words(numbers, words):
    added, removed, changed = numbers
    assert in_words(added=added, removed=removed, changed=changed) == words


# --- who is ready ----------------------------------------------------------------------------------------


def test_who_lacks_something_is_left_out_and_named():
    visit = make_hosted()
    ready = make_identified(visit, 1)
    no_identity = make_visitor(visit)
    no_text = make_identified(visit, 2)
    no_text.acceptances.all().delete()
    handed_on = make_identified(visit, 3)
    handed_on.registration.person = make_person()
    handed_on.registration.save(update_fields=["person"])
    found = visitors_of(visit)
    assert found.ready == [ready]
    assert {one.pk: codes for one, codes in found.missing} == {
        no_identity.pk: ["identity"],
        no_text.pk: ["confidentiality"],
        handed_on.pk: ["other_person"],
    }


def test_a_new_text_asks_everybody_again():
    visit = make_hosted()
    application = make_identified(visit, 1)
    NdaText.objects.create(visit=visit, number=2, text="Rien, vraiment.")
    assert visitors_of(visit).ready == []
    agree(application)
    assert visitors_of(visit).ready == [application]


def test_a_host_that_asks_nothing_gets_names_and_companies():
    visit = make_hosted(fields=[])
    application = make_visitor(visit)
    content = read_list(visitor_list=make_list(visit=visit))
    with translation.override("fr"):
        assert headings(content) == ["Nom", "Prénom", "Entreprise"]
    assert cells(content) == [[application.person.last_name, "Ana", application.company.name]]


# --- versions --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("facts", [{"locked_at": None}, {"cancelled_at": timezone.now()}, {"days": -1}])
def test_no_list_before_the_lock_after_the_visit_or_once_called_off(facts):
    visit = make_hosted(**facts)
    make_visitor(visit)
    with pytest.raises(Closed):
        make_list(visit=visit)


def test_nobody_ready_is_no_list():
    visit = make_hosted()
    make_visitor(visit)
    with pytest.raises(NobodyReady):
        make_list(visit=visit)


def test_versions_count_on_and_say_what_changed_since_the_one_that_was_sent():
    visit = make_hosted()
    stays, goes = make_identified(visit, 1), make_identified(visit, 2)
    first = make_sent_list(visit)
    assert (first.number, first.count, first.added, first.removed, first.changed) == (1, 2, 0, 0, 0)
    with pytest.raises(SameList):
        make_list(visit=visit)
    Application.objects.filter(pk=goes.pk).update(withdrawn_at=timezone.now())
    unsent = make_list(visit=visit)
    assert (unsent.number, unsent.count, unsent.removed) == (2, 1, 1)
    make_identified(visit, 3)
    give_identity(application=stays, answers={**answers_of(1), "document_number": "NEW12345"})
    third = make_list(visit=visit)
    # The host never saw the second: what it must do is counted from the first.
    assert (third.number, third.added, third.removed, third.changed) == (3, 1, 1, 1)
    said = changes_of(open_content(third))
    assert [(word, fields) for word, _who, fields in said] == [
        ("ajout", ""), ("retrait", ""), ("modification", "Numéro de la pièce d’identité"),
    ]  # fmt: skip
    assert "NEW12345" not in str(said)


def test_the_hash_is_of_the_content_and_cannot_be_guessed():
    visit = make_hosted()
    make_identified(visit, 1)
    made = make_list(visit=visit)
    content = open_content(made)
    assert made.hash == content.hash == hash_of(content.salt, content.fields, content.rows)
    assert made.hash != hash_of("", content.fields, content.rows)
    altered = [{**content.rows[0], "first_name": "Eva"}]
    assert hash_of(content.salt, content.fields, altered) != made.hash


def test_a_list_opens_with_its_keys_alone(settings):
    visit = make_hosted()
    make_identified(visit, 1)
    made = make_list(visit=visit)
    settings.IDENTITY_KEYS = [Fernet.generate_key().decode()]
    with pytest.raises(Unsealable):
        read_list(visitor_list=made)
    answer = client_of(make_secretary()).post(f"/organize/{visit.event.slug}/visit/lists/1/", {"act": "xlsx"})
    assert answer.status_code == 409
    assert b"Zwickelbourg" not in answer.content


def test_keys_change_without_losing_anything(settings):
    visit = make_hosted()
    make_identified(visit, 1)
    made = make_list(visit=visit)
    old, new = settings.IDENTITY_KEYS[0], Fernet.generate_key().decode()
    settings.IDENTITY_KEYS = [new, old]
    assert reseal() == 2
    assert reseal() == 0
    settings.IDENTITY_KEYS = [new]
    made.refresh_from_db()
    assert [one["identity"]["document_number"] for one in read_list(visitor_list=made).rows] == [
        "QX0000001ZZ"
    ]
    with pytest.raises(SameList):  # the identity itself opens too
        make_list(visit=visit)


# --- sending ---------------------------------------------------------------------------------------------


def test_the_mail_has_a_link_and_no_name(run_tasks, mailoutbox):
    visit = make_hosted()
    application = make_identified(visit, 1, last_name="Zwickelstein")
    made = make_list(visit=visit)
    send_list(visitor_list=made, language="en")
    run_tasks()
    [mail] = mailoutbox
    made.refresh_from_db()
    visit.refresh_from_db()
    application.refresh_from_db()
    assert mail.to == ["garde@hote.example"]
    assert mail.attachments == []
    text = mail.message().as_string() + mail.body
    assert [word for word in ("Zwickel", "QX0000001ZZ", "1971") if word in text] == []
    assert made.link_hash == hash_token(token_in(mail))
    assert visit.state == Visit.State.SENT
    assert application.listed_at is not None


def test_a_task_run_twice_sends_once(mailoutbox):
    visit = make_hosted()
    make_identified(visit, 1)
    made = make_sent_list(visit)
    mail_list.func(made.pk)
    assert len(mailoutbox) == 1


def test_sending_again_makes_a_new_link_and_ends_the_old(mailoutbox):
    visit = make_hosted()
    make_identified(visit, 1)
    made = make_sent_list(visit)
    send_list(visitor_list=made)
    assert Client().get(f"/host/lists/{token_in(mailoutbox[0])}/").status_code == 410
    mail_list.func(made.pk)
    assert Client().get(f"/host/lists/{token_in(mailoutbox[1])}/").status_code == 200


def test_only_the_latest_version_goes_out_and_only_to_somebody():
    visit = make_hosted(security_email="")
    make_identified(visit, 1)
    first = make_list(visit=visit)
    with pytest.raises(InvalidFields):
        send_list(visitor_list=first)
    Visit.objects.update(security_email="garde@hote.example")
    make_identified(visit, 2)
    make_list(visit=visit)
    with pytest.raises(Closed):
        send_list(visitor_list=first)


# --- the link --------------------------------------------------------------------------------------------


@pytest.fixture
def sent(mailoutbox):
    """A list behind a link: the version and the address."""
    visit = make_hosted()
    make_identified(visit, 1, last_name="Zwickelstein")
    made = make_sent_list(visit)
    return made, f"/host/lists/{token_in(mailoutbox[0])}/"


def test_following_the_link_reads_nothing_until_a_click(sent):
    made, address = sent
    page = Client().get(address)
    assert page.status_code == 200
    assert "Zwickel" not in page.content.decode()
    assert not Entry.objects.filter(verb="visitor_list.read").exists()
    opened = Client().post(address, {"act": "open"})
    assert opened["Cache-Control"] == "max-age=0, no-cache, no-store, must-revalidate, private"
    assert "Zwickelstein" in opened.content.decode()
    made.refresh_from_db()
    assert made.opened_at is not None
    [entry] = Entry.objects.filter(verb="visitor_list.read")
    assert (entry.reason, entry.fields[:3]) == ("link", ["last_name", "first_name", "company"])
    assert "Zwickel" not in str(vars(entry))


def test_the_gate_acknowledges_once(sent):
    made, address = sent
    Client().post(address, {"act": "acknowledge", "name": "  "})
    made.refresh_from_db()
    assert made.acknowledged_at is None
    Client().post(address, {"act": "acknowledge", "name": "Marc Portier"})
    acknowledge(visitor_list=made, name="Un autre")
    made.refresh_from_db()
    assert made.acknowledged_by == "Marc Portier"
    assert Entry.objects.filter(verb="visitor_list.acknowledge").count() == 1


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
def test_a_link_that_ended_opens_nothing(sent, end):
    made, address = sent
    end(made)
    client = Client()
    answers = [client.get(address), *(client.post(address, {"act": act}) for act in ("open", "xlsx", "pdf"))]
    assert [answer.status_code for answer in answers] == [410] * 4
    assert [answer for answer in answers if b"Zwickelstein" in answer.content] == []
    assert not Entry.objects.filter(verb="visitor_list.read").exists()


def test_a_link_lasts_no_longer_than_the_visit(sent):
    made, _address = sent
    assert made.link_expires_at == made.visit.event.ends_at
    later = make_hosted(days=40, identity_days=120)
    make_identified(later, 9)
    made = make_sent_list(later)
    assert abs(made.link_expires_at - timezone.now() - 14 * DAY) < datetime.timedelta(minutes=5)


def test_a_guessed_link_is_nothing(sent):
    assert Client().get(f"/host/lists/{'A' * 43}/").status_code == 410
    # A version without a link is not reached by the empty hash.
    revoke_link(visitor_list=sent[0])
    with pytest.raises(Expired):
        list_by_link("")


# --- files -----------------------------------------------------------------------------------------------


def test_the_workbook_holds_each_visitor_as_text(sent):
    _made, address = sent
    answer = Client().post(address, {"act": "xlsx"})
    assert "no-store" in answer["Cache-Control"].split(", ")
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    first, second = sheet.iter_rows(values_only=True)
    assert first[0] == "Nom"
    assert second[0] == "Zwickelstein"
    assert second[3:] == (
        "2 avril 1971",
        "Zwickelbourg-1",
        "Portugal",
        "passeport",
        "QX0000001ZZ",
        "30 novembre 2039",
    )


def test_the_paper_says_version_and_hash_on_each_page():
    visit = make_hosted(fields=["birth_date"])
    for number in range(45):
        make_identified(visit, number, last_name=f"Nom-{number:02}")
    made = make_list(visit=visit)
    paper = pdf_text(file_of(open_content(made), made, kind="pdf"))
    assert paper.count(made.hash) == 2
    assert [number for number in range(45) if f"Nom-{number:02}" not in paper] == []


# --- who reads -------------------------------------------------------------------------------------------


def test_the_secretary_reads_and_it_is_written_down(sent):
    made, _address = sent
    secretary = make_secretary()
    client, address = client_of(secretary), f"/organize/{made.visit.event.slug}/visit/lists/1/"
    assert "Zwickelstein" not in client.get(address).content.decode()
    assert "Zwickelstein" in client.post(address, {"act": "open"}).content.decode()
    [entry] = Entry.objects.filter(verb="visitor_list.read")
    assert (entry.actor, entry.reason, entry.event) == (secretary, "secretary", made.visit.event.slug)


@pytest.mark.parametrize("role", ["organizer", "desk", "scanner"])
def test_nobody_who_works_for_the_event_sees_identities(sent, role):
    made, _address = sent
    slug, person = made.visit.event.slug, make_person()
    EventRole.objects.create(event=made.visit.event, person=person, role=role, starts_on=LONG_AGO)
    client = client_of(person)
    asked = [
        client.get(f"/organize/{slug}/visit/lists/"),
        client.get(f"/organize/{slug}/visit/lists/1/"),
        client.post(f"/organize/{slug}/visit/lists/1/", {"act": "open"}),
        client.post(f"/organize/{slug}/visit/lists/1/", {"act": "xlsx"}),
        client.post(f"/organize/{slug}/visit/lists/1/send/"),
        client.post(f"/organize/{slug}/visit/lists/make/"),
        client.post(f"/organize/{slug}/visit/host/", {"name": "X", "email": "x@evil.example"}),
    ]
    assert [answer.status_code for answer in asked] == [403] * 7
    assert [answer for answer in asked if b"Zwickel" in answer.content] == []
    assert not Entry.objects.filter(verb="visitor_list.read").exists()


def test_the_command_writes_the_list_for_its_owner_alone(manage, tmp_path):
    visit = make_hosted()
    make_identified(visit, 1, last_name="Zwickelstein")
    make_list(visit=visit)
    path = tmp_path / "list.xlsx"
    done = manage("visitor_list", visit.event.slug, "--output", str(path))
    assert (done.returncode, done.stderr) == (0, "")
    assert path.stat().st_mode & 0o777 == 0o600
    assert Entry.objects.get(verb="visitor_list.read").reason == "command"
    bad = manage("visitor_list", visit.event.slug, "--output", str(tmp_path / "list.csv"))
    assert (bad.returncode, bad.stdout) == (2, "")
    assert len(bad.stderr.strip().splitlines()) == 1


def test_administrators_keep_lists_too(sent):
    made, _address = sent
    page = client_of(make_administrator()).get(f"/organize/{made.visit.event.slug}/visit/lists/")
    assert page.status_code == 200


def test_who_gets_the_list_is_the_secretarys_to_say():
    visit, person = make_hosted(), make_person()
    EventRole.objects.create(event=visit.event, person=person, role="organizer", starts_on=LONG_AGO)
    address = f"/organize/{visit.event.slug}/visit/"
    facts = {
        "capacity": 20, "list_days": 5, "identity_days": 21, "security_name": "Moi",
        "security_email": "moi@evil.example", "identity_fields": ["birth_place"], "briefing": "Casque.",
    }  # fmt: skip
    client_of(person).post(address, facts)
    visit.refresh_from_db()
    assert (visit.briefing, visit.security_email) == ("Casque.", "garde@hote.example")
    assert len(visit.identity_fields) == 6
    client_of(make_secretary()).post(address, facts)
    visit.refresh_from_db()
    assert (visit.security_email, visit.identity_fields) == ("moi@evil.example", ["birth_place"])
