"""What invoices hold of people, for the privacy desk. The books stay whole."""

import datetime
from collections.abc import Iterable, Iterator
from typing import Any, Final

from django.db.models import Q, QuerySet
from django.db.models.fields.json import KT
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from convention.addresses import folded
from convention.club.models import Company, Person
from convention.dates import say_day
from convention.personal import Holding, Rule, Subject, Words, written_to
from convention.privacy.redact import STRUCK, Redactor, full_name_phrases

from .models import Charge, Invoice, Issuer, Line, Paper, Payment, Quotation, Receivable, Refund, Reminder

CONTACT: Final = ("email", "purchase_order", "service_code", "engagement_number")
BUYER: Final = ("name", "street", "postcode", "city", "siren", "vat_number")
MOST_AT_ONCE: Final = 500
YEARS_BY_LAW: Final = 10

BOOKS = _("the law requires payments to stay in the books for ten years; no name is left")
BY_LAW = _("the law requires issued invoices to stay as they are for ten years, with name and address")


def blank_buyers(rows: "QuerySet[Any]", subject: Subject | None = None) -> None:
    """Remove who pays: an issued invoice has its own copy. A company stays, without the contact's address."""
    redactor = Redactor(subject or Subject(), alone=True)
    for receivable in rows:
        named = is_company(receivable, redactor)
        for column in CONTACT if named else (*CONTACT, *BUYER):
            setattr(receivable, column, "")
        receivable.subject = redactor.text(receivable.subject)
        receivable.save()


def is_company(receivable: Receivable, redactor: Redactor) -> bool:
    """Return whether the buyer is a firm, by its numbers or in the directory, and not named as the person."""
    if not receivable.name or redactor.finds(receivable.name):
        return False
    has_number = bool(receivable.siren or receivable.vat_number)
    return has_number or Company.objects.filter(name__iexact=receivable.name).exists()


def billed_to(column: str, subject: Subject) -> Q:
    """Return a condition on rows: the buyer's name is the subject's full name, in either order."""
    found = Q(pk__in=[])
    for name in subject.names:
        for written in {" ".join(name), " ".join(reversed(name))} if full_name_phrases(name) else ():
            found |= Q(**{f"{column}__iexact": written})
    return found


def _quoted_to(subject: Subject) -> "QuerySet[Any]":
    """Return the quotations that were asked for from an address of the subject or are billed to them."""
    rows = Quotation.objects.alias(low=Lower(KT("buyer__email"))).filter(low__in=sorted(subject.addresses))
    asked = {pk for pk, email in rows.values_list("pk", "buyer__email") if folded(email) in subject.addresses}
    return Quotation.objects.filter(pk__in=asked | set(_quoted_in_their_name(subject)))


def _quoted_in_their_name(subject: Subject) -> Iterator[int]:
    """Yield the quotations that somebody else asked for, for the subject and billed to them."""
    billed = set(Quotation.objects.filter(billed_to("buyer_name", subject)).values_list("pk", flat=True))
    yield from (row.pk for row in _naming(subject) if row.pk in billed)


def _quoted_for(subject: Subject) -> "QuerySet[Any]":
    """Return the quotations of others that name the subject as an attendee."""
    own = set(_quoted_to(subject).values_list("pk", flat=True))
    return Quotation.objects.filter(pk__in={row.pk for row in _naming(subject)} - own)


def _naming(subject: Subject) -> Iterator[Quotation]:
    """Yield the quotations whose lines name the subject, and that no namesake of theirs asked for.

    A line knows an attendee by name alone: in an automatic erasure none is found.
    """
    redactor = Redactor(subject)
    for row in Quotation.objects.all() if not subject.is_automatic else ():
        if any(redactor.finds(text) for text in row.texts):
            asked_by = Person.objects.filter(email__iexact=row.buyer["email"]).exclude(pk=subject.person_id)
            if not any(redactor.finds(person.name) for person in asked_by):
                yield row


def _strike_attendee(rows: "QuerySet[Any]", subject: Subject) -> None:
    """Remove the subject from the lines; number, prices and the buyer stay."""
    redactor = Redactor(subject)
    for row in rows:
        rows.model.objects.filter(pk=row.pk).update(lines=[_without(redactor, line) for line in row.lines])


def _without(redactor: Redactor, line: dict[str, Any]) -> dict[str, Any]:
    """Return a line of a quotation without the subject; before there was an attendee the text named them."""
    struck = redactor.text(line["description"])
    description = struck.rpartition(", ")[0] if struck.endswith(f", {STRUCK}") else struck
    attendee = line.get("attendee", "")
    return {**line, "description": description, "attendee": "" if redactor.finds(attendee) else attendee}


