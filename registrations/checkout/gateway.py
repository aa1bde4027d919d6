"""Stripe, as far as we speak to it: the one module that knows its library. It returns plain facts.

Every request that changes something carries an idempotency key, so that asking again changes nothing.
"""

import datetime
import functools
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import stripe
from django.conf import settings

from convention.outside_calls import OutsideBusy, outside_call

API_VERSION = "2026-10-28.endive"  # what this module is written and tested for
TIMEOUT = 12
RETRIES = 2
PAGE = 100
MAX_ID_LENGTH = 120
"""As long as the columns of StripeEvent; Stripe promises at most 255 characters and uses about 30."""

stripe.enable_telemetry = False
logging.getLogger("stripe").setLevel(logging.WARNING)
logger = logging.getLogger(__name__)


class NotReached(OSError):
    """Stripe does not answer now, or not as it should; the same request may be sent again later."""


class Declined(Exception):
    """Stripe refuses the request, and would again; says why in its own words."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


class UnreadableEvent(Declined):
    """An event that lacks what every event of Stripe has, or has it in another type."""

    def __init__(self, sentence: str) -> None:
        super().__init__("unreadable-event", sentence)


@dataclass(frozen=True)
class SessionFacts:
    """A Checkout Session as it stands; amounts in cents, `intent` names its payment once there is one."""

    session_id: str
    url: str
    status: str
    payment_status: str
    amount: int
    currency: str
    attempt: str
    intent: str = ""
    intent_status: str = ""
    method: str = "card"
    fee: int = 0

    @property
    def is_paid(self) -> bool:
        """Whether the money is there."""
        return self.status == "complete" and self.payment_status == "paid"

    @property
    def has_failed(self) -> bool:
        """Whether a debit that was begun was refused by the bank."""
        return (
            self.status == "complete"
            and not self.is_paid
            and self.intent_status in {"requires_payment_method", "canceled"}
        )


@dataclass(frozen=True)
class RefundFacts:
    """A refund as it stands; `ours` is what we named it, empty where it was made in Stripe's dashboard."""

    refund_id: str
    intent: str
    amount: int
    status: str
    ours: str = ""
    failure: str = ""


@dataclass(frozen=True)
class DisputeFacts:
    """A dispute as it stands."""

    dispute_id: str
    intent: str
    amount: int
    reason: str
    status: str
    opened_at: datetime.datetime
    answer_by: datetime.datetime | None


@dataclass(frozen=True)
class PayoutFacts:
    """A sum that Stripe sends to the bank."""

    payout_id: str
    amount: int
    currency: str
    status: str
    arrives_on: datetime.date
    is_automatic: bool = True
    """Of one that was sent by hand Stripe does not say what it is made of."""


@dataclass(frozen=True)
class LineFacts:
    """One line of a payout; `intent` names the payment it is about, `source` the refund or dispute.

    `attempt` is our name of the payment, on the line that brings it.
    """

    line_id: str
    kind: str
    gross: int
    fee: int
    source: str
    intent: str
    attempt: str = ""


@dataclass(frozen=True)
class EventFacts:
    """Something that happened, and to what; `object_id` is empty where the event names no object."""

    event_id: str
    kind: str
    object_id: str
    happened_at: datetime.datetime


@functools.cache
def _client(key: str, base: str) -> stripe.StripeClient:
    http = stripe.RequestsClient(timeout=TIMEOUT)
    where: Any = {"api": base} if base else None
    return stripe.StripeClient(
        key,
        stripe_version=API_VERSION,
        base_addresses=where,
        max_network_retries=RETRIES,
        http_client=http,
    )


def client() -> stripe.StripeClient:
    """Stripe's client for the key that the settings name."""
    return _client(settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE)


