"""Objects of the stand-in: sessions, payments, refunds, disputes, payouts, and the events of each change."""

import copy
import itertools
import secrets
import time
from typing import Any

from tests.stripe_standin.errors import Refused, make_missing_error, make_parameter_error, mark_begun
from tests.stripe_standin.returns import Returns

VERSION = "2026-10-28.endive"
SHORTEST, LONGEST = 30 * 60, 24 * 3600
# Seconds by which clocks may differ before a session counts as too short.
SLACK = 60
LEAST = 50
KINDS = {
    "cs": "checkout.session", "pi": "payment_intent", "ch": "charge", "txn": "balance transaction",
    "re": "refund", "du": "dispute", "po": "payout", "evt": "event",
}  # fmt: skip


class World(Returns):
    """All objects by id, with the actions of buyers, banks and Stripe."""

    def __init__(self, base: str = "") -> None:
        self.base = base
        self.objects: dict[str, dict[str, Any]] = {}
        self.events: list[dict[str, Any]] = []
        self.numbers = itertools.count(1)
        self.ahead = 0

    # --- the clock and the shelves ---------------------------------------------------------------------

    def now(self) -> int:
        return int(time.time()) + self.ahead

    def later(self, seconds: int) -> None:
        """Advance the clock and expire sessions."""
        self.ahead += seconds
        self.lapse()

    def lapse(self) -> None:
        for session in self.all("cs"):
            if session["status"] == "open" and session["expires_at"] <= self.now():
                self.close(session)

    def all(self, kind: str) -> list[dict[str, Any]]:
        """Return the objects of a kind, newest first."""
        return [thing for name, thing in reversed(self.objects.items()) if name.startswith(f"{kind}_")]

    def get(self, kind: str, name: str, param: str = "id") -> dict[str, Any]:
        self.lapse()
        if not name.startswith(f"{kind}_") or name not in self.objects:
            raise make_missing_error(KINDS[kind], name, param)
        return self.objects[name]

    def add(self, kind: str, **facts: Any) -> dict[str, Any]:
        test = "test_" if kind == "cs" else ""
        name = f"{kind}_{test}{next(self.numbers):06d}{secrets.token_hex(8)}"
        called = "balance_transaction" if kind == "txn" else KINDS[kind]
        thing = {"id": name, "object": called, "created": self.now(), "livemode": False, **facts}
        if kind == "txn":
            del thing["livemode"]
        self.objects[name] = thing
        return thing

    def tell(self, kind: str, thing: dict[str, Any]) -> dict[str, Any]:
        """Record an event with the object's current state."""
        event = self.add(
            "evt",
            api_version=VERSION,
            type=kind,
            data={"object": copy.deepcopy(thing)},
            pending_webhooks=1,
            request={"id": None, "idempotency_key": None},
        )
        self.events.append(event)
        return event

    # --- checkout ----------------------------------------------------------------------------------------

    def open_session(self, asked: dict[str, Any]) -> dict[str, Any]:
        currency, total = self.total_of(asked["line_items"])
        expires = asked.get("expires_at", self.now() + LONGEST)
        if expires < self.now() + SHORTEST - SLACK:
            raise make_parameter_error(
                "expires_at",
                "The `expires_at` timestamp must be at least 30 minutes from Checkout Session creation.",
            )
        if expires > self.now() + LONGEST + SLACK:
            raise make_parameter_error(
                "expires_at",
                "The `expires_at` timestamp must be less than 24 hours from Checkout Session creation.",
            )
        session = self.add(
            "cs",
            amount_subtotal=total,
            amount_total=total,
            currency=currency,
            cancel_url=asked.get("cancel_url"),
            success_url=asked["success_url"],
            client_reference_id=asked.get("client_reference_id"),
            customer_email=asked.get("customer_email"),
            customer_details=None,
            expires_at=expires,
            locale=asked.get("locale"),
            metadata=asked.get("metadata", {}),
            mode="payment",
            payment_intent=None,
            payment_method_types=asked.get("payment_method_types", ["card", "sepa_debit"]),
            payment_status="unpaid",
            status="open",
            url=None,
        )
        session["url"] = f"{self.base}/c/pay/{session['id']}"
        session["_lines"] = asked["line_items"]
        session["_intent"] = asked.get("payment_intent_data", {})
        return session

    def total_of(self, lines: list[dict[str, Any]]) -> tuple[str, int]:
        if not lines:
            raise make_parameter_error(
                "line_items", "You must pass at least one line item.", "parameter_missing"
            )
        currencies = {line.get("price_data", {}).get("currency", "") for line in lines}
        if len(currencies) != 1 or len(currency := currencies.pop()) != 3:
            raise make_parameter_error("line_items[0][price_data][currency]", "Invalid currency.")
        total = sum(line.get("quantity", 1) * line["price_data"].get("unit_amount", 0) for line in lines)
        self.refuse_small(total, currency)
        return currency.lower(), total

    @staticmethod
    def refuse_small(total: int, currency: str) -> None:
        if total < LEAST:
            raise Refused(
                400,
                f"The Checkout Session's total amount due must add up to at least 0.50 {currency}",
                code="amount_too_small",
            )

    def expire(self, name: str) -> dict[str, Any]:
        session = self.get("cs", name, "session")
        if session["status"] != "open":
            raise mark_begun(
                Refused(
                    400,
                    'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session '
                    f"has a status of {session['status']}.",
                )
            )
        self.close(session)
        return session

    def close(self, session: dict[str, Any]) -> None:
        session["status"], session["url"] = "expired", None
        self.tell("checkout.session.expired", session)

    # --- what the buyer does -------------------------------------------------------------------------------

    def pay(self, name: str, method: str = "card") -> dict[str, Any]:
        """Pay a session: at once by card, or by SEPA debit with an outcome days later."""
        session = self.get("cs", name)
        assert session["status"] == "open", session["status"]
        intent = self.begin(session, method)
        session["status"], session["url"] = "complete", None
        session["payment_intent"] = intent["id"]
        if method == "card":
            session["payment_status"] = "paid"
            self.take(intent)
        else:
            intent["status"] = "processing"
            self.tell("payment_intent.processing", intent)
        self.tell("checkout.session.completed", session)
        return session

    def decline(self, name: str) -> dict[str, Any]:
        """Decline the card; the buyer may try again."""
        session = self.get("cs", name)
        intent = self.begin(session, "card")
        intent["status"] = "requires_payment_method"
        intent["last_payment_error"] = {
            "code": "card_declined", "decline_code": "generic_decline", "type": "card_error",
            "message": "Your card was declined.",
        }  # fmt: skip
        session["payment_intent"] = intent["id"]
        self.tell("payment_intent.payment_failed", intent)
        return session

    def settle_debit(self, name: str, outcome: str) -> dict[str, Any]:
        """Settle a SEPA debit as `paid` or `failed`."""
        session = self.get("cs", name)
        intent = self.objects[session["payment_intent"]]
        if outcome == "paid":
            session["payment_status"] = "paid"
            self.take(intent)
            self.tell("checkout.session.async_payment_succeeded", session)
        else:
            intent["status"] = "requires_payment_method"
            self.tell("payment_intent.payment_failed", intent)
            self.tell("checkout.session.async_payment_failed", session)
        return session

    def begin(self, session: dict[str, Any], method: str) -> dict[str, Any]:
        if session["payment_intent"]:
            intent = self.objects[session["payment_intent"]]
            intent["_method"] = method
            return intent
        asked = {"amount": session["amount_total"], "currency": session["currency"], **session["_intent"]}
        return self.new_intent(asked, method)

    def new_intent(self, asked: dict[str, Any], method: str) -> dict[str, Any]:
        intent = self.add(
            "pi",
            amount=asked["amount"],
            amount_received=0,
            currency=asked["currency"],
            description=asked.get("description"),
            last_payment_error=None,
            latest_charge=None,
            metadata=asked.get("metadata", {}),
            payment_method_types=["card", "sepa_debit"],
            status="requires_payment_method",
        )
        intent["_method"] = method
        return intent

    def charge_now(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Charge a card without a page, as tests of refunds do at the real Stripe too."""
        self.refuse_small(asked["amount"], asked["currency"])
        if asked.get("payment_method") != "pm_card_visa" or asked.get("confirm") != "true":
            raise make_parameter_error(
                "payment_method", "Only pm_card_visa, confirmed at once, is known here."
            )
        return self.take(self.new_intent(asked, "card"))

    def take(self, intent: dict[str, Any]) -> dict[str, Any]:
        amount, method = intent["amount"], intent["_method"]
        charge = self.add(
            "ch",
            amount=amount,
            amount_captured=amount,
            amount_refunded=0,
            balance_transaction=None,
            captured=True,
            currency=intent["currency"],
            description=intent["description"],
            disputed=False,
            failure_code=None,
            metadata=dict(intent["metadata"]),
            paid=True,
            payment_intent=intent["id"],
            payment_method_details={"type": method},
            refunded=False,
            status="succeeded",
        )
        fee = 35 if method == "sepa_debit" else (amount * 150 + 5000) // 10000 + 25
        kind = "payment" if method == "sepa_debit" else "charge"
        charge["balance_transaction"] = self.book(kind, amount, fee, charge["id"])["id"]
        intent.update(status="succeeded", amount_received=amount, latest_charge=charge["id"])
        self.tell("charge.succeeded", charge)
        self.tell("payment_intent.succeeded", intent)
        return intent

    def book(self, kind: str, amount: int, fee: int, source: str) -> dict[str, Any]:
        """Add a line to the balance."""
        return self.add(
            "txn",
            amount=amount,
            available_on=self.now(),
            currency="eur",
            description=None,
            exchange_rate=None,
            fee=fee,
            fee_details=[{"amount": fee, "currency": "eur", "type": "stripe_fee"}] if fee else [],
            net=amount - fee,
            reporting_category={"adjustment": "dispute", "payment": "charge"}.get(kind, kind),
            source=source,
            status="available",
            type=kind,
            _payout=None,
        )
