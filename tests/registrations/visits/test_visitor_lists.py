"""Visitor lists: readiness, versions, differences, hash, encryption keys and the mail."""

import pytest
from cryptography.fernet import Fernet
from django.test import Client
from django.utils import timezone, translation

from convention.codes.encryption import DecryptionFailed
from convention.errors import InvalidFields, NotOpenNow
from convention.text.dates import format_date
from registrations.visits.applications.veto import veto_application
from registrations.visits.identity.fields import get_identity_window
from registrations.visits.identity.identities import save_identity
from registrations.visits.identity.reencrypt import reencrypt_rows
from registrations.visits.models import Application, NdaText, Visit
from registrations.visits.models.identities import hash_token
from registrations.visits.visitor_list.contents import decrypt_content, hash_content, read_list
from registrations.visits.visitor_list.create import (
    EmptyVersion,
    ListUnchanged,
    NoVisitorReady,
    create_list,
)
from registrations.visits.visitor_list.differences import compare_rows, describe_differences
from registrations.visits.visitor_list.send import send_list, send_list_mail
from registrations.visits.visitor_list.table import describe_changes, format_rows, list_headings
from registrations.visits.visitor_list.visitors import find_list_readiness, is_list_outdated
from tests.factories import make_person, make_secretary
from tests.registrations.visits.hosts import (
    extract_token,
    make_hosted,
    make_identified,
    make_identity_answers,
    make_sent_list,
    make_visitor,
    record_acceptance,
)
from tests.site_objects import make_client

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("french")]


def row(key, **changed):
    identity = {"birth_date": "1971-04-02", **changed.pop("identity", {})}
    plain = {"last_name": "Silva", "first_name": "Ana", "company": "Acme", **changed}
    return {"key": key, "identity": identity, **plain}


# --- differences -----------------------------------------------------------------------------------------


def test_differences_contain_added_removed_and_changed_rows():
    before = [row(1), row(2), row(3)]
    after = [row(4), row(3, identity={"birth_date": "1980-01-01"}), row(1, company="Autre")]

    found = compare_rows(before, after)

    assert [one["key"] for one in found.added] == [4]
    assert [one["key"] for one in found.removed] == [2]
    assert [(one["key"], names) for one, names in found.changed] == [(3, ["birth_date"]), (1, ["company"])]


def test_order_of_rows_is_ignored():
    assert compare_rows([row(1), row(2)], [row(2), row(1)]).is_empty


def test_new_identity_field_is_a_change():
    found = compare_rows([row(1)], [row(1, identity={"nationality": "PT"})])
    assert [names for _row, names in found.changed] == [["nationality"]]


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ((2, 1, 1), "2 ajouts, 1 retrait, 1 modification"),
        ((0, 0, 3), "3 modifications"),
        ((0, 0, 0), "aucune différence"),
    ],
)
def test_differences_are_described_in_french(numbers, words):
    added, removed, changed = numbers
    assert describe_differences(added=added, removed=removed, changed=changed) == words


# --- readiness -------------------------------------------------------------------------------------------


def test_incomplete_visitors_are_not_ready_and_reasons_are_given():
    visit = make_hosted()
    ready = make_identified(visit, 1)
    no_identity = make_visitor(visit)
    no_text = make_identified(visit, 2)
    no_text.acceptances.all().delete()
    handed_on = make_identified(visit, 3)
    handed_on.registration.person = make_person()
    handed_on.registration.save(update_fields=["person"])
    renamed = make_identified(visit, 4)
    renamed.registration.last_name = "Intruse"
    renamed.registration.save(update_fields=["last_name"])

    found = find_list_readiness(visit)

    assert found.ready == [ready]
    assert {one.pk: codes for one, codes in found.missing} == {
        no_identity.pk: ["identity"],
        no_text.pk: ["confidentiality"],
        handed_on.pk: ["other_person"],
        renamed.pk: ["other_person"],
    }