def old_quotations(before: datetime.datetime) -> int:
    """Remove the quotations that were valid until before then; how many."""
    return int(Quotation.objects.filter(valid_until__lt=timezone.localdate(before)).delete()[0])


def old_buyers(before: datetime.datetime) -> int:
    """Remove who pays where all is settled: of events that ended before then, else noted before; how many."""
    over = Q(event__ends_at__lt=before) | Q(event=None, created_at__lt=before)
    rows = Receivable.objects.filter(over).exclude(name="", email="", street="").order_by("pk")
    settled = rows.with_balance().filter(Q(due=0))
    keys = list(settled.values_list("pk", flat=True)[:MOST_AT_ONCE])
    blank_buyers(Receivable.objects.filter(pk__in=keys))
    return len(keys)


def _paper(paper: Any) -> Iterable[tuple[str, bytes]]:
    yield f"{paper.invoice.number}.pdf", bytes(paper.content)


def issued_invoices(subject: Subject) -> Iterator[Words]:
    """Name the issued documents whose buyer the subject is."""
    if documents := list(invoiced_to(subject).order_by("issued_on", "pk")):
        yield ngettext(
            "Invoice %(numbers)s stays, with its lines and the name and address of the buyer: the law "
            "requires the club to keep issued invoices for ten years, in this case until %(day)s.",
            "Invoices %(numbers)s stay, with their lines and the name and address of the buyer: the law "
            "requires the club to keep issued invoices for ten years, in this case until %(day)s.",
            len(documents),
        ) % {"numbers": listed(documents), "day": say_day(last_day_by_law(documents))}


def listed(documents: list[Invoice]) -> str:
    return ", ".join(document.number for document in documents)


def invoiced_to(subject: Subject) -> "QuerySet[Any]":
    """Return the issued documents whose buyer has an address of the subject, now or when they were issued."""
    rows = Invoice.objects.alias(low=Lower(KT("buyer__email")))
    known = rows.filter(written_to("receivable__email", subject) | Q(low__in=sorted(subject.addresses)))
    addresses = known.values_list("pk", "receivable__email", "buyer__email")
    return Invoice.objects.filter(
        pk__in=[pk for pk, *emails in addresses if subject.addresses & set(map(folded, filter(None, emails)))]
    )


def last_day_by_law(documents: list[Invoice]) -> datetime.date:
    """Return the day on which the last of them has been kept for ten years after its year."""
    return datetime.date(max(document.issued_on.year for document in documents) + YEARS_BY_LAW, 12, 31)


HOLDINGS = [
    Holding(
        model=Receivable,
        why=_("what you owe and whom to bill"),
        addresses=("email",),
        hides=("search",),
        forget=blank_buyers,
        because=_("what is owed and paid stays in the books; an issued invoice has its own copy of the name"),
    ),
    Holding(model=Charge, why=_("what you bought"), through=("receivable",), hides=("key",), because=BOOKS),
    Holding(
        model=Invoice,
        why=_("your invoices"),
        through=("receivable",),
        finds=invoiced_to,
        by_law=True,
        because=BY_LAW,
    ),
    Holding(model=Line, why=_("your invoices"), through=("invoice",), by_law=True, because=BY_LAW),
    Holding(
        model=Paper, why=_("your invoices"), through=("invoice",), files=_paper, by_law=True, because=BY_LAW
    ),
    Holding(model=Reminder, why=_("reminders of your invoices"), through=("invoice",), because=BOOKS),
    Holding(model=Payment, why=_("what you paid"), through=("receivable",), because=BOOKS),
    Holding(model=Refund, why=_("what you got back"), through=("receivable",), because=BOOKS),
    Holding(
        model=Quotation,
        why=_("quotations that you asked for"),
        finds=_quoted_to,
        hides=("public_id",),
        gone=True,
    ),
    Holding(
        model=Quotation,
        name=_("quotations of others"),
        why=_("quotations of others that name you"),
        finds=_quoted_for,
        tells=("id", "number", "event", "given_on"),
        forget=_strike_attendee,
        leads=False,
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
LEGAL_RETENTION = [issued_invoices]
FREE_TEXT = {Charge: ("description",), Payment: ("note",), Refund: ("reason",)}
RETENTION = [
    Rule(
        slug="quotations",
        name=_("Quotations"),
        since=_("after their last day"),
        days=365,
        least=30,
        sweep=old_quotations,
    ),
    Rule(
        slug="billed",
        name=_("Who was billed, apart from issued invoices"),
        since=_("after the end of the event, once all is settled"),
        days=3 * 365,
        least=90,
        sweep=old_buyers,
    ),
]
