"""What invoices hold of people, for the privacy desk. The books stay whole."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.fields.json import KT
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from convention.personal import Holding, Subject, Words, written_to

from .models import Charge, Invoice, Issuer, Line, Paper, Payment, Quotation, Receivable, Refund, Reminder

BOOKS = _("the law wants invoices and payments kept for ten years")


def _forget_buyer(rows: "QuerySet[Any]", _subject: Subject) -> None:
    """The address goes; name and street go too where nothing was ever owed, invoiced or paid."""
    in_books = [
        Exists(model.objects.filter(receivable=OuterRef("pk"))) for model in (Charge, Invoice, Payment)
    ]
    kept = set(rows.filter(in_books[0] | in_books[1] | in_books[2]).values_list("pk", flat=True))
    for receivable in rows:
        receivable.email = ""
        if receivable.pk not in kept:
            receivable.name = receivable.street = receivable.postcode = receivable.city = ""
        receivable.save()


def _forget_quotation(rows: "QuerySet[Any]", _subject: Subject) -> None:
    """Number, lines and totals stay; the buyer goes."""
    rows.update(buyer={}, buyer_name="", details={})


def _quoted_to(subject: Subject) -> "QuerySet[Any]":
    rows = Quotation.objects.alias(low=Lower(KT("buyer__email")))
    return rows.filter(low__in=sorted(subject.addresses))


def _paper(paper: Any) -> Iterable[tuple[str, bytes]]:
    yield f"{paper.invoice.number}.pdf", bytes(paper.content)


def open_balance(subject: Subject) -> Iterator[Words]:
    """What is owed, or owed back, is settled first."""
    rows = Receivable.objects.filter(written_to("email", subject)).with_balance()
    for receivable in rows.filter(~Q(due=0)):
        said = {"reference": receivable.reference}
        yield _("Order %(reference)s is not settled: it is paid, credited or given back first.") % said


HOLDINGS = [
    Holding(
        model=Receivable,
        why=_("what you owe and whom to bill"),
        addresses=("email",),
        hides=("search",),
        forget=_forget_buyer,
        because=BOOKS,
    ),
    Holding(model=Charge, why=_("what you bought"), through=("receivable",), hides=("key",), because=BOOKS),
    Holding(model=Invoice, why=_("your invoices"), through=("receivable",), because=BOOKS),
    Holding(model=Line, why=_("your invoices"), through=("invoice",), because=BOOKS),
    Holding(model=Paper, why=_("your invoices"), through=("invoice",), files=_paper, because=BOOKS),
    Holding(model=Reminder, why=_("reminders of your invoices"), through=("invoice",), because=BOOKS),
    Holding(model=Payment, why=_("what you paid"), through=("receivable",), because=BOOKS),
    Holding(model=Refund, why=_("what you got back"), through=("receivable",), because=BOOKS),
    Holding(
        model=Quotation,
        why=_("quotations that you asked for"),
        finds=_quoted_to,
        hides=("secret",),
        forget=_forget_quotation,
    ),
    Holding(
        model=Issuer,
        why=_("the address of the association that invoices"),
        addresses=("email",),
        tells=("id", "email"),
        because=_("it is the association’s address"),
        leads=False,
    ),
]
OBSTACLES = [open_balance]
