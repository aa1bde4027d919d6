"""Ceilings for files and drafts that anonymous visitors store."""

import datetime
import json

import pytest
from django.contrib.sessions.models import Session
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from convention.events.models import Event
from convention.ops.storage_ceilings import DEFAULT_CEILINGS, read_ceilings
from convention.settings import env
from registrations.models import AnswerFile, Question, Registration, RegistrationDraft
from registrations.periodic_jobs import delete_unclaimed_files
from registrations.questions.files import FileStorageFull, save_answer_file
from registrations.questions.storage_use import StorageUse, measure_event_storage
from registrations.storefront.drafts import LARGE_DRAFT_BYTES, MAX_DRAFT_BYTES, delete_old_drafts
from tests.conftest import ROOT
from tests.factories import make_account, make_event, make_question, make_registration, make_ticket
from tests.registrations.test_pages import BILLING, build_person_form, read_page_text

pytestmark = [pytest.mark.django_db, pytest.mark.once]
PEOPLE, CHOICES, CHECK = (f"/events/congress/register/{page}" for page in ("", "choices/", "check/"))
STORAGE_FULL = "Aucun fichier ne peut être ajouté pour le moment."


def pdf(name: str = "card.pdf", size: int = 100) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, b"%PDF-1.7".ljust(size, b"0"))


def build_choices_form(**answers: object) -> dict[str, object]:
    return {"choice-0-ticket": "guest", **{f"answer-0-{slug}": value for slug, value in answers.items()}}


@pytest.fixture
def proof(event: Event) -> Question:
    return make_question(event, "proof", kind=Question.Kind.FILE, is_required=True)


@pytest.fixture
def ceilings(settings):
    """Return a function that changes ceilings."""

    def change(**values: int) -> None:
        settings.STORAGE_CEILINGS = {**settings.STORAGE_CEILINGS, **values}

    return change


def test_ceilings_are_read_from_the_environment_and_documented(monkeypatch):
    monkeypatch.setenv("DRAFTS_MB", "7")

    assert read_ceilings(env.int) == {**DEFAULT_CEILINGS, "DRAFTS_MB": 7}
    manual = (ROOT / "docs" / "operators.md").read_text()
    assert [name for name in DEFAULT_CEILINGS if f"`{name}`" not in manual] == []


def test_file_size_is_stored(proof):
    assert save_answer_file(question=proof, upload=pdf(size=321)).size == 321


@pytest.mark.parametrize("ceiling", ["ANSWER_FILES_EVENT_COUNT", "ANSWER_FILES_COUNT"])
def test_half_of_file_ceiling_is_reserved_for_registrations(event, proof, ceilings, ceiling):
    ceilings(**{ceiling: 4})
    one = make_registration(event.tickets.get())
    for _file in range(2):
        save_answer_file(question=proof, upload=pdf())

    with pytest.raises(FileStorageFull):
        save_answer_file(question=proof, upload=pdf())
    for _file in range(2):
        save_answer_file(question=proof, upload=pdf(), registration=one)
    with pytest.raises(FileStorageFull, match="Réessayez plus tard"):
        save_answer_file(question=proof, upload=pdf(), registration=one)

    assert AnswerFile.objects.count() == 4


@pytest.mark.parametrize("ceiling", ["ANSWER_FILES_EVENT_MB", "ANSWER_FILES_MB"])
def test_files_are_refused_above_byte_ceiling(proof, ceilings, ceiling):
    ceilings(**{ceiling: 2})
    save_answer_file(question=proof, upload=pdf(size=900_000))

    with pytest.raises(FileStorageFull):
        save_answer_file(question=proof, upload=pdf(size=200_000))
    save_answer_file(question=proof, upload=pdf(size=100_000))


def test_file_ceiling_of_one_event_does_not_affect_another(proof, ceilings):
    ceilings(ANSWER_FILES_EVENT_COUNT=2)
    elsewhere = make_event()
    make_ticket(elsewhere)
    save_answer_file(question=proof, upload=pdf())

    other = make_question(elsewhere, "proof", kind=Question.Kind.FILE)

    assert save_answer_file(question=other, upload=pdf()).event == elsewhere


def test_required_file_can_be_omitted_if_storage_is_full(client, proof, ceilings):
    client.post(PEOPLE, build_person_form())
    assert "Répondez à cette question." in read_page_text(
        client.post(CHOICES, build_choices_form(shown="proof"))
    )
    ceilings(ANSWER_FILES_COUNT=0)

    refused = client.post(CHOICES, build_choices_form(shown="proof", proof=pdf()))
    gone_on = client.post(CHOICES, build_choices_form(shown="proof"))
    client.post(CHECK, {"language": "fr", **BILLING})

    assert STORAGE_FULL in read_page_text(refused)
    assert gone_on.url == CHECK
    one = Registration.objects.get()
    assert one.answers == {}
    assert "Réponses" in read_page_text(client.get(one.order.manage_path))


