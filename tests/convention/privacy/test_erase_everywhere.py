"""After an erasure, no value of the person is stored anywhere but on issued invoices.

Each history is searched before the erasure too, which shows that the search finds it.
"""

import datetime
import json
import quopri

import pytest
from django.utils import timezone

from convention.audit.models import AuditEntry
from convention.audit.record import record_action
from convention.personal_data import DataSubject
from convention.privacy.erase import erase_people, execute_erasure
from convention.privacy.find_data import add_known_names
from convention.privacy.models import PrivacyCase
from convention.privacy.redaction.redactor import Redactor
from convention.privacy.registry import describe_retained_documents
from convention.privacy.subjects import find_subject_by_address
from registrations.invoices.models.documents import Invoice, Quotation
from registrations.order_context import OrderContext
from registrations.order_request import BillingDetails
from registrations.quotations.create import create_order_quotation
from schedule.models import ScheduleUpload, Speaker
from schedule.privacy import PERSONAL_DATA
from tests.convention.privacy.find_traces import ADDRESS, FIRST, LAST, NAME, find_traces
from tests.convention.privacy.histories import HISTORIES
from tests.convention.privacy.histories.orders import (
    invoiced_and_paid,
    named_on_company_invoice,
    paid_by_card,
)
from tests.convention.privacy.histories.person import (
    PERSON_FIELDS,
    count_invoices,
    end_all_events,
    make_event_on_sale,
    make_person_account,
    make_place,
    make_request,
)
from tests.factories import (
    make_administrator,
    make_event,
    make_person,
    make_registration,
    make_session,
    make_ticket,
)

pytestmark = pytest.mark.django_db
THIRTY_DAYS_AGO = timezone.now() - datetime.timedelta(days=30)
ON_BOTH_DATABASES = {
    "at_the_desk", "corrected_by_the_organizer", "directory_import", "import_taken_back", "invoiced_and_paid",
    "mailings", "merged_registrations", "paid_by_card", "proposes_sessions", "visit_with_identity",
}  # fmt: skip
BY_LAW = {
    "invoices_invoice.buyer",
    "invoices_invoice.buyer_name",
    "invoices_invoiceline.description",
    "invoices_invoicepdf.content",
}


def list_history_parameters():
    """Return the histories; those outside ON_BOTH_DATABASES are marked to run on SQLite alone."""
    assert {history.__name__ for history in HISTORIES} >= ON_BOTH_DATABASES
    return [
        history if history.__name__ in ON_BOTH_DATABASES else pytest.param(history, marks=pytest.mark.once)
        for history in HISTORIES
    ]


@pytest.mark.parametrize("history", list_history_parameters(), ids=lambda history: history.__name__)
def test_erasure_leaves_no_trace_of_person(history, run_tasks):
    person = history()
    end_all_events()
    run_tasks(tolerate=True)
    assert find_traces() != set()
    case = PrivacyCase.objects.create(kind="erasure", person=person, email=ADDRESS, language="fr")

    execute_erasure(case=case)

    assert find_traces() - (BY_LAW if count_invoices() else set()) == set()


def test_documents_retained_by_law_are_named_before_and_after_erasure(
    client, mailoutbox, django_capture_on_commit_callbacks
):
    person = invoiced_and_paid()
    end_all_events()
    number = Invoice.objects.get().number
    client.force_login(person)
    sentence = (
        f"La facture {number} est conservée, avec ses lignes ainsi que le nom et l’adresse de l’acheteur"
    )
    before = client.get("/me/privacy/").content.decode().replace("\u00a0", " ")
    assert sentence in before
    assert f"31 décembre {timezone.localdate().year + 10}" in before
    case = PrivacyCase.objects.create(kind="erasure", person=person, email=ADDRESS, language="fr")

    with django_capture_on_commit_callbacks(execute=True):
        execute_erasure(case=case, answered_by=make_administrator())

    case.refresh_from_db()
    [retained] = case.retained
    assert sentence in retained
    assert sentence in mailoutbox[-1].body.replace("\n", " ")
    client.force_login(make_administrator())
    assert sentence in client.get(f"/organize/privacy/{case.pk}/").content.decode()


