"""The history of one registration in words: changes to it and its order, payments and refunds."""

import datetime
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from convention.audit.models import AuditEntry
from convention.club.models import Person
from convention.events.models import Event
from convention.events.permissions import can_organize
from convention.money import NO_BREAK_SPACE, Money
from registrations.billing.refund_summary import describe_refund_state
from registrations.changes.reinstatement.reinstate import REINSTATEMENT_VERB, find_lost_sessions
from registrations.invoices.models.receivables import Payment, Refund
from registrations.models import Order, Registration
from registrations.questions.queries import load_questions
from registrations.sessions.booking import SESSION_KEY_PREFIX, make_session_key

if TYPE_CHECKING:
    from convention.club.permissions import RequestUser

AUDIT_VERB_TEXTS = {
    "registration.cancel": gettext_lazy("cancelled"),
    REINSTATEMENT_VERB: gettext_lazy("reinstated"),
    "registration.name": gettext_lazy("attendee named"),
    "registration.correct": gettext_lazy("corrected"),
    "registration.change_order": gettext_lazy("ticket or add-ons changed"),
    "registration.import_change": gettext_lazy("changed by an imported list"),
    "registration.import_restore": gettext_lazy("restored: the import was undone"),
    "registration.import_cancel": gettext_lazy("cancelled: the import was undone"),
    "registration.move": gettext_lazy("moved to the waiting list of another event"),
    "registration.transfer": gettext_lazy("transferred to someone else"),
    "registration.substitute": gettext_lazy("transferred to a colleague"),
    "registration.complete": gettext_lazy("details completed by the attendee"),
    # The verbs are stored data; they keep the names they had when they were recorded.
    "registration.prove": gettext_lazy("confirmed through the link in the e-mail"),
    "registration.receive": gettext_lazy("registered at the desk"),
    "registration.add": gettext_lazy("added by an organizer"),
    "registration.answer": gettext_lazy("questions answered"),
    "badge.reissue": gettext_lazy("earlier badge replaced"),
    "registration.note": gettext_lazy("note for staff changed"),
    "order.invoice_later": gettext_lazy("to be invoiced instead of paid by card"),
    "badge.print": gettext_lazy("badge printed at the desk"),
    "registration.resend": gettext_lazy("e-mail sent again"),
    "registration.report_absence": gettext_lazy("the company’s contact told that the attendee can’t come"),
    "registration.merge": gettext_lazy("merged with another registration"),
    "registration.set_apart": gettext_lazy("marked as not a duplicate"),
    "registration.renew_link": gettext_lazy("the attendee’s link replaced"),
    "seat.book": gettext_lazy("session seat booked"),
    "seat.leave": gettext_lazy("session seat released"),
    "seat.swap": gettext_lazy("session seat swapped"),
    "address.bounced": gettext_lazy("e-mail bounced"),
    "address.right": gettext_lazy("address marked as correct"),
    "order.renew_link": gettext_lazy("link replaced"),
    "order.change_billing": gettext_lazy("billing details changed"),
    "order.change_language": gettext_lazy("language of the e-mails changed"),
    "order.verify": gettext_lazy("address confirmed through the link in the e-mail"),
    "order.vouch": gettext_lazy("confirmed by an organizer"),
    "order.confirm": gettext_lazy("order confirmed"),
    "order.unpaid": gettext_lazy("not paid by card in time"),
    "order.paid": gettext_lazy("confirmed by the payment"),
    "order.resend": gettext_lazy("link to confirm the order sent again"),
    "order.cancel": gettext_lazy("cancelled together with other orders"),
    "order.book_for_company": gettext_lazy("ordered by the company’s contact"),
    "order.reassign": gettext_lazy("order handed to the company’s new contact"),
    "payment.start": gettext_lazy("card payment started"),
    "scan.override": gettext_lazy("admitted despite a refusal"),
    "conflict.resolve": gettext_lazy("scan conflict resolved"),
    "conflict.reopen": gettext_lazy("scan conflict reopened"),
    "sheet.undo": gettext_lazy("signature on the sign-in sheet undone"),
}
# The fields of these would only list the form: the page shows the values, or the attendee is another one.
VERBS_WITHOUT_FIELDS = {
    "registration.add",
    "registration.receive",
    "registration.name",
    "registration.substitute",
    "registration.transfer",
    "order.book_for_company",
}
IMPORT_VERBS = {"registration.import_change", "registration.import_restore"}
# Of entries that name the column "email".
CORRECTED_ADDRESS_TEXTS = {
    "registration.resend": gettext_lazy("e-mail sent again, to a corrected address"),
    "order.resend": gettext_lazy("link to confirm the order sent again, to a corrected address"),
}
# Labels of the columns that an entry names; columns without a label are internal and not shown.
FIELD_LABELS = {
    "first_name": gettext_lazy("first name"),
    "last_name": gettext_lazy("last name"),
    "email": gettext_lazy("e-mail"),
    "company": gettext_lazy("company"),
    "language": gettext_lazy("language of the e-mails"),
    "no_photo": gettext_lazy("no photographs"),
    "ticket": gettext_lazy("ticket"),
    "addons": gettext_lazy("add-ons"),
    "price": gettext_lazy("price"),
    "cancellation_fee": gettext_lazy("cancellation fee"),
    "purchase_order": gettext_lazy("purchase order"),
    "billing_name": gettext_lazy("name on the invoice"),
}


