"""The history of a registration shows texts instead of verbs and columns, and payments with amounts."""

import re
from pathlib import Path

import pytest

from convention.audit.record import record_action
from registrations.changes.cancel import cancel_with_fee
from registrations.changes.change_order import change_order
from registrations.changes.correct import Correction, correct_as_organizer
from registrations.changes.resend import resend_mail
from registrations.models import Registration
from registrations.organizer.history import AUDIT_VERB_TEXTS
from tests.factories import make_addon, make_ticket
from tests.registrations.billing.test_refund_rules import congress, make_paid_order

pytestmark = [pytest.mark.django_db, pytest.mark.once]
__all__ = ["congress"]
ROOT = Path(__file__).resolve().parents[3]
VERB_PATTERN = re.compile(r'"((?:registration|order|seat|badge|address|payment|conflict|scan)\.[a-z_]+)"')
# Verbs about other subjects: the event, an import, a file, or a payment.
OTHER_SUBJECTS = {
    "registration.import", "registration.undo_import", "registration.read_file", "order.bulk_cancel",
    "payment.record", "payment.receipt", "payment.cancel", "payment.acknowledge",
}  # fmt: skip


def list_recorded_verbs() -> set[str]:
    """Return the verbs about registrations and orders that the product records."""
    files = [*ROOT.glob("registrations/**/*.py"), *ROOT.glob("badges/**/*.py")]
    texts = [path.read_text(encoding="utf-8") for path in files if path.name != "history.py"]
    return {verb for text in texts if "record_action" in text for verb in VERB_PATTERN.findall(text)}


def test_every_recorded_verb_has_text():
    verbs = list_recorded_verbs()

    # Known verbs of both packages show that the pattern finds them.
    assert verbs >= OTHER_SUBJECTS | {"registration.cancel", "badge.print"}
    assert verbs - OTHER_SUBJECTS - AUDIT_VERB_TEXTS.keys() == set()


def test_history_shows_field_labels_and_payment_amounts(organizer, congress):
    _order, [registration] = make_paid_order(congress, 1, "test")
    wanted = Correction(
        first_name="Zoë", last_name=registration.last_name, email="", company="Acme", no_photo=False
    )
    correct_as_organizer(registration=registration, correction=wanted)
    record_action("registration.of_the_past", registration, fields=["badge_version"])
    record_action("registration.substitute", registration, fields=["first_name", "no_photo"])
    record_action("conflict.resolve", f"registrations.registration:{registration.pk}", reason="wrong_badge")

    page = organizer.get(f"/organize/congress/registrations/{registration.reference}/").text
    history = " ".join(page.partition("Historique")[2].replace("\u202f", " ").replace("\xa0", " ").split())

    assert "Corrigée : " in history
    assert "prénom" in history
    assert "Paiement reçu, 120 €, paiement d’essai" in history
    assert "Autre modification" in history
    assert "pas de photos" not in history
    assert "Double entrée traitée" in history
    assert "wrong_badge" not in history
    assert "badge_version" not in history
    assert "first_name" not in page.partition("Historique")[2]


def test_history_says_that_an_address_was_corrected_when_a_mail_was_sent_again(organizer, congress):
    _order, [registration] = make_paid_order(congress, 1, "test")
    resend_mail(registration=registration, email="right@example.org")

    page = organizer.get(f"/en/organize/congress/registrations/{registration.reference}/").text
    history = " ".join(page.partition("History")[2].split())

    assert "E-mail sent again, to a corrected address" in history
    assert "corrected address: " not in history


def test_history_names_exchanged_tickets_addons_and_difference(organizer, congress):
    _order, [registration] = make_paid_order(congress, 1, "test")
    vendor = make_ticket(congress, slug="vendor", name="Fournisseur", name_en="Vendor", price=51_500)
    dinner = make_addon(congress, price=4_500, name="Dîner", name_en="Dinner")
    path = f"/en/organize/congress/registrations/{registration.reference}/"

    change_order(registration=registration, ticket=vendor, addons=[dinner], expected_cents=44_000)
    registration.refresh_from_db()
    change_order(registration=registration, ticket=vendor, addons=[], expected_cents=-4_500)

    history = " ".join(organizer.get(path).text.partition("History")[2].split())
    assert "Ticket: Guest → Vendor, add-on added: Dinner, + €440" in history
    assert "Add-on removed: Dinner, −€45" in history


def test_history_keeps_the_fee_of_a_cancellation_after_reinstatement(organizer, congress):
    _order, [registration] = make_paid_order(congress, 1, "test")
    cancel_with_fee(registration=registration, fee_cents=3_000, reason="No-show")
    Registration.objects.filter(pk=registration.pk).update(cancelled_at=None, cancellation_fee=0)

    page = organizer.get(f"/en/organize/congress/registrations/{registration.reference}/").text
    history = " ".join(page.partition("History")[2].split())

    assert "cancellation fee of €30" in history
