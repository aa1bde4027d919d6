"""What payments by card and bank statements hold of people, for the privacy desk."""

from django.utils.translation import gettext_lazy as _

from convention.personal import Holding

from .models import Assignment, Attempt, BalanceLine, BankLine, Dispute, Statement, StripeRefund

BOOKS = _("the law wants invoices and payments kept for ten years")

HOLDINGS = [
    Holding(
        model=Attempt,
        why=_("your payments by card"),
        through=("order",),
        hides=("key", "session_id"),
        because=BOOKS,
    ),
    Holding(model=Dispute, why=_("payments that your bank contested"), through=("payment",), because=BOOKS),
    Holding(model=Assignment, why=_("your transfers"), through=("payment",), because=BOOKS),
    Holding(
        model=BankLine,
        why=_("your transfers, as the bank tells them"),
        through=("assignments", "refund"),
        hides=("fingerprint",),
        because=_("day and amount stay in the books; your name is struck out of what the bank wrote"),
    ),
    Holding(
        model=Statement,
        why=_("bank statements that you imported"),
        did=("imported_by",),
        tells=("id", "name", "imported_at"),
        because=BOOKS,
        leads=False,
    ),
]
SILENT = {
    BalanceLine: "a line of the processor's account: amounts and its own references",
    StripeRefund: "the processor's name for a refund",
}
FREE_TEXT = {BankLine: ("party", "text", "ignored_why"), Statement: ("name",)}