def test_new_confidentiality_terms_need_new_acceptance():
    visit = make_hosted()
    application = make_identified(visit, 1)

    NdaText.objects.create(visit=visit, number=2, text="Rien, vraiment.")

    assert find_list_readiness(visit).ready == []

    record_acceptance(application)

    assert find_list_readiness(visit).ready == [application]


def test_list_without_identity_fields_has_names_and_companies():
    visit = make_hosted(fields=[])
    application = make_visitor(visit)
    content = read_list(visitor_list=create_list(visit=visit))

    with translation.override("fr"):
        assert list_headings(content) == ["Nom", "Prénom", "Entreprise"]

    assert format_rows(content) == [[application.person.last_name, "Ana", application.company.name]]


# --- versions --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("facts", [{"locked_at": None}, {"cancelled_at": timezone.now()}, {"days": -1}])
def test_list_is_refused_before_lock_after_visit_and_for_cancelled_visit(facts):
    visit = make_hosted(**facts)
    make_visitor(visit)

    with pytest.raises(NotOpenNow):
        create_list(visit=visit)


def test_list_without_ready_visitors_is_refused():
    visit = make_hosted()
    make_visitor(visit)

    with pytest.raises(NoVisitorReady):
        create_list(visit=visit)


def test_list_version_describes_changes_since_last_sent_version():
    visit = make_hosted()
    stays, goes = make_identified(visit, 1), make_identified(visit, 2)

    first = make_sent_list(visit)

    assert first.number == 1
    assert first.count == 2
    assert first.added == 0
    assert first.removed == 0
    assert first.changed == 0
    with pytest.raises(ListUnchanged):
        create_list(visit=visit)

    Application.objects.filter(pk=goes.pk).update(withdrawn_at=timezone.now())
    unsent = create_list(visit=visit)

    assert unsent.number == 2
    assert unsent.count == 1
    assert unsent.removed == 1

    make_identified(visit, 3)
    save_identity(application=stays, answers={**make_identity_answers(1), "document_number": "NEW12345"})

    third = create_list(visit=visit)

    # The second version was never sent, so the third is compared with the first.
    assert third.number == 3
    assert third.added == 1
    assert third.removed == 1
    assert third.changed == 1

    said = describe_changes(decrypt_content(third))

    assert [(word, fields) for word, _who, fields in said] == [
        ("ajout", ""), ("retrait", ""), ("modification", "Numéro de la pièce d’identité"),
    ]  # fmt: skip
    assert "NEW12345" not in str(said)


def test_hash_depends_on_content_and_salt():
    visit = make_hosted()
    make_identified(visit, 1)
    made = create_list(visit=visit)

    content = decrypt_content(made)

    assert made.hash == content.hash == hash_content(content.salt, content.fields, content.rows)
    assert made.hash != hash_content("", content.fields, content.rows)

    altered = [{**content.rows[0], "first_name": "Eva"}]

    assert hash_content(content.salt, content.fields, altered) != made.hash


def test_list_cannot_be_read_with_another_key(settings):
    visit = make_hosted()
    make_identified(visit, 1)
    made = create_list(visit=visit)

    settings.IDENTITY_KEYS = [Fernet.generate_key().decode()]

    with pytest.raises(DecryptionFailed):
        read_list(visitor_list=made)

    answer = make_client(make_secretary()).post(
        f"/organize/{visit.event.slug}/visit/lists/1/", {"action": "xlsx"}
    )

    assert answer.status_code == 409
    assert b"Zwickelbourg" not in answer.content


def test_lists_and_identities_are_readable_after_key_rotation(settings):
    visit = make_hosted()
    make_identified(visit, 1)
    made = create_list(visit=visit)
    old, new = settings.IDENTITY_KEYS[0], Fernet.generate_key().decode()

    settings.IDENTITY_KEYS = [new, old]

    assert reencrypt_rows() == 2
    assert reencrypt_rows() == 0

    settings.IDENTITY_KEYS = [new]

    made.refresh_from_db()
    assert [one["identity"]["document_number"] for one in read_list(visitor_list=made).rows] == [
        "QX0000001ZZ"
    ]
    with pytest.raises(ListUnchanged):  # the identity itself opens too
        create_list(visit=visit)


