"""Name what a list changes about each registration: in words for the preview, as entries of the history."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from convention.audit.record import build_audit_entry, record_actions
from convention.events.models import Event
from convention.money import NO_BREAK_SPACE, Money
from registrations.changes.change_order import make_change_details
from registrations.models import Question, Registration, Ticket
from registrations.questions.answers import describe_answer
from registrations.questions.queries import load_questions

from .columns import FIELD_LABELS, QUESTION_PREFIX
from .save_import import RegistrationChange, RegistrationImportResult, snapshot_registration

TEXT_FIELDS = ("first_name", "last_name", "company", "purchase_order")
EMPTY_VALUE = "–"


def list_changes(event: Event, result: RegistrationImportResult) -> list[RegistrationChange]:
    """Return the changed registrations in words, those whose price changes first."""
    tickets, questions = {ticket.pk: ticket for ticket in event.tickets.all()}, load_questions(event)
    changes = [
        RegistrationChange(
            registration=registration,
            lines=list(
                _describe_change(registration, result.old_values[registration.pk], tickets, questions)
            ),
            difference=_describe_difference(registration, result.old_values[registration.pk]),
        )
        for registration in result.changed_registrations
    ]
    return sorted(changes, key=lambda change: not change.difference)


def _describe_change(
    registration: Registration,
    before: Mapping[str, Any],
    tickets: Mapping[int, Ticket],
    questions: Sequence[Question],
) -> Iterator[str]:
    after = snapshot_registration(registration)
    labels = {**FIELD_LABELS, "price": _("Price")} | {
        f"{QUESTION_PREFIX}{question.slug}": question.title for question in questions
    }
    old_values, new_values = (
        _describe_values(registration, snapshot, tickets, questions) for snapshot in (before, after)
    )
    for name, old in old_values.items():
        if old != (new := new_values[name]):
            yield _("%(field)s: %(old)s → %(new)s") % {
                "field": labels[name],
                "old": old or EMPTY_VALUE,
                "new": new or EMPTY_VALUE,
            }
    if before["confirmed_at"] is None:
        yield _("The registration is confirmed.")


def _describe_values(
    registration: Registration,
    snapshot: Mapping[str, Any],
    tickets: Mapping[int, Ticket],
    questions: Sequence[Question],
) -> dict[str, str]:
    """Return the values of a snapshot in words, by field."""
    return {
        **{name: snapshot[name] for name in TEXT_FIELDS},
        "no_photo": _("yes") if snapshot["no_photo"] else _("no"),
        **{
            f"{QUESTION_PREFIX}{question.slug}": describe_answer(
                question, snapshot["answers"].get(question.slug)
            )
            for question in questions
        },
        "ticket": tickets[snapshot["ticket_id"]].title,
        "price": str(Money(snapshot["price"], registration.order.currency)),
    }


def _describe_difference(registration: Registration, before: Mapping[str, Any]) -> str:
    """Return how much more the registration costs, or ""."""
    cents = registration.price - before["price"]
    amount = Money(cents, registration.order.currency)
    return f"+{NO_BREAK_SPACE}{amount}" if cents > 0 else str(amount) if cents else ""


def record_changes(event: Event, result: RegistrationImportResult) -> None:
    """Add an entry to the history of each changed registration."""
    slugs = dict(event.tickets.values_list("pk", "slug"))
    record_actions(
        build_audit_entry(
            "registration.import_change",
            registration,
            event=event,
            **describe_for_history(
                result.old_values[registration.pk], snapshot_registration(registration), slugs
            ),
        )
        for registration in result.changed_registrations
    )


def describe_for_history(
    before: Mapping[str, Any], after: Mapping[str, Any], ticket_slugs: Mapping[int, str]
) -> dict[str, Any]:
    """Return the audit entry's fields, and its details where the ticket was exchanged.

    `before` and `after` are snapshots, or the parts of them that differ.
    """
    fields = [name for name in after if name != "answers" and after[name] != before[name]]
    old_answers, new_answers = before.get("answers", {}), after.get("answers", {})
    fields += [
        slug
        for slug in sorted({*old_answers, *new_answers})
        if old_answers.get(slug) != new_answers.get(slug)
    ]
    if "ticket_id" not in fields:
        return {"fields": fields}
    old_ticket, new_ticket = (ticket_slugs.get(values["ticket_id"], "") for values in (before, after))
    cents = after.get("price", 0) - before.get("price", 0)
    details = make_change_details(tickets=[old_ticket, new_ticket], difference_cents=cents)
    # The details name the ticket and the difference.
    return {"fields": [name for name in fields if name != "price"], "details": details}
