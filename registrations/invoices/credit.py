"""Take back what was invoiced: a credit note is a document of its own that names the invoice."""

import datetime
from collections import defaultdict
from collections.abc import Iterable, Sequence

from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from convention.errors import ConventionError

from .amounts import allotted
from .balance import balance_of
from .documents import DraftLine, Heading, write
from .issue import issue
from .keep import keep
from .models import Charge, Invoice, Line, Receivable
from .owe import DISCOUNT, fit_discounts, locked
from .standing import Standing, answer, standing_of


class BadCredit(ConventionError):
    """More than the invoice asked for, or nothing."""

    kind = "bad-credit"


@transaction.atomic
def credit(
    *,
    invoice: Invoice,
    reason: str,
    lines: Iterable[int] | None = None,
    on: datetime.date | None = None,
) -> Invoice:
    """Credit these lines (their keys; all that stands, where none are named); they are owed no longer.

    Raises BadCredit.
    """
    receivable = locked(invoice.receivable)
    standing = standing_of(receivable)
    chosen = chosen_lines(standing, invoice, None if lines is None else set(lines))
    charges = [line.charge_id for line in chosen if line.charge_id]
    now = timezone.now()
    receivable.charges.standing().filter(pk__in=charges).update(withdrawn_at=now, waived_at=now)
    fit_discounts(receivable)
    return write_credit(receivable, invoice, chosen, reason, on)


@transaction.atomic
def correct(*, invoice: Invoice, reason: str, on: datetime.date | None = None) -> tuple[Invoice, Invoice]:
    """Credit all that stands of an invoice and issue it anew, as after a wrong address: both documents."""
    receivable = locked(invoice.receivable)
    chosen = chosen_lines(standing_of(receivable), invoice, None)
    credit_note = write_credit(receivable, invoice, chosen, reason, on)
    return credit_note, issue(receivable=receivable, on=on)


@transaction.atomic
def credit_amount(*, invoice: Invoice, amount: int, reason: str, on: datetime.date | None = None) -> Invoice:
    """Credit cents of an invoice, with VAT, parted over its rates; so much less is owed. Raises BadCredit."""
    receivable = locked(invoice.receivable)
    standing = standing_of(receivable)
    require_creditable(standing, invoice)
    by_rate: dict[tuple[int, str], int] = defaultdict(int)
    for line in standing.of(invoice):
        if line.charge and line.charge.withdrawn_at:
            continue  # owed no longer: `credit_withdrawn` credits it
        sign = 1 if line.invoice_id == invoice.pk else -1
        by_rate[line.vat_rate, line.exemption] += sign * line.amount
    parts = {rate: part for rate, part in by_rate.items() if part > 0}
    left = min(sum(by_rate.values()), balance_of(receivable).owed)  # a deposit's lines know of no charge
    if not 0 < amount <= left:
        raise BadCredit(
            _("Of this invoice %(left)s can be credited.") % {"left": receivable.money(max(0, left))}
        )
    shares = allotted(amount, list(parts.values()))
    with translation.override(receivable.language):
        text = _("Discount on invoice %(number)s") % {"number": invoice.number}
    discounts = [
        discount(receivable, text, -share, *rate) for rate, share in zip(parts, shares, strict=True) if share
    ]
    drafts = [
        DraftLine(text, 1, -charge.amount, charge.vat_rate, charge.exemption, charge.pk)
        for charge in discounts
    ]
    return keep(write(receivable, Heading(Invoice.Kind.CREDIT_NOTE, invoice, reason), drafts, on))


def discount(receivable: Receivable, text: str, amount: int, rate: int, exemption: str) -> Charge:
    """A charge that takes something off what is owed."""
    return Charge.objects.create(
        receivable=receivable,
        key=f"{DISCOUNT}{receivable.charges.count() + 1}",
        description=text,
        unit_price=amount,
        amount=amount,
        vat_rate=rate,
        exemption=exemption,
    )


@transaction.atomic
def credit_withdrawn(
    *, receivable: Receivable, reason: str, on: datetime.date | None = None
) -> list[Invoice]:
    """Credit whatever was invoiced and is owed no longer: a credit note for each invoice it stands on."""
    receivable = locked(receivable)
    standing = standing_of(receivable)
    by_document: dict[int, list[Line]] = defaultdict(list)
    for line in standing.to_credit:
        by_document[line.invoice.origin_id or line.invoice_id].append(line)
    documents = Invoice.objects.in_bulk(list(by_document))
    found = [
        (documents[pk], with_discounts(standing, documents[pk], lines))
        for pk, lines in sorted(by_document.items())
    ]
    return [
        write_credit(receivable, document, lines, reason, on)
        for document, lines in found
        if asked_by(lines)  # what was credited as a discount already is not credited again
    ]


def with_discounts(standing: Standing, document: Invoice, lines: Sequence[Line]) -> Sequence[Line]:
    """The lines; with all that stands of the document where a discount goes that the rest was given too."""
    rest = [line for line in standing.of(document) if line not in lines]
    is_discounted = any(line.charge and line.charge.key.startswith(DISCOUNT) for line in lines)
    as_a_whole = is_discounted or min(asked_by(rest), asked_by(lines)) < 0
    return standing.of(document) if rest and as_a_whole else lines


def asked_by(lines: Sequence[Line]) -> int:
    """What lines of a document and of its credit notes come to together, in cents."""
    return sum(line.invoice.sign * line.amount for line in lines)


def chosen_lines(standing: Standing, document: Invoice, keys: set[int] | None) -> list[Line]:
    """The lines named, if they can be credited. Raises BadCredit."""
    require_creditable(standing, document)
    there = standing.of(document)
    chosen = [line for line in there if keys is None or line.pk in keys]
    if not chosen or (keys is not None and keys - {line.pk for line in there}):
        raise BadCredit(_("These lines are credited already, or stand on another invoice."))
    left = sum(
        (1 if line.invoice_id == document.pk else -1) * line.amount for line in there if line not in chosen
    )
    if left < 0:
        raise BadCredit(_("A discount was given on this invoice: credit what is left of it as a whole."))
    return chosen


def require_creditable(standing: Standing, document: Invoice) -> None:
    """A credit note is not credited, nor a deposit that a later invoice has deducted. Raises BadCredit."""
    if document.is_credit_note:
        raise BadCredit(_("A credit note cannot be credited: invoice anew instead."))
    deducted = {line.origin_id for line in standing.lines if line.invoice_id != document.pk}
    if any(line.pk in deducted for line in standing.of(document)):
        raise BadCredit(_("A later invoice has deducted this deposit: credit that one first."))


def write_credit(
    receivable: Receivable,
    document: Invoice,
    lines: Sequence[Line],
    reason: str,
    on: datetime.date | None,
) -> Invoice:
    """Write the credit note that answers these lines."""
    drafts = [answer(line, document) for line in lines]
    return keep(write(receivable, Heading(Invoice.Kind.CREDIT_NOTE, document, reason), drafts, on))
