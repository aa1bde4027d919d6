"""Refunds to make at the bank, with the account of each payee, as a list and as files."""

import datetime
import decimal
import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from django.utils import timezone, translation
from django.utils.translation import gettext as _

from convention.errors import ConventionError
from convention.money import compact_reference
from convention.tables.downloads import TableSheet
from registrations.invoices.formatting import format_iban
from registrations.invoices.models import Issuer, Payment, Refund, RefundQuerySet
from registrations.payments.bank.payer_account import PayerAccount, load_payer_accounts

from .credit_transfers import SEPA_COUNTRIES, BankAccount, CreditTransfer, render_credit_transfers

MAX_TRANSFER_CENTS: Final = 99_999_999_999


class NoBankFile(ConventionError):
    """No file for the bank can be made of these refunds."""

    kind = "no-bank-file"


@dataclass(frozen=True)
class RefundToMake:
    """Refund that waits for the treasurer, with the account that its payment came from, if it is known."""

    refund: Refund
    payer_account: PayerAccount

    @property
    def payee_name(self) -> str:
        """Return the holder of the account, or else the buyer."""
        return self.payer_account.name or self.refund.receivable.buyer_label

    @property
    def payee_label(self) -> str:
        """Return the payee with the IBAN, if the refund goes to a known account."""
        iban = self.payer_account.iban if self.is_transfer else ""
        return " · ".join((self.payee_name, format_iban(iban))) if iban else ""

    @property
    def is_transfer(self) -> bool:
        return self.refund.method == Payment.Method.TRANSFER

    @property
    def exclusion_reason(self) -> str:
        """Return why the file for the bank leaves it out, "" if it does not."""
        if not self.is_transfer:
            return _("not a bank transfer")
        if not self.payer_account.iban:
            return _("IBAN unknown")
        if self.refund.receivable.currency != "EUR":
            return _("not in euros")
        if self.payer_account.iban[:2] not in SEPA_COUNTRIES:
            return _("account outside the SEPA area")
        return "" if self.refund.amount <= MAX_TRANSFER_CENTS else _("amount too large")


def list_refunds_to_make() -> RefundQuerySet:
    """Return the requested refunds that the treasurer has to make, the oldest first."""
    rows = Refund.objects.to_send().select_related("receivable__event", "payment")
    return rows.prefetch_related("receivable__charges").order_by("pk")


def pair_with_accounts(refunds: Iterable[Refund]) -> list[RefundToMake]:
    """Return the refunds with the accounts that their payments came from, in one query."""
    rows = list(refunds)
    accounts = load_payer_accounts({refund.payment_id for refund in rows})
    return [RefundToMake(refund, accounts.get(refund.payment_id, PayerAccount())) for refund in rows]


@dataclass(frozen=True)
class BankFile:
    """File for the bank; a bank refuses a second one with the same id."""

    content: bytes
    message_id: str
    refund_ids: Collection[int]


def build_bank_file(refunds: Sequence[RefundToMake], *, at: datetime.datetime) -> BankFile:
    """Return the SEPA file of those refunds that it can hold; nothing is marked as done.

    Raise NoBankFile if there is none, or if the issuer's IBAN is missing.
    """
    issuer = Issuer.get_current()
    if issuer is None or not issuer.iban:
        raise NoBankFile(_("Enter the club’s IBAN under “Issuer” first: the transfers leave from it."))
    included = [row for row in refunds if not row.exclusion_reason]
    if not included:
        raise NoBankFile(_("None of these refunds can be in the file for the bank. Make them yourself."))
    execute_on, refund_ids = timezone.localdate(at), sorted(row.refund.pk for row in included)
    digest = hashlib.sha256(repr(refund_ids).encode()).hexdigest()[:8]
    # The same refunds on the same day give the same id, so that the bank refuses a file sent twice.
    message_id = f"REFUNDS-{execute_on:%Y%m%d}-{digest}"
    content = render_credit_transfers(
        [build_credit_transfer(row) for row in included],
        debtor=BankAccount(issuer.legal_name, compact_reference(issuer.iban), compact_reference(issuer.bic)),
        message_id=message_id,
        created_at=timezone.localtime(at),
        execute_on=execute_on,
    )
    return BankFile(content, message_id, refund_ids)


def build_credit_transfer(row: RefundToMake) -> CreditTransfer:
    return CreditTransfer(
        reference=row.refund.document_reference,
        cents=row.refund.amount,
        creditor=BankAccount(row.payee_name, row.payer_account.iban),
        remittance_text=describe_remittance(row.refund),
    )


def describe_remittance(refund: Refund) -> str:
    """Return the text on the payee's statement, in the buyer's language; its reference matches the debit."""
    receivable = refund.receivable
    with translation.override(receivable.language):
        text = _("Refund %(reference)s") % {"reference": receivable.reference}
        return f"{text} {receivable.subject_label}".strip()


def build_refunds_sheet(refunds: Iterable[RefundToMake]) -> TableSheet:
    """Return the refunds to make as a sheet for download."""
    header = [
        _("Buyer"), _("Reference"), _("Payee"), _("IBAN"), _("Amount"), _("Currency"), _("Method"),
        _("Text of the transfer"), _("Reason"), _("Requested on"),
    ]  # fmt: skip
    rows = [
        [
            row.refund.receivable.buyer_label,
            row.refund.document_reference,
            row.payee_name,
            row.payer_account.iban if row.is_transfer else "",
            decimal.Decimal(row.refund.amount) / 100,
            row.refund.receivable.currency,
            row.refund.get_method_display(),
            describe_remittance(row.refund),
            row.refund.reason_text,
            row.refund.refunded_on,
        ]
        for row in refunds
    ]
    return TableSheet(_("Refunds to make"), header, rows)