# --- sending ---------------------------------------------------------------------------------------------


def test_list_mail_has_link_and_no_personal_data(run_tasks, mailoutbox):
    visit = make_hosted()
    application = make_identified(visit, 1, last_name="Zwickelstein")
    made = create_list(visit=visit)
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
    assert made.link_hash == hash_token(extract_token(mail))
    assert visit.state == Visit.State.SENT
    assert application.listed_at is not None


def test_repeated_task_sends_list_once(mailoutbox):
    visit = make_hosted()
    make_identified(visit, 1)
    made = make_sent_list(visit)

    send_list_mail.func(made.pk)

    assert len(mailoutbox) == 1


def test_list_sent_again_has_new_link_and_old_link_ends(mailoutbox):
    visit = make_hosted()
    make_identified(visit, 1)
    made = make_sent_list(visit)

    send_list(visitor_list=made)

    assert Client().get(f"/host/lists/{extract_token(mailoutbox[0])}/").status_code == 410

    send_list_mail.func(made.pk)

    assert Client().get(f"/host/lists/{extract_token(mailoutbox[1])}/").status_code == 200


def test_only_latest_version_can_be_sent_and_needs_recipient():
    visit = make_hosted(security_email="")
    make_identified(visit, 1)

    first = create_list(visit=visit)

    with pytest.raises(InvalidFields):
        send_list(visitor_list=first)

    Visit.objects.update(security_email="garde@hote.example")
    make_identified(visit, 2)

    create_list(visit=visit)

    with pytest.raises(NotOpenNow):
        send_list(visitor_list=first)


def veto_visitor(application):
    veto_application(application=application)


def withdraw_visitor(application):
    Application.objects.filter(pk=application.pk).update(withdrawn_at=timezone.now())


def change_confidentiality_terms(application):
    NdaText.objects.create(visit=application.visit, number=2, text="Rien, vraiment.")


@pytest.mark.parametrize("left", [veto_visitor, withdraw_visitor, change_confidentiality_terms])
def test_version_with_former_visitor_cannot_be_sent(left):
    visit = make_hosted()
    application = make_identified(visit, 1)
    make_identified(visit, 2)
    made = make_sent_list(visit)

    left(application)

    with pytest.raises(NotOpenNow, match="version suivante"):
        send_list(visitor_list=made)

    # With changed terms nobody is ready for it.
    create_list(visit=visit, if_empty=EmptyVersion.CREATE)


def test_queued_list_is_not_mailed_after_visitor_withdrew(mailoutbox):
    visit = make_hosted()
    application = make_identified(visit, 1)
    made = send_list(visitor_list=create_list(visit=visit))
    withdraw_visitor(application)

    send_list_mail.func(made.pk)

    made.refresh_from_db()
    application.refresh_from_db()
    assert mailoutbox == []
    assert not made.is_being_sent
    assert made.sent_at is None
    assert made.link_hash == ""
    assert application.listed_at is None


def test_list_is_outdated_after_change_of_identity_or_visitors(visit):
    def said():
        return is_list_outdated(visit, find_list_readiness(visit).ready)

    assert said() is False
    [one] = find_list_readiness(visit).ready
    save_identity(application=one, answers=make_identity_answers(9))
    assert said() is True
    make_sent_list(visit)
    assert said() is False
    other = make_identified(visit, 3)
    assert said() is True
    make_sent_list(visit)
    veto_application(application=other)
    assert said() is True
    page = make_client(make_secretary()).get(f"/en/organize/{visit.event.slug}/visit/lists/").content.decode()
    assert "list is out of date" in page