def _asking[**P, R](ask: Callable[P, R]) -> Callable[P, R]:
    """Turn the library's errors into ours: NotReached for what may pass, Declined for what will not."""

    @functools.wraps(ask)
    def asked(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            with outside_call():
                return ask(*args, **kwargs)
        except OutsideBusy as error:
            raise NotReached("OutsideBusy") from error
        except (stripe.InvalidRequestError, stripe.IdempotencyError, stripe.CardError) as error:
            raise Declined(error.code or type(error).__name__, error.user_message or "") from error
        except stripe.StripeError as error:
            raise NotReached(type(error).__name__) from error

    return asked


# --- sessions --------------------------------------------------------------------------------------------

WHOLE = ["payment_intent.latest_charge.balance_transaction"]


@_asking
def open_session(wanted: dict[str, Any], *, key: str) -> SessionFacts:
    """Open a Checkout Session; the same key and wishes give the same session again."""
    params: Any = wanted
    return _session_facts(
        client().v1.checkout.sessions.create(params=params, options={"idempotency_key": key})
    )


@_asking
def session_facts(session_id: str) -> SessionFacts:
    """A session as it stands now."""
    found = client().v1.checkout.sessions.retrieve(session_id, params={"expand": WHOLE})
    return _session_facts(found)


@_asking
def session_of(intent: str) -> SessionFacts | None:
    """The session that a payment was made in, as it stands now."""
    params: Any = {"payment_intent": intent, "limit": 1}
    found = client().v1.checkout.sessions.list(params=params).data
    return session_facts(found[0].id) if found else None


@_asking
def expire_session(session_id: str) -> SessionFacts:
    """End a session, so that nobody pays with it any more."""
    return _session_facts(client().v1.checkout.sessions.expire(session_id))


def _session_facts(session: Any) -> SessionFacts:
    intent = _expanded(session.payment_intent)
    charge = _expanded(getattr(intent, "latest_charge", None)) if intent else None
    balance = _expanded(getattr(charge, "balance_transaction", None)) if charge else None
    details = charge.payment_method_details if charge else None
    return SessionFacts(
        session_id=session.id,
        url=session.url or "",
        status=session.status or "",
        payment_status=session.payment_status,
        amount=session.amount_total or 0,
        currency=(session.currency or "").upper(),
        attempt=_metadata(session).get("attempt", ""),
        intent=_id(session.payment_intent),
        intent_status=intent.status if intent else "",
        method="sepa_debit" if details and details.type == "sepa_debit" else "card",
        fee=balance.fee if balance else 0,
    )


# --- refunds, disputes, payouts ---------------------------------------------------------------------------


@_asking
def give_back(*, intent: str, amount: int, ours: str, key: str) -> RefundFacts:
    """Give cents of a payment back by the way they came."""
    params: Any = {"payment_intent": intent, "amount": amount, "metadata": {"refund": ours}}
    return _refund_facts(client().v1.refunds.create(params=params, options={"idempotency_key": key}))


@_asking
def refund_facts(refund_id: str) -> RefundFacts:
    """A refund as it stands now."""
    return _refund_facts(client().v1.refunds.retrieve(refund_id))


def _refund_facts(refund: Any) -> RefundFacts:
    return RefundFacts(
        refund_id=refund.id,
        intent=_id(refund.payment_intent),
        amount=refund.amount,
        status=refund.status or "",
        ours=_metadata(refund).get("refund", ""),
        failure=getattr(refund, "failure_reason", None) or "",
    )


@_asking
def dispute_facts(dispute_id: str) -> DisputeFacts:
    """A dispute as it stands now."""
    found = client().v1.disputes.retrieve(dispute_id)
    due = found.evidence_details.due_by if found.evidence_details else None
    return DisputeFacts(
        dispute_id=found.id,
        intent=_id(found.payment_intent),
        amount=found.amount,
        reason=found.reason,
        status=found.status,
        opened_at=_moment(found.created),
        answer_by=_moment(due) if due else None,
    )


@_asking
def payout_facts(payout_id: str) -> PayoutFacts:
    """A payout as it stands now."""
    found = client().v1.payouts.retrieve(payout_id)
    return PayoutFacts(
        payout_id=found.id,
        amount=found.amount,
        currency=found.currency.upper(),
        status=found.status,
        arrives_on=_moment(found.arrival_date).date(),
        is_automatic=found.automatic,
    )


@_asking
def payout_lines(payout_id: str) -> list[LineFacts]:
    """What a payout is made of, without the payout itself."""
    params: Any = {"payout": payout_id, "limit": PAGE, "expand": ["data.source"]}
    found = client().v1.balance_transactions.list(params=params)
    return [_line_facts(line) for line in found.auto_paging_iter() if line.type != "payout"]


def _line_facts(line: Any) -> LineFacts:
    source = _expanded(line.source)
    brings = source and line.reporting_category == "charge"  # a debit’s own type is “payment”
    return LineFacts(
        line_id=line.id,
        kind=line.reporting_category,
        gross=line.amount,
        fee=line.fee,
        source=_id(line.source),
        intent=_id(getattr(source, "payment_intent", None)) if source else "",
        attempt=_metadata(source).get("attempt", "") if brings else "",
    )


# --- events ------------------------------------------------------------------------------------------------


def verified_event(body: bytes, signature: str) -> EventFacts:
    """Return the event of a webhook's body.

    Raises Declined unless Stripe signed it within five minutes, UnreadableEvent if it signed something that
    is not an event as the API describes it.
    """
    try:
        event = client().construct_event(body, signature, settings.STRIPE_WEBHOOK_SECRET)
    except stripe.SignatureVerificationError as error:
        raise Declined("signature", type(error).__name__) from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UnreadableEvent(f"it is not an event in JSON ({type(error).__name__})") from error
    return _event_facts(event)


@_asking
def event_facts(event_id: str) -> EventFacts:
    """An event by its id; Stripe keeps them for thirty days."""
    return _event_facts(client().v1.events.retrieve(event_id))


def events_since(since: datetime.datetime, *, kinds: list[str]) -> Iterator[EventFacts]:
    """Yield the events of these kinds from that moment on, the newest first; skip unreadable ones."""
    params: Any = {"created": {"gte": int(since.timestamp())}, "limit": PAGE, "types": kinds}
    for event in _listed(params):
        try:
            yield _event_facts(event)
        except UnreadableEvent as error:
            logger.warning("An event in Stripe's list cannot be read: %s.", error)


@_asking
def _listed(params: Any) -> list[Any]:
    return list(client().v1.events.list(params=params).auto_paging_iter())


def _event_facts(event: Any) -> EventFacts:
    event_id, kind = _event_text(event, "id"), _event_text(event, "type")
    content = getattr(event, "data", None)
    if content is None or not hasattr(content, "object"):
        raise UnreadableEvent(f"{event_id} has no data.object")
    named = getattr(content.object, "id", None)
    object_id = str(named) if _can_be_stored(named) else ""
    return EventFacts(event_id, kind, object_id, _event_moment(event, event_id))


def _event_text(event: Any, field: str) -> str:
    value = getattr(event, field, None)
    if not _can_be_stored(value):
        raise UnreadableEvent(f"its {field} is not a text of 1 to {MAX_ID_LENGTH} characters")
    return str(value)


def _can_be_stored(value: Any) -> bool:
    """Whether it is a text that fits a column of StripeEvent; PostgreSQL takes no NUL."""
    return isinstance(value, str) and 0 < len(value) <= MAX_ID_LENGTH and "\0" not in value


def _event_moment(event: Any, event_id: str) -> datetime.datetime:
    created = getattr(event, "created", None)
    if type(created) is not int:  # a bool is an int too
        raise UnreadableEvent(f"{event_id} has no moment in seconds")
    try:
        return _moment(created)
    except (ValueError, OverflowError, OSError) as error:
        raise UnreadableEvent(f"the moment of {event_id} is out of range") from error


def _moment(seconds: int) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC)


def _id(thing: Any) -> str:
    """The id of something that may be expanded, or missing."""
    return (thing if isinstance(thing, str) else thing.id) if thing else ""


def _expanded(thing: Any) -> Any:
    """The object itself, None where there is only its id, or nothing."""
    return None if thing is None or isinstance(thing, str) else thing


def _metadata(thing: Any) -> dict[str, str]:
    return dict(thing.metadata.to_dict()) if thing.metadata else {}
