"""Files and drafts that visitors store before they are known: up to ceilings, which are documented."""

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
from tests.registrations.test_pages import BILLING, text, who

pytestmark = [pytest.mark.django_db, pytest.mark.once]
WHO, CHOICES, CHECK = (f"/events/congress/register/{page}" for page in ("", "choices/", "check/"))
FULL = "Aucun fichier ne peut être ajouté pour le moment."


def pdf(name: str = "card.pdf", size: int = 100) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, b"%PDF-1.7".ljust(size, b"0"))


def typed(**answers: object) -> dict[str, object]:
    return {"choice-0-ticket": "guest", **{f"answer-0-{slug}": value for slug, value in answers.items()}}


@pytest.fixture
def proof(event: Event) -> Question:
    return make_question(event, "proof", kind=Question.Kind.FILE, is_required=True)


@pytest.fixture
def ceilings(settings):
    """Set ceilings for a test."""

    def change(**values: int) -> None:
        settings.STORAGE_CEILINGS = {**settings.STORAGE_CEILINGS, **values}

    return change


def test_ceilings_are_read_from_the_environment_and_documented(monkeypatch):
    monkeypatch.setenv("DRAFTS_MB", "7")

    assert read_ceilings(env.int) == {**DEFAULT_CEILINGS, "DRAFTS_MB": 7}
    manual = (ROOT / "docs" / "operators.md").read_text()
    assert [name for name in DEFAULT_CEILINGS if f"`{name}`" not in manual] == []


def test_size_of_a_file_is_stored_with_it(proof):
    assert save_answer_file(question=proof, upload=pdf(size=321)).size == 321


@pytest.mark.parametrize("ceiling", ["ANSWER_FILES_EVENT_COUNT", "ANSWER_FILES_COUNT"])
def test_files_stop_at_the_ceiling_and_half_of_it_is_for_booked_registrations(
    event, proof, ceilings, ceiling
):
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
def test_files_stop_at_the_ceiling_of_bytes(proof, ceilings, ceiling):
    ceilings(**{ceiling: 2})
    save_answer_file(question=proof, upload=pdf(size=900_000))

    with pytest.raises(FileStorageFull):
        save_answer_file(question=proof, upload=pdf(size=200_000))
    save_answer_file(question=proof, upload=pdf(size=100_000))


def test_files_of_one_event_leave_room_for_those_of_another(proof, ceilings):
    ceilings(ANSWER_FILES_EVENT_COUNT=2)
    elsewhere = make_event()
    make_ticket(elsewhere)
    save_answer_file(question=proof, upload=pdf())

    other = make_question(elsewhere, "proof", kind=Question.Kind.FILE)

    assert save_answer_file(question=other, upload=pdf()).event == elsewhere


def test_registration_goes_on_without_a_required_file_where_none_can_be_stored(client, proof, ceilings):
    client.post(WHO, who())
    assert "Répondez à cette question." in text(client.post(CHOICES, typed(shown="proof")))
    ceilings(ANSWER_FILES_COUNT=0)

    refused = client.post(CHOICES, typed(shown="proof", proof=pdf()))
    gone_on = client.post(CHOICES, typed(shown="proof"))
    client.post(CHECK, {"language": "fr", **BILLING})

    assert FULL in text(refused)
    assert gone_on.url == CHECK
    one = Registration.objects.get()
    assert one.answers == {}
    assert "Questions" in text(client.get(one.order.manage_path))


def test_file_is_sent_later_by_link_once_there_is_room(client, event, proof, ceilings):
    one = make_registration(event.tickets.get())
    page = f"{one.order.manage_path}{one.reference}/answers/"
    ceilings(ANSWER_FILES_COUNT=0)
    assert FULL in text(client.post(page, {"shown": "proof", "proof": pdf()}))

    ceilings(ANSWER_FILES_COUNT=1)
    client.post(page, {"shown": "proof", "proof": pdf()})

    assert AnswerFile.objects.get().registration == one