def test_secretary_reminds_incomplete_visitors_once_a_day(run_tasks, mailoutbox):
    visit = make_hosted(fields=["birth_date", "birth_place"])
    make_identified(visit, 1, email="ready@example.org")
    make_visitor(visit, email="late@example.org", first_name="Bob")
    secretary = make_client(make_secretary())
    page = f"/organize/{visit.event.slug}/visit/lists/"

    shown = secretary.get(page).text
    answers = [secretary.post(f"{page}remind/", follow=True).text for _click in range(2)]
    run_tasks()
    again = secretary.post(f"{page}remind/", follow=True).text
    run_tasks()

    assert f'action="{page}remind/"' in shown
    assert "1 personne reçoit un rappel par e-mail" in answers[0].replace("\u202f", " ")
    [mail] = mailoutbox
    assert mail.to == ["late@example.org"]
    assert "Bonjour Bob," in mail.body
    assert f"/visits/{visit.event.slug}/identity/" in mail.body
    assert f"/visits/{visit.event.slug}/text/" not in mail.body
    assert "déjà reçu un rappel aujourd’hui" in again


def test_identity_that_cannot_be_given_yet_is_not_counted_as_missing():
    visit = make_hosted(days=60, fields=["birth_date"])
    waiting = make_visitor(visit, last_name="Attend")
    late = make_visitor(visit, last_name="Tarde")
    late.acceptances.all().delete()
    secretary = make_client(make_secretary())
    page = f"/organize/{visit.event.slug}/visit/lists/"
    day = format_date(get_identity_window(visit).opens_at, visit.event.zone)

    shown = secretary.get(page)
    answer = secretary.post(f"{page}remind/", follow=True).text

    assert shown.context["incomplete_count"] == 1
    assert shown.context["waiting_count"] == 1
    assert dict(shown.context["missing"])[waiting] == [
        f"informations d’identité (demandées à partir du {day})"
    ]
    assert "dossier en attente des informations d’identité" in shown.text
    assert "1 personne reçoit un rappel par e-mail" in answer.replace("\u202f", " ")


def test_reminders_are_not_offered_while_nobody_can_complete_anything():
    visit = make_hosted(days=60, fields=["birth_date"])
    make_visitor(visit)
    page = f"/organize/{visit.event.slug}/visit/lists/"

    shown = make_client(make_secretary()).get(page).text

    assert f"{page}remind/" not in shown


# --- what the secretary is asked first -------------------------------------------------------------------


def test_question_before_the_lock_counts_incomplete_visitors():
    visit = make_hosted(days=18, locked_at=None)
    make_identified(visit, 1)
    make_visitor(visit)

    page = make_client(make_secretary()).post(
        f"/en/organize/{visit.event.slug}/visit/step/", {"step": "lock"}
    )

    assert "1 of 2 people with a place is not ready for the host’s list" in page.text


def test_version_counts_visitors_who_are_not_on_it():
    visit = make_hosted()
    make_identified(visit, 1)
    make_visitor(visit)
    create_list(visit=visit)

    page = make_client(make_secretary()).get(f"/en/organize/{visit.event.slug}/visit/lists/1/")

    assert "1 of 2 people with a place is not ready and therefore not on the list." in page.text


def test_empty_version_is_created_by_its_own_button_only():
    visit = make_hosted()
    application = make_identified(visit, 1)
    make_sent_list(visit)
    veto_application(application=application)
    client, page = make_client(make_secretary()), f"/en/organize/{visit.event.slug}/visit/lists/"

    answer = client.post(f"{page}make/", follow=True)

    assert "Nobody is ready for the list. Nothing was created." in answer.text
    assert "Create an empty version" in answer.text
    assert visit.lists.count() == 1

    client.post(f"{page}make/", {"empty": "1"})

    assert visit.lists.first().count == 0


def test_later_version_without_visitors_is_refused_unless_asked_for():
    visit = make_hosted()
    application = make_identified(visit, 1)
    make_sent_list(visit)
    veto_application(application=application)

    with pytest.raises(NoVisitorReady):
        create_list(visit=visit)

    assert create_list(visit=visit, if_empty=EmptyVersion.CREATE).count == 0
