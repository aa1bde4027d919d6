"""Refunds, disputes and payouts of the stand-in."""

from typing import Any

from tests.stripe_standin.errors import Refused, make_parameter_error, mark_begun

DISPUTE_FEE = 2000


class Returns:
    """Base of `World` for money that goes back or to the bank."""

    objects: dict[str, dict[str, Any]]
    add: Any
    all: Any
    book: Any
    get: Any
    now: Any
    tell: Any

    def refund(self, asked: dict[str, Any]) -> dict[str, Any]:
        charge = self.charge_of(asked)
        left = charge["amount"] - charge["amount_refunded"]
        amount = asked.get("amount", left)
        if charge["disputed"]:
            sentence = f"Charge {charge['id']} has been charged back; cannot issue a refund."
            raise mark_begun(Refused(400, sentence, code="charge_disputed"))
        if left == 0:
            raise mark_begun(Refused(400, f"Charge {charge['id']} has already been refunded.",
                                code="charge_already_refunded"))  # fmt: skip
        if amount < 1:
            raise make_parameter_error(
                "amount", "This value must be greater than or equal to 1.", "parameter_invalid_integer"
            )
        if amount > left:
            sentence = (
                f"Refund amount (€{amount / 100:.2f}) is greater than unrefunded amount on charge "
                f"(€{left / 100:.2f})"
            )
            raise mark_begun(Refused(400, sentence, param="amount"))
        made = self.add(
            "re",
            amount=amount,
            balance_transaction=None,
            charge=charge["id"],
            currency=charge["currency"],
            failure_reason=None,
            metadata=asked.get("metadata", {}),
            payment_intent=charge["payment_intent"],
            reason=asked.get("reason"),
            status="succeeded",
        )
        del made["livemode"]
        made["balance_transaction"] = self.book("refund", -amount, 0, made["id"])["id"]
        charge["amount_refunded"] += amount
        charge["refunded"] = charge["amount_refunded"] == charge["amount"]
        self.tell("refund.created", made)
        self.tell("charge.refunded", charge)
        return made

    def charge_of(self, asked: dict[str, Any]) -> dict[str, Any]:
        if "charge" in asked:
            return self.get("ch", asked["charge"], "charge")
        if "payment_intent" not in asked:
            raise Refused(400, "One of the following params should be provided: charge, payment_intent.")
        intent = self.get("pi", asked["payment_intent"], "payment_intent")
        if not intent["latest_charge"]:
            raise mark_begun(
                Refused(
                    400, f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund."
                )
            )
        return self.objects[intent["latest_charge"]]

    def fail_refund(self, name: str) -> dict[str, Any]:
        """Fail a refund, as when the buyer's account is closed."""
        made = self.get("re", name)
        made.update(status="failed", failure_reason="expired_or_canceled_card")
        self.book("refund_failure", made["amount"], 0, made["id"])
        charge = self.objects[made["charge"]]
        charge["amount_refunded"] -= made["amount"]
        charge["refunded"] = False
        self.tell("refund.failed", made)
        self.tell("charge.refund.updated", made)
        return made

    def dispute(self, charge: str, reason: str = "fraudulent") -> dict[str, Any]:
        """Open a dispute; its amount is withheld."""
        charged = self.get("ch", charge)
        charged["disputed"] = True
        made = self.add(
            "du",
            amount=charged["amount"],
            balance_transactions=[],
            charge=charged["id"],
            currency=charged["currency"],
            evidence_details={"due_by": self.now() + 7 * 24 * 3600},
            is_charge_refundable=False,
            metadata={},
            payment_intent=charged["payment_intent"],
            reason=reason,
            status="needs_response",
        )
        self.book("adjustment", -charged["amount"], DISPUTE_FEE, made["id"])
        self.tell("charge.dispute.created", made)
        self.tell("charge.dispute.funds_withdrawn", made)
        return made

    def close_dispute(self, name: str, outcome: str) -> dict[str, Any]:
        """Close a dispute as `won` or `lost`."""
        made = self.get("du", name)
        made["status"] = outcome
        if outcome == "won":
            self.book("adjustment", made["amount"], 0, made["id"])
            self.tell("charge.dispute.funds_reinstated", made)
        self.tell("charge.dispute.closed", made)
        return made

    def pay_out(self) -> dict[str, Any]:
        """Send the whole balance to the bank."""
        lines = [line for line in self.all("txn") if line["_payout"] is None]
        made = self.add(
            "po",
            amount=sum(line["net"] for line in lines),
            arrival_date=self.now(),
            automatic=True,
            currency="eur",
            description="STRIPE PAYOUT",
            metadata={},
            method="standard",
            reconciliation_status="completed",
            source_type="card",
            statement_descriptor=None,
            status="paid",
            type="bank_account",
        )
        for line in lines:
            line["_payout"] = made["id"]
        own = self.book("payout", -made["amount"], 0, made["id"])
        own["_payout"] = made["id"]
        made["balance_transaction"] = own["id"]
        self.tell("payout.created", made)
        self.tell("payout.paid", made)
        return made

    def fail_payout(self, name: str) -> dict[str, Any]:
        """Return a payout to the balance."""
        made = self.get("po", name)
        made["status"] = "failed"
        line = self.book("payout_failure", made["amount"], 0, made["id"])
        line["reporting_category"] = "payout_reversal"
        self.tell("payout.failed", made)
        return made