def test_attendee_is_informed_of_lines_on_invoice_of_another_buyer():
    named_on_company_invoice()
    subject = add_known_names(find_subject_by_address(ADDRESS))
    number = Invoice.objects.get().number

    [sentence] = map(str, describe_retained_documents(subject))

    assert sentence.startswith(
        f"Votre nom reste sur les lignes de la facture {number}, établie au nom d’un autre acheteur"
    )


def test_privacy_page_says_that_no_invoice_names_the_person(client):
    person = paid_by_card()
    client.force_login(person)

    page = client.get("/me/privacy/").content.decode()

    assert "Aucune facture émise ne porte votre nom" in page


def test_rows_and_notes_of_namesake_are_unchanged():
    person = make_person_account()
    namesake = make_person(first_name=FIRST, last_name=LAST, email="other@firm.example")
    theirs = make_registration(
        make_ticket(make_event()), person=namesake, first_name=FIRST, last_name=LAST, email=namesake.email
    )
    record_action("registration.note", theirs, event=theirs.event, reason=f"{NAME} viendra tard")
    mine = record_action("person.note", person, reason=f"{LAST} a déménagé")

    execute_erasure(case=PrivacyCase.objects.create(kind="erasure", person=person, email=ADDRESS))

    namesake.refresh_from_db()
    theirs.refresh_from_db()
    assert namesake.name == NAME
    assert theirs.name == NAME
    assert AuditEntry.objects.get(verb="registration.note").reason == f"{NAME} viendra tard"
    assert AuditEntry.objects.get(pk=mine.pk).reason == "… a déménagé"


def test_rows_found_only_by_name_remain_where_they_may_be_of_a_namesake():
    """Speakers and quotations are found by name alone, and may be a namesake's."""
    person = make_person_account()
    coming, past = (
        make_event(),
        make_event(starts_at=THIRTY_DAYS_AGO, ends_at=THIRTY_DAYS_AGO + datetime.timedelta(days=1)),
    )
    for event in (coming, past):
        make_session(event, speakers=(NAME,))
    namesake = make_person(first_name=FIRST, last_name=LAST, email="other@firm.example")
    event = make_event_on_sale()
    asked = make_request(make_place(email=namesake.email), email=namesake.email)
    quotation = create_order_quotation(event=event, request=asked, context=OrderContext())

    assert erase_people(people=[person]) == [person]

    assert set(Speaker.objects.values_list("event", flat=True)) == {coming.pk, past.pk}
    assert Quotation.objects.get().buyer_name == NAME
    case = PrivacyCase.objects.create(kind="erasure", person=recreate_account(), email=ADDRESS)

    execute_erasure(case=case)

    assert list(Speaker.objects.values_list("event", flat=True)) == [coming.pk]
    case.refresh_from_db()
    speaker = Speaker.objects.get()
    quotation.refresh_from_db()
    assert quotation.buyer_name == NAME
    assert NAME in quotation.line_texts[0]
    assert ["schedule.speaker", "name", speaker.pk] not in case.mentions  # because there is a namesake
    namesake.delete()


def recreate_account():
    """Create the same person again."""
    return make_person(**PERSON_FIELDS)


def test_texts_that_name_person_are_listed_for_manual_change(client):
    person = make_person_account()
    event = make_event(name="Congrès", description=f"Organisé par {NAME}, {ADDRESS}")
    case = PrivacyCase.objects.create(kind="erasure", person=person, email=ADDRESS)

    execute_erasure(case=case)

    case.refresh_from_db()
    assert case.mentions == [["events.event", "description", event.pk]]
    client.force_login(make_administrator())
    page = client.get(f"/organize/privacy/{case.pk}/").content.decode()
    assert "À modifier vous-même" in page
    assert NAME not in page


