"""An organizer who cancels a registration confirms the refund and the fee first."""

from functools import partial

import pytest
from django.test import Client
from django.utils import timezone

from registrations.changes.cancel import RefundChanged, cancel_registration, cancel_with_fee
from registrations.invoices.models.documents import Refund
from registrations.models import RefundRule, Registration
from tests.registrations.billing.test_refund_rules import congress, make_paid_order

pytestmark = [pytest.mark.django_db, pytest.mark.once]
__all__ = ["congress"]


@pytest.fixture
def registration(congress) -> Registration:
    _order, [registration] = make_paid_order(congress, 1)
    return registration


def post_cancellation(organizer: Client, registration: Registration, **fields: str):
    return organizer.post(f"/en/organize/congress/registrations/{registration.reference}/cancel/", fields)


def test_first_click_states_the_refund_and_cancels_nothing(organizer: Client, registration):
    page = post_cancellation(organizer, registration, **{"cancel-reason": "Ill"})

    registration.refresh_from_db()
    assert registration.cancelled_at is None
    assert "registration?</h1>" in page.text
    assert "To refund to the buyer: €60, bank transfer." in page.text
    assert 'value="Ill"' in page.text


def test_language_switch_of_the_question_leads_to_the_registration(organizer: Client, registration):
    path = f"/en/organize/congress/registrations/{registration.reference}/"

    answer = organizer.get(f"{path}cancel/")

    assert answer.status_code == 302
    assert answer["Location"] == path


def test_confirmation_states_the_fee_of_the_organizer_and_then_charges_it(organizer: Client, registration):
    fields = {"cancel-reason": "Ill", "cancel-cancellation_fee": "20"}

    page = post_cancellation(organizer, registration, **fields)
    post_cancellation(organizer, registration, **fields, confirmed_fee="2000")

    registration.refresh_from_db()
    assert "Cancellation fee owed by the buyer: €20." in page.text
    assert registration.cancellation_fee == 2_000
    assert Refund.objects.get().amount == 10_000


def test_refund_that_changed_since_is_confirmed_again(organizer: Client, registration):
    RefundRule.objects.update(refund_percent=90)

    page = post_cancellation(organizer, registration, confirmed_fee="6000")

    registration.refresh_from_db()
    assert "The refund has changed in the meantime. Check it again." in page.text
    assert registration.cancelled_at is None


@pytest.mark.parametrize(
    "cancel",
    [cancel_registration, partial(cancel_with_fee, fee_cents=2_000)],
    ids=["by the rules", "with a fee"],
)
def test_registration_is_not_cancelled_with_another_fee_than_the_confirmed_one(registration, cancel):
    with pytest.raises(RefundChanged):
        cancel(registration=registration, reason="Ill", expected_fee_cents=1)

    registration.refresh_from_db()
    assert registration.cancelled_at is None


def test_second_cancellation_leads_back_to_the_registration(organizer: Client, registration):
    Registration.objects.update(cancelled_at=timezone.now())

    answer = post_cancellation(organizer, registration, confirmed_fee="0")

    assert answer.status_code == 302