def test_files_are_counted_by_network_whatever_the_sender_is_called(event, proof, settings, ceilings):
    settings.RATE_LIMITS = "on"
    ceilings(ANSWER_FILES_NETWORK_COUNT=2)

    def send(number: int, network: str) -> str:
        browser = Client(REMOTE_ADDR=network)
        browser.post(WHO, who(**{"person-0-email": f"somebody{number}@example.org"}))
        return text(browser.post(CHOICES, typed(shown="proof", proof=pdf())))

    pages = [send(number, "192.0.2.1") for number in range(3)]
    elsewhere = send(4, "198.51.100.2")

    refused = "Vous avez envoyé trop de fichiers. Retirez-en et réessayez."
    assert refused not in pages[0]
    assert refused not in pages[1]
    assert refused in pages[2]
    assert refused not in elsewhere
    assert AnswerFile.objects.count() == 3


def test_bytes_are_counted_by_network_too(event, proof, settings, ceilings):
    settings.RATE_LIMITS = "on"
    ceilings(ANSWER_FILES_NETWORK_MB=1)
    for number in range(3):
        browser = Client()
        browser.post(WHO, who(**{"person-0-email": f"somebody{number}@example.org"}))
        browser.post(CHOICES, typed(shown="proof", proof=pdf(size=600_000)))

    assert AnswerFile.objects.count() == 1


def test_addresses_of_one_household_are_one_network(event, proof, settings, ceilings):
    settings.RATE_LIMITS = "on"
    ceilings(DRAFTS_NETWORK_COUNT=1)
    statuses = [
        Client(REMOTE_ADDR=address).post(WHO, who()).status_code
        for address in ("2001:db8:1:2::1", "2001:db8:1:3::2", "2001:db8:2::1")
    ]

    assert statuses == [302, 429, 302]


# --- drafts ----------------------------------------------------------------------------------------------


def test_draft_has_a_row_and_the_session_its_token(client, event):
    client.post(WHO, who())

    draft = RegistrationDraft.objects.get()
    assert client.session["registration:congress"] == draft.token
    assert (draft.event, draft.size) == (event, len(draft.content))
    assert json.loads(draft.content)["people"][0]["first_name"] == "Zoé"


def test_draft_is_changed_in_its_row_and_removed_when_it_is_booked(client, event):
    client.post(WHO, who())
    before = Session.objects.get().session_data
    client.post(CHOICES, typed())
    client.post(WHO, who(**{"person-0-first_name": "Ana\0"}))
    assert RegistrationDraft.objects.count() == 1
    assert Session.objects.get().session_data == before

    client.post(CHECK, {"language": "fr", **BILLING})

    assert Registration.objects.get().first_name == "Ana"
    assert RegistrationDraft.objects.count() == 0
    client.post(WHO, who())
    assert RegistrationDraft.objects.count() == 1


def test_draft_that_is_larger_than_any_is_refused(client, event):
    for number in range(90):
        make_question(event, f"q{number}", kind=Question.Kind.PARAGRAPH)
    client.post(WHO, who())

    page = client.post(CHOICES, typed(**{f"q{number}": "a" * 4_000 for number in range(90)}))

    assert page.status_code == 413
    assert "Cette inscription contient trop de données" in text(page)
    assert RegistrationDraft.objects.get().size < MAX_DRAFT_BYTES


@pytest.mark.parametrize("ceiling", ["DRAFTS_EVENT_COUNT", "DRAFTS_COUNT"])
def test_drafts_stop_at_the_ceiling_and_old_ones_make_room(event, ceilings, ceiling):
    ceilings(**{ceiling: 2})
    first, second, third = Client(), Client(), Client()
    first.post(WHO, who())
    second.post(WHO, who())

    refused = third.post(WHO, who())
    assert refused.status_code == 507
    assert "Réessayez dans une heure." in text(refused)

    oldest = RegistrationDraft.objects.order_by("pk").first()
    RegistrationDraft.objects.filter(pk=oldest.pk).update(
        changed_at=timezone.now() - datetime.timedelta(hours=2)
    )
    assert third.post(WHO, who()).status_code == 302
    assert not RegistrationDraft.objects.filter(pk=oldest.pk).exists()
    assert second.post(CHOICES, typed()).status_code == 302