@dataclass(frozen=True, kw_only=True)
class HistoryEntry:
    """One line of the history; `fields` are labels of what was changed, `path` a page about it."""

    at: datetime.datetime
    text: Any
    fields: list[str] = field(default_factory=list)
    reason: str = ""
    # A name alone for scans, whose operator at a phone may have no account.
    actor: Person | str | None = None
    path: str = ""


def load_history(
    registration: Registration, attendance: Iterable[Any] = (), *, reader: "RequestUser"
) -> list[HistoryEntry]:
    """Return what happened to the registration, its order and its money, newest first.

    Links lead only to events that `reader` organizes.
    `attendance` are the entries of `hooks.registration_attendance`, which has the scans.
    """
    subjects = [
        f"registrations.registration:{registration.pk}",
        f"registrations.order:{registration.order_id}",
    ]
    entries = AuditEntry.objects.filter(subject__in=subjects).select_related("actor")
    scans = [HistoryEntry(at=scan.at, text=scan.text, actor=scan.operator) for scan in attendance]
    lines = [
        *_describe_entries(registration, entries, reader),
        *_describe_quotation(registration.order),
        *_list_money(registration.order),
        *scans,
    ]
    return sorted(lines, key=lambda line: line.at, reverse=True)


def _describe_quotation(order: Order) -> Iterator[HistoryEntry]:
    """Yield which quotation promised the prices of the order, if one did."""
    if order.quotation_number:
        text = _("ordered from quotation %(number)s") % {"number": order.quotation_number}
        yield HistoryEntry(at=order.created_at, text=text)


def _describe_entries(
    registration: Registration, entries: Iterable[AuditEntry], reader: "RequestUser"
) -> Iterator[HistoryEntry]:
    rows = list(entries)
    labels = {name: str(label) for name, label in FIELD_LABELS.items()} | _label_own_fields(
        registration, rows
    )
    titles = _load_titles(registration) if any(entry.details for entry in rows) else {}
    for entry in rows:
        # Old entries may have a verb that was removed from the product.
        text, path = AUDIT_VERB_TEXTS.get(entry.verb, _("other change")), ""
        fields = _list_field_labels(registration, entry, labels)
        if entry.verb in CORRECTED_ADDRESS_TEXTS and "email" in entry.fields:
            text, fields = CORRECTED_ADDRESS_TEXTS[entry.verb], []
        elif entry.verb in VERBS_WITHOUT_FIELDS:
            fields = []
        elif entry.verb == "registration.change_order" and entry.details:
            text, fields = ", ".join(_list_order_changes(registration, entry.details, titles)), []
        elif entry.verb in IMPORT_VERBS and entry.details:
            fields += _list_order_changes(registration, entry.details, titles)
        elif entry.verb == REINSTATEMENT_VERB:
            text, fields = _describe_reinstatement(entry.details, titles), []
        elif entry.verb == "registration.move" and entry.details:
            text, path = _describe_move(entry.details, reader)
        yield HistoryEntry(
            at=entry.created_at,
            text=text,
            fields=fields,
            # Of a settled double admission it is the kind of decision, as the database stores it.
            reason="" if entry.verb == "conflict.resolve" else entry.reason,
            actor=entry.actor,
            path=path,
        )