def test_file_can_be_uploaded_by_link_once_storage_is_free(client, event, proof, ceilings):
    one = make_registration(event.tickets.get())
    page = f"{one.order.manage_path}{one.reference}/answers/"
    ceilings(ANSWER_FILES_COUNT=0)
    assert STORAGE_FULL in read_page_text(client.post(page, {"shown": "proof", "proof": pdf()}))

    ceilings(ANSWER_FILES_COUNT=1)
    client.post(page, {"shown": "proof", "proof": pdf()})

    assert AnswerFile.objects.get().registration == one


def test_files_are_limited_by_network_across_addresses(event, proof, settings, ceilings):
    settings.RATE_LIMITS = "on"
    ceilings(ANSWER_FILES_NETWORK_COUNT=2)

    def send(number: int, network: str) -> str:
        browser = Client(REMOTE_ADDR=network)
        browser.post(PEOPLE, build_person_form(**{"person-0-email": f"somebody{number}@example.org"}))
        return read_page_text(browser.post(CHOICES, build_choices_form(shown="proof", proof=pdf())))

    pages = [send(number, "192.0.2.1") for number in range(3)]
    elsewhere = send(4, "198.51.100.2")

    refused = "Vous avez envoyé trop de fichiers. Retirez-en et réessayez."
    assert refused not in pages[0]
    assert refused not in pages[1]
    assert refused in pages[2]
    assert refused not in elsewhere
    assert AnswerFile.objects.count() == 3


def test_file_bytes_are_limited_by_network(event, proof, settings, ceilings):
    settings.RATE_LIMITS = "on"
    ceilings(ANSWER_FILES_NETWORK_MB=1)
    for number in range(3):
        browser = Client()
        browser.post(PEOPLE, build_person_form(**{"person-0-email": f"somebody{number}@example.org"}))
        browser.post(CHOICES, build_choices_form(shown="proof", proof=pdf(size=600_000)))

    assert AnswerFile.objects.count() == 1


def test_ipv6_addresses_of_one_prefix_count_as_one_network(event, proof, settings, ceilings):
    settings.RATE_LIMITS = "on"
    ceilings(DRAFTS_NETWORK_COUNT=1)
    statuses = [
        Client(REMOTE_ADDR=address).post(PEOPLE, build_person_form()).status_code
        for address in ("2001:db8:1:2::1", "2001:db8:1:3::2", "2001:db8:2::1")
    ]

    assert statuses == [302, 429, 302]


# --- drafts ----------------------------------------------------------------------------------------------


def test_draft_is_stored_in_row_and_session_has_its_token(client, event):
    client.post(PEOPLE, build_person_form())

    draft = RegistrationDraft.objects.get()
    assert client.session["registration:congress"] == draft.token
    assert draft.event == event
    assert draft.size == len(draft.content)
    assert json.loads(draft.content)["people"][0]["first_name"] == "Zoé"


def test_draft_row_is_updated_and_removed_by_order(client, event):
    client.post(PEOPLE, build_person_form())
    before = Session.objects.get().session_data
    client.post(CHOICES, build_choices_form())
    client.post(PEOPLE, build_person_form(**{"person-0-first_name": "Ana\0"}))
    assert RegistrationDraft.objects.count() == 1
    assert Session.objects.get().session_data == before

    client.post(CHECK, {"language": "fr", **BILLING})

    assert Registration.objects.get().first_name == "Ana"
    assert RegistrationDraft.objects.count() == 0
    client.post(PEOPLE, build_person_form())
    assert RegistrationDraft.objects.count() == 1


def test_too_large_draft_is_refused(client, event):
    for number in range(90):
        make_question(event, f"q{number}", kind=Question.Kind.PARAGRAPH)
    client.post(PEOPLE, build_person_form())

    page = client.post(CHOICES, build_choices_form(**{f"q{number}": "a" * 4_000 for number in range(90)}))

    assert page.status_code == 413
    assert "Cette inscription contient trop de données" in read_page_text(page)
    assert RegistrationDraft.objects.get().size < MAX_DRAFT_BYTES


