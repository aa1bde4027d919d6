"""Personal data in card payments and bank statements: what is exported, erased and retained."""

from django.utils.translation import gettext_lazy as _

from convention.personal_data import PersonalDataSource

from .models import (
    BankLine,
    BankLineAssignment,
    BankStatement,
    CardPaymentAttempt,
    Dispute,
    PayoutLine,
    StripeRefund,
)

BOOKKEEPING_REASON = _("the law requires invoices and payments to be retained for ten years")

PERSONAL_DATA = [
    PersonalDataSource(
        model=CardPaymentAttempt,
        purpose=_("your payments by card"),
        parent_columns=("order",),
        hidden_columns=("idempotency_key", "session_id"),
        retention_reason=BOOKKEEPING_REASON,
    ),
    PersonalDataSource(
        model=Dispute,
        purpose=_("card payments that your bank disputed"),
        parent_columns=("payment",),
        retention_reason=BOOKKEEPING_REASON,
    ),
    PersonalDataSource(
        model=BankLineAssignment,
        purpose=_("your transfers"),
        parent_columns=("payment",),
        retention_reason=BOOKKEEPING_REASON,
    ),
    PersonalDataSource(
        model=BankLine,
        purpose=_("your transfers, as reported by the bank"),
        parent_columns=("assignments", "refund"),
        hidden_columns=("fingerprint",),
        blanked_columns=("payer_iban",),
        retention_reason=_(
            "the date and the amount stay in the accounts; your name and your account number are removed"
        ),
    ),
    PersonalDataSource(
        model=BankStatement,
        purpose=_("bank statements that you imported"),
        actor_columns=("imported_by",),
        exported_columns=("id", "name", "imported_at"),
        retention_reason=BOOKKEEPING_REASON,
        leads_to_other_tables=False,
    ),
]
# Named with a reason: every model must either be a source or be listed here.
NO_PERSONAL_DATA = {
    PayoutLine: "a line of the processor's account: amounts and its own references",
    StripeRefund: "the processor's name for a refund",
}
FREE_TEXT = {BankLine: ("counterparty", "text", "ignore_reason"), BankStatement: ("name",)}