def _describe_move(details: dict[str, Any], reader: "RequestUser") -> tuple[str, str]:
    """Return to which event's waiting list somebody was moved, and the path of that list."""
    event = Event.objects.filter(slug=details["event"]).first()
    # An event that was deleted or has another address since is named by the old one.
    text = _("moved to the waiting list of “%(event)s”") % {
        "event": event.title if event else details["event"]
    }
    path = reverse("organize-waiting", args=[event.slug]) if event and can_organize(reader, event) else ""
    return text, path


def _describe_reinstatement(details: dict[str, Any], titles: dict[tuple[str, str], str]) -> str:
    """Return that it was reinstated, and which add-ons and session bookings could not be restored."""
    lost = [titles.get(("addon", slug), slug) for slug in details["lost_addons"]]
    lost += [session.title for session in find_lost_sessions(details)]
    if not lost:
        return str(AUDIT_VERB_TEXTS[REINSTATEMENT_VERB])
    return _("reinstated without %(items)s") % {"items": ", ".join(lost)}


def _load_titles(registration: Registration) -> dict[tuple[str, str], str]:
    """Return the titles of the event's tickets and add-ons by kind and short name."""
    event = registration.event
    return {("ticket", ticket.slug): ticket.title for ticket in event.tickets.all()} | {
        ("addon", addon.slug): addon.title for addon in event.addons.all()
    }


def _list_order_changes(
    registration: Registration, details: dict[str, Any], titles: dict[tuple[str, str], str]
) -> Iterator[str]:
    """Yield the exchanged ticket, each add-on added or removed, and the difference in price.

    What was removed since is named by its short name.
    """
    if details["tickets"]:
        old, new = (titles.get(("ticket", slug), slug) for slug in details["tickets"])
        yield _("ticket: %(old)s → %(new)s") % {"old": old, "new": new}
    for slug in details["added_addons"]:
        yield _("add-on added: %(addon)s") % {"addon": titles.get(("addon", slug), slug)}
    for slug in details["removed_addons"]:
        yield _("add-on removed: %(addon)s") % {"addon": titles.get(("addon", slug), slug)}
    cents = details["difference_cents"]
    amount = Money(cents, registration.order.currency)
    yield f"+{NO_BREAK_SPACE}{amount}" if cents > 0 else str(amount) if cents else _("same price")


def _label_own_fields(registration: Registration, entries: Iterable[AuditEntry]) -> dict[str, str]:
    """Return the labels that differ by registration: of questions and sessions."""
    labels = {question.slug: question.title for question in load_questions(registration.event)}
    keys = {name for entry in entries for name in entry.fields if name.startswith(SESSION_KEY_PREFIX)}
    if keys:
        sessions = registration.event.sessions.all()
        labels |= {key: session.title for session in sessions if (key := make_session_key(session)) in keys}
    return labels


def _list_field_labels(registration: Registration, entry: AuditEntry, labels: dict[str, str]) -> list[str]:
    """Return the labels of an entry's columns; of a fee with its amount, which a reinstatement clears."""
    if "fee_cents" in entry.details:
        fee = Money(entry.details["fee_cents"], registration.order.currency)
        return [_("cancellation fee of %(amount)s") % {"amount": fee}]
    return [labels[name] for name in entry.fields if name in labels]


def _list_money(order: Order) -> Iterator[HistoryEntry]:
    """Yield the payments and refunds of the order."""
    for payment in Payment.objects.filter(receivable__reference=order.reference):
        text = _("Payment received, %(amount)s, %(method)s")
        yield HistoryEntry(at=payment.created_at, text=text % _money_params(payment.amount, payment))
    refunds = Refund.objects.filter(receivable__reference=order.reference)
    for refund in refunds.prefetch_related("receivable__charges"):
        yield HistoryEntry(
            at=refund.created_at,
            text=describe_refund_state(refund, order.currency),
            reason=refund.reason_text,
        )


def _money_params(cents: int, payment: Payment) -> dict[str, object]:
    return {"amount": Money(cents, payment.currency), "method": payment.get_method_display()}