@pytest.mark.parametrize("ceiling", ["DRAFTS_EVENT_COUNT", "DRAFTS_COUNT"])
def test_draft_ceiling_refuses_new_drafts_and_replaces_old_ones(event, ceilings, ceiling):
    ceilings(**{ceiling: 2})
    first, second, third = Client(), Client(), Client()
    first.post(PEOPLE, build_person_form())
    second.post(PEOPLE, build_person_form())

    refused = third.post(PEOPLE, build_person_form())
    assert refused.status_code == 507
    assert "Réessayez dans une heure." in read_page_text(refused)

    oldest = RegistrationDraft.objects.order_by("pk").first()
    RegistrationDraft.objects.filter(pk=oldest.pk).update(
        changed_at=timezone.now() - datetime.timedelta(hours=2)
    )
    assert third.post(PEOPLE, build_person_form()).status_code == 302
    assert not RegistrationDraft.objects.filter(pk=oldest.pk).exists()
    assert second.post(CHOICES, build_choices_form()).status_code == 302


def test_large_drafts_are_refused_above_byte_ceiling(client, event, ceilings):
    for number in range(10):
        make_question(event, f"q{number}", kind=Question.Kind.PARAGRAPH)
    client.post(PEOPLE, build_person_form())
    ceilings(DRAFTS_MB=0)

    small = client.post(CHOICES, build_choices_form(q0="a"))
    large = client.post(CHOICES, build_choices_form(**{f"q{number}": "a" * 3_000 for number in range(10)}))

    assert small.status_code == 200
    assert large.status_code == 507
    assert RegistrationDraft.objects.get().size < LARGE_DRAFT_BYTES


def test_new_drafts_are_rate_limited_by_network(event, settings, ceilings):
    settings.RATE_LIMITS = "on"
    ceilings(DRAFTS_NETWORK_COUNT=2)
    statuses = [Client().post(PEOPLE, build_person_form()).status_code for _visitor in range(3)]
    elsewhere = Client(REMOTE_ADDR="192.0.2.9").post(PEOPLE, build_person_form())

    assert statuses == [302, 302, 429]
    assert elsewhere.status_code == 302
    assert RegistrationDraft.objects.count() == 3


def test_forwarded_address_is_used_behind_proxy(event, settings, ceilings):
    settings.RATE_LIMITS = "on"
    settings.BEHIND_PROXY = True
    ceilings(DRAFTS_NETWORK_COUNT=1)
    statuses = [
        Client().post(PEOPLE, build_person_form(), headers={"X-Forwarded-For": address}).status_code
        for address in ("192.0.2.1", "10.0.0.1, 192.0.2.1", "198.51.100.2", "no address")
    ]

    assert statuses == [302, 429, 302, 302]


def test_unclaimed_files_and_old_drafts_are_removed(client, event, proof):
    client.post(PEOPLE, build_person_form())
    save_answer_file(question=proof, upload=pdf())
    delete_unclaimed_files()
    assert AnswerFile.objects.count() == 1
    assert RegistrationDraft.objects.count() == 1

    AnswerFile.objects.update(created_at=timezone.now() - datetime.timedelta(days=1, minutes=1))
    delete_unclaimed_files()
    delete_old_drafts(timezone.now() + datetime.timedelta(minutes=1))

    assert AnswerFile.objects.count() == 0
    assert RegistrationDraft.objects.count() == 0


# --- usage shown -----------------------------------------------------------------------------------------


@pytest.fixture
def organizer_client(event) -> Client:
    client, person = Client(), make_account()
    event.roles.create(person=person, role="organizer")
    client.force_login(person)
    return client


def test_organizer_sees_storage_use(organizer_client, event, proof, ceilings):
    one = make_registration(event.tickets.get())
    save_answer_file(question=proof, upload=pdf(size=2_048), registration=one)
    Client().post(PEOPLE, build_person_form())

    use = measure_event_storage(event)
    assert use.file_use == StorageUse(1, 2_048)
    assert use.unbooked_file_use == StorageUse(1, 2_048)
    assert use.draft_use.count == 1
    page = read_page_text(organizer_client.get("/organize/congress/questions/"))
    assert "nombre : 1 sur 5 000 · taille : 2,0 Ko sur 1 000,0 Mo" in page.replace("\u202f", " ").replace(
        "\xa0", " "
    )
    assert "L’espace pour les fichiers est plein" not in page

    ceilings(ANSWER_FILES_EVENT_COUNT=1)
    assert "L’espace pour les fichiers est plein" in read_page_text(
        organizer_client.get("/organize/congress/questions/")
    )


@pytest.mark.django_db(transaction=True)
def test_metrics_include_storage_use(client, event, proof):
    save_answer_file(question=proof, upload=pdf(size=2_048))

    lines = client.get("/metrics").text.splitlines()

    assert 'convention_stored{kind="answer_files"} 1.0' in lines
    assert 'convention_stored_bytes{kind="answer_files"} 2048.0' in lines
    assert 'convention_stored_ceiling{kind="drafts"} 50000.0' in lines
