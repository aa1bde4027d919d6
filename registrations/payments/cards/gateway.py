"""Stripe client: the only module that imports its library. It returns plain dataclasses.

Every request that changes something carries an idempotency key, so that it can be repeated.
"""

import datetime
import functools
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import stripe
from django.conf import settings

from convention.web.external_calls import ExternalServiceBusy, count_external_call

API_VERSION = "2026-10-28.endive"  # what this module is written and tested for
TIMEOUT_SECONDS = 12
MAX_RETRIES = 2
PAGE_SIZE = 100
# Length of StripeEvent's columns; Stripe guarantees at most 255 characters and uses about 30.
MAX_ID_LENGTH = 120

# The library would send the latency of earlier requests along with each request.
stripe.enable_telemetry = False
logging.getLogger("stripe").setLevel(logging.WARNING)
logger = logging.getLogger(__name__)


class StripeUnavailable(OSError):
    """Stripe does not answer properly now; the same request may be sent again later."""


class StripeRefusal(Exception):
    """Stripe refuses the request and would refuse it again; `code` is Stripe's error code."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


class UnreadableEvent(StripeRefusal):
    """An event lacks mandatory data, or has them in another type."""

    def __init__(self, sentence: str) -> None:
        super().__init__("unreadable-event", sentence)


@dataclass(frozen=True)
class SessionFacts:
    """Checkout Session; amounts in cents. `payment_intent_id` is empty until the buyer pays."""

    session_id: str
    url: str
    status: str
    payment_status: str
    amount_cents: int
    currency: str
    attempt_key: str
    payment_intent_id: str = ""
    payment_intent_status: str = ""
    method: str = "card"
    fee_cents: int = 0

    @property
    def is_paid(self) -> bool:
        return self.status == "complete" and self.payment_status == "paid"

    @property
    def has_failed(self) -> bool:
        """Return whether a direct debit that was begun has been refused by the bank."""
        return (
            self.status == "complete"
            and not self.is_paid
            and self.payment_intent_status in {"requires_payment_method", "canceled"}
        )


@dataclass(frozen=True)
class RefundFacts:
    """Refund; `own_refund_id` is our primary key, empty for one made in Stripe's dashboard."""

    refund_id: str
    payment_intent_id: str
    amount_cents: int
    status: str
    own_refund_id: str = ""
    failure_reason: str = ""


@dataclass(frozen=True)
class DisputeFacts:
    """Dispute; amounts in cents."""

    dispute_id: str
    payment_intent_id: str
    amount_cents: int
    reason: str
    status: str
    opened_at: datetime.datetime
    evidence_due_at: datetime.datetime | None


@dataclass(frozen=True)
class PayoutFacts:
    """Payout to the bank; amounts in cents."""

    payout_id: str
    amount_cents: int
    currency: str
    status: str
    arrives_on: datetime.date
    # Stripe lists the content of automatic payouts only.
    is_automatic: bool = True


@dataclass(frozen=True)
class PayoutLineFacts:
    """Line of a payout; `source_id` is the refund or dispute, `payment_intent_id` its payment.

    `attempt_key` is set on the line of the charge itself, from our metadata.
    """

    line_id: str
    kind: str
    gross_cents: int
    fee_cents: int
    source_id: str
    payment_intent_id: str
    attempt_key: str = ""


@dataclass(frozen=True)
class EventFacts:
    """Event; `object_id` is empty if it names no object."""

    event_id: str
    kind: str
    object_id: str
    happened_at: datetime.datetime


@functools.cache
def _build_client(api_key: str, base_url: str) -> stripe.StripeClient:
    # The default timeout of 80 seconds would block a worker for too long.
    http = stripe.RequestsClient(timeout=TIMEOUT_SECONDS)
    base_addresses: Any = {"api": base_url} if base_url else None
    return stripe.StripeClient(
        api_key,
        stripe_version=API_VERSION,
        base_addresses=base_addresses,
        max_network_retries=MAX_RETRIES,
        http_client=http,
    )


def get_client() -> stripe.StripeClient:
    """Return the client for the configured key."""
    return _build_client(settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE)