def test_bytes_of_drafts_stop_at_their_ceiling(client, event, ceilings):
    for number in range(10):
        make_question(event, f"q{number}", kind=Question.Kind.PARAGRAPH)
    client.post(WHO, who())
    ceilings(DRAFTS_MB=0)

    small = client.post(CHOICES, typed(q0="a"))
    large = client.post(CHOICES, typed(**{f"q{number}": "a" * 3_000 for number in range(10)}))

    assert (small.status_code, large.status_code) == (200, 507)
    assert RegistrationDraft.objects.get().size < LARGE_DRAFT_BYTES


def test_registrations_are_begun_so_often_an_hour_from_one_network(event, settings, ceilings):
    settings.RATE_LIMITS = "on"
    ceilings(DRAFTS_NETWORK_COUNT=2)
    statuses = [Client().post(WHO, who()).status_code for _visitor in range(3)]
    elsewhere = Client(REMOTE_ADDR="192.0.2.9").post(WHO, who())

    assert statuses == [302, 302, 429]
    assert elsewhere.status_code == 302
    assert RegistrationDraft.objects.count() == 3


def test_proxy_in_front_is_believed_where_there_is_one(event, settings, ceilings):
    settings.RATE_LIMITS = "on"
    settings.BEHIND_PROXY = True
    ceilings(DRAFTS_NETWORK_COUNT=1)
    statuses = [
        Client().post(WHO, who(), headers={"X-Forwarded-For": address}).status_code
        for address in ("192.0.2.1", "10.0.0.1, 192.0.2.1", "198.51.100.2", "no address")
    ]

    assert statuses == [302, 429, 302, 302]


def test_what_is_never_finished_is_removed(client, event, proof):
    client.post(WHO, who())
    save_answer_file(question=proof, upload=pdf())
    delete_unclaimed_files()
    assert (AnswerFile.objects.count(), RegistrationDraft.objects.count()) == (1, 1)

    AnswerFile.objects.update(created_at=timezone.now() - datetime.timedelta(days=1, minutes=1))
    delete_unclaimed_files()
    delete_old_drafts(timezone.now() + datetime.timedelta(minutes=1))

    assert AnswerFile.objects.count() == 0
    assert RegistrationDraft.objects.count() == 0


# --- who sees it -----------------------------------------------------------------------------------------


@pytest.fixture
def organizer_client(event) -> Client:
    client, person = Client(), make_account()
    event.roles.create(person=person, role="organizer")
    client.force_login(person)
    return client


def test_organizers_see_how_much_is_used(organizer_client, event, proof, ceilings):
    one = make_registration(event.tickets.get())
    save_answer_file(question=proof, upload=pdf(size=2_048), registration=one)
    Client().post(WHO, who())

    use = measure_event_storage(event)
    assert (use.file_use, use.unbooked_file_use, use.draft_use.count) == (
        StorageUse(1, 2_048),
        StorageUse(1, 2_048),
        1,
    )
    page = text(organizer_client.get("/organize/congress/questions/"))
    assert "nombre : 1 sur 5 000 · taille : 2,0 Kio sur 1 000,0 Mio" in page.replace("\u202f", " ").replace(
        "\xa0", " "
    )
    assert "L’espace pour les fichiers est plein" not in page

    ceilings(ANSWER_FILES_EVENT_COUNT=1)
    assert "L’espace pour les fichiers est plein" in text(
        organizer_client.get("/organize/congress/questions/")
    )


@pytest.mark.django_db(transaction=True)
def test_operators_see_it_in_the_figures(client, event, proof):
    save_answer_file(question=proof, upload=pdf(size=2_048))

    lines = client.get("/metrics").text.splitlines()

    assert 'convention_stored{kind="answer_files"} 1.0' in lines
    assert 'convention_stored_bytes{kind="answer_files"} 2048.0' in lines
    assert 'convention_stored_ceiling{kind="drafts"} 50000.0' in lines