def test_attendee_of_a_quotation_is_found_by_address_and_removed_with_the_name_on_its_lines():
    person = make_person_account()
    places = (make_place(first_name="Zaza"), make_place(first_name="Bo", last_name="Roi", email="bo@x.fr"))
    asked = make_request(*places, email="boss@x.fr", billing=BillingDetails(name="Acme SA"))
    quotation = create_order_quotation(event=make_event_on_sale(), request=asked, context=OrderContext())

    # Automatic: nobody reviews it, so names alone are not enough.
    erase_people(people=[person])

    quotation.refresh_from_db()
    assert [attendee["email"] for attendee in quotation.details["attendees"]] == ["bo@x.fr"]
    assert {line["key"][0]: line["attendee"] for line in quotation.lines} == {"0": "", "1": "Bo Roi"}


@pytest.mark.parametrize(
    ("text", "struck"),
    [
        ("Éwzanna Qvørtrup-Zwick arrive", "… arrive"),
        ("ÉWZANNA  QVØRTRUP ZWICK", "…"),
        ("Qvortrup-Zwick, Ewzanna", "…"),
        ("liste_ewzanna.qvortrup_zwick.csv", "liste_….csv"),
        ("<wzanna.qvortrup@firm.example>: 550", "<…>: 550"),
        ("WZANNA.QVORTRUP@FIRM.EXAMPLE", "…"),
        ("xwzanna.qvortrup@firm.example", "xwzanna.qvortrup@firm.example"),
        ("wzanna.qvortrup@firm.example.org", "wzanna.qvortrup@firm.example.org"),
        ("Éwzanna seule", "Éwzanna seule"),
        ("Éwzannah Qvørtrup-Zwick", "Éwzannah Qvørtrup-Zwick"),
    ],
)
def test_full_names_and_addresses_are_redacted_in_any_spelling(text, struck):
    subject = DataSubject(addresses=frozenset({ADDRESS}), names=frozenset({(FIRST, LAST)}))
    assert Redactor(subject).redact_text(text) == struck


@pytest.mark.parametrize(("text", "struck"), [
    ("Éwzanna seule", "… seule"), ("M. Qvortrup", "M. …"), ("Zwick & Cie", "… & Cie"), ("Éwz", "Éwz"),
])  # fmt: skip
def test_single_names_are_redacted_in_texts_about_the_person(text, struck):
    subject = DataSubject(names=frozenset({(FIRST, LAST)}))
    assert Redactor(subject, redact_single_names=True).redact_text(text) == struck


@pytest.mark.parametrize(
    "content",
    [
        json.dumps({"schedule": {"persons": [NAME]}}).encode(),
        f"<schedule><person>{NAME}</person></schedule>".encode("utf-16"),
        f"<schedule><person>{NAME}</person></schedule>".encode("latin-1"),
        b"BEGIN:VCALENDAR\r\nSUMMARY;ENCODING=QUOTED-PRINTABLE:" + quopri.encodestring(NAME.encode()),
        f"BEGIN:VCALENDAR\r\nSUMMARY:{NAME[:4]}\r\n {NAME[4:]}\r\n".encode(),
    ],
    ids=["JSON", "UTF-16", "Latin-1", "quoted-printable", "folded"],
)
def test_schedule_upload_that_names_person_is_found_in_any_encoding(content):
    upload = ScheduleUpload.objects.create(event=make_event(), token="t" * 43, name="p", content=content)
    subject = DataSubject(names=frozenset({(FIRST, LAST)}))
    [source] = [source for source in PERSONAL_DATA if source.model is ScheduleUpload]

    found = source.find_more_rows(subject)

    assert list(found) == [upload]


def test_short_names_are_not_redacted():
    subject = DataSubject(names=frozenset({("Al", "Bo"), ("X", ""), ("", "")}))

    assert Redactor(subject).redact_text("Al Bo, X, albo") == "Al Bo, X, albo"
    assert Redactor(subject, redact_single_names=True).redact_text("Al ou Bo ; X") == "Al ou Bo ; X"