def _translate_errors[**P, R](call_stripe: Callable[P, R]) -> Callable[P, R]:
    """Map the library's errors to StripeUnavailable (temporary) and StripeRefusal (permanent)."""

    @functools.wraps(call_stripe)
    def translated(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            # Limits how many threads wait for Stripe at once.
            with count_external_call():
                return call_stripe(*args, **kwargs)
        except ExternalServiceBusy as error:
            raise StripeUnavailable("OutsideBusy") from error
        # Only these are final. After a rate limit, or a wrong key that the operator corrects, the request can
        # be repeated.
        except (stripe.InvalidRequestError, stripe.IdempotencyError, stripe.CardError) as error:
            raise StripeRefusal(error.code or type(error).__name__, error.user_message or "") from error
        except stripe.StripeError as error:
            raise StripeUnavailable(type(error).__name__) from error

    return translated


# --- sessions --------------------------------------------------------------------------------------------

SESSION_EXPANSIONS = ["payment_intent.latest_charge.balance_transaction"]


@_translate_errors
def create_session(session_params: dict[str, Any], *, idempotency_key: str) -> SessionFacts:
    """Create a Checkout Session; the same key and parameters return the same session."""
    params: Any = session_params
    return _build_session_facts(
        get_client().v1.checkout.sessions.create(params=params, options={"idempotency_key": idempotency_key})
    )


@_translate_errors
def fetch_session(session_id: str) -> SessionFacts:
    session = get_client().v1.checkout.sessions.retrieve(session_id, params={"expand": SESSION_EXPANSIONS})
    return _build_session_facts(session)


@_translate_errors
def find_session_by_intent(payment_intent_id: str) -> SessionFacts | None:
    """Return the session in which a payment was made, or None."""
    params: Any = {"payment_intent": payment_intent_id, "limit": 1}
    sessions = get_client().v1.checkout.sessions.list(params=params).data
    return fetch_session(sessions[0].id) if sessions else None


@_translate_errors
def expire_session(session_id: str) -> SessionFacts:
    """Expire a session, so that it can no longer be paid."""
    return _build_session_facts(get_client().v1.checkout.sessions.expire(session_id))


def _build_session_facts(session: Any) -> SessionFacts:
    # Expanded objects are present only in `fetch_session`; elsewhere there are just ids.
    intent = _get_expanded(session.payment_intent)
    charge = _get_expanded(getattr(intent, "latest_charge", None)) if intent else None
    balance = _get_expanded(getattr(charge, "balance_transaction", None)) if charge else None
    details = charge.payment_method_details if charge else None
    return SessionFacts(
        session_id=session.id,
        url=session.url or "",
        status=session.status or "",
        payment_status=session.payment_status,
        amount_cents=session.amount_total or 0,
        currency=(session.currency or "").upper(),
        attempt_key=_get_metadata(session).get("attempt", ""),
        payment_intent_id=_get_id(session.payment_intent),
        payment_intent_status=intent.status if intent else "",
        method="sepa_debit" if details and details.type == "sepa_debit" else "card",
        fee_cents=balance.fee if balance else 0,
    )


# --- refunds, disputes, payouts ---------------------------------------------------------------------------


@_translate_errors
def create_refund(
    *, payment_intent_id: str, amount: int, own_refund_id: str, idempotency_key: str
) -> RefundFacts:
    """Refund `amount` cents of a payment."""
    params: Any = {
        "payment_intent": payment_intent_id,
        "amount": amount,
        "metadata": {"refund": own_refund_id},
    }
    return _build_refund_facts(
        get_client().v1.refunds.create(params=params, options={"idempotency_key": idempotency_key})
    )


@_translate_errors
def fetch_refund(refund_id: str) -> RefundFacts:
    return _build_refund_facts(get_client().v1.refunds.retrieve(refund_id))


def _build_refund_facts(refund: Any) -> RefundFacts:
    return RefundFacts(
        refund_id=refund.id,
        payment_intent_id=_get_id(refund.payment_intent),
        amount_cents=refund.amount,
        status=refund.status or "",
        own_refund_id=_get_metadata(refund).get("refund", ""),
        failure_reason=getattr(refund, "failure_reason", None) or "",
    )


@_translate_errors
def fetch_dispute(dispute_id: str) -> DisputeFacts:
    dispute = get_client().v1.disputes.retrieve(dispute_id)
    due = dispute.evidence_details.due_by if dispute.evidence_details else None
    return DisputeFacts(
        dispute_id=dispute.id,
        payment_intent_id=_get_id(dispute.payment_intent),
        amount_cents=dispute.amount,
        reason=dispute.reason,
        status=dispute.status,
        opened_at=_to_datetime(dispute.created),
        evidence_due_at=_to_datetime(due) if due else None,
    )


@_translate_errors
def fetch_payout(payout_id: str) -> PayoutFacts:
    payout = get_client().v1.payouts.retrieve(payout_id)
    return PayoutFacts(
        payout_id=payout.id,
        amount_cents=payout.amount,
        currency=payout.currency.upper(),
        status=payout.status,
        # Stripe gives midnight UTC of the day; in another zone it could be the day before.
        arrives_on=_to_datetime(payout.arrival_date).date(),
        is_automatic=payout.automatic,
    )


@_translate_errors
def fetch_payout_lines(payout_id: str) -> list[PayoutLineFacts]:
    """Return the lines of a payout, without the line of the payout itself."""
    params: Any = {"payout": payout_id, "limit": PAGE_SIZE, "expand": ["data.source"]}
    lines = get_client().v1.balance_transactions.list(params=params)
    return [_build_line_facts(line) for line in lines.auto_paging_iter() if line.type != "payout"]


def _build_line_facts(line: Any) -> PayoutLineFacts:
    source = _get_expanded(line.source)
    is_charge = source and line.reporting_category == "charge"  # a debit’s own type is “payment”
    return PayoutLineFacts(
        line_id=line.id,
        kind=line.reporting_category,
        gross_cents=line.amount,
        fee_cents=line.fee,
        source_id=_get_id(line.source),
        payment_intent_id=_get_id(getattr(source, "payment_intent", None)) if source else "",
        attempt_key=_get_metadata(source).get("attempt", "") if is_charge else "",
    )


# --- events ------------------------------------------------------------------------------------------------


def verify_event(body: bytes, signature: str) -> EventFacts:
    """Return the event in a webhook body.

    Raise StripeRefusal unless Stripe signed it within five minutes, UnreadableEvent if the signed body is not
    an event as the API describes it.
    """
    try:
        event = get_client().construct_event(body, signature, settings.STRIPE_WEBHOOK_SECRET)
    except stripe.SignatureVerificationError as error:
        raise StripeRefusal("signature", type(error).__name__) from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UnreadableEvent(f"it is not an event in JSON ({type(error).__name__})") from error
    return _build_event_facts(event)


@_translate_errors
def fetch_event(event_id: str) -> EventFacts:
    """Return an event by its id; Stripe keeps events for thirty days."""
    return _build_event_facts(get_client().v1.events.retrieve(event_id))


def iter_events_since(since: datetime.datetime, *, kinds: list[str]) -> Iterator[EventFacts]:
    """Yield the events of these kinds since a moment, newest first; unreadable ones are skipped."""
    params: Any = {"created": {"gte": int(since.timestamp())}, "limit": PAGE_SIZE, "types": kinds}
    for event in _list_events(params):
        try:
            yield _build_event_facts(event)
        except UnreadableEvent as error:
            logger.warning("An event in Stripe's list cannot be read: %s.", error)


@_translate_errors
def _list_events(params: Any) -> list[Any]:
    # A list and no generator: errors must occur within the translation above.
    return list(get_client().v1.events.list(params=params).auto_paging_iter())


def _build_event_facts(event: Any) -> EventFacts:
    event_id, kind = _get_event_text(event, "id"), _get_event_text(event, "type")
    content = getattr(event, "data", None)
    if content is None or not hasattr(content, "object"):
        raise UnreadableEvent(f"{event_id} has no data.object")
    raw_object_id = getattr(content.object, "id", None)
    object_id = str(raw_object_id) if _is_storable(raw_object_id) else ""
    return EventFacts(event_id, kind, object_id, _get_event_time(event, event_id))


def _get_event_text(event: Any, field: str) -> str:
    value = getattr(event, field, None)
    if not _is_storable(value):
        raise UnreadableEvent(f"its {field} is not a text of 1 to {MAX_ID_LENGTH} characters")
    return str(value)


def _is_storable(value: Any) -> bool:
    """Return whether the value fits a column of StripeEvent; PostgreSQL accepts no NUL."""
    return isinstance(value, str) and 0 < len(value) <= MAX_ID_LENGTH and "\0" not in value


def _get_event_time(event: Any, event_id: str) -> datetime.datetime:
    created = getattr(event, "created", None)
    if type(created) is not int:  # a bool is an int too
        raise UnreadableEvent(f"{event_id} has no moment in seconds")
    try:
        return _to_datetime(created)
    except (ValueError, OverflowError, OSError) as error:
        raise UnreadableEvent(f"the moment of {event_id} is out of range") from error


def _to_datetime(seconds: int) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC)


def _get_id(stripe_object: Any) -> str:
    """Return the id of a reference, which may be expanded, or ""."""
    return (stripe_object if isinstance(stripe_object, str) else stripe_object.id) if stripe_object else ""


def _get_expanded(stripe_object: Any) -> Any:
    """Return the expanded object, or None if there is only its id."""
    return None if stripe_object is None or isinstance(stripe_object, str) else stripe_object


def _get_metadata(stripe_object: Any) -> dict[str, str]:
    return dict(stripe_object.metadata.to_dict()) if stripe_object.metadata else {}
