"""Import registrations from a table, all or nothing: match rows to registrations, check, save, notify."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import batched
from typing import Any, BinaryIO

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention import hooks
from convention.audit.record import record_action
from convention.club.models import Company
from convention.club.permissions import find_member_companies
from convention.db.advisory_locks import acquire_advisory_lock
from convention.db.limited_stock import LimitedStock
from convention.events.models import Event
from convention.jobs.job_queue import JobProgress
from convention.tables.columns import index_columns, merge_remembered_columns, remember_columns
from convention.tables.files import ParsedTable
from convention.tables.import_payload import unpack_import
from convention.tables.row_errors import InvalidRows
from convention.tasks.queue_names import MAIL_QUEUE
from convention.text.email_addresses import is_same_email, normalize_email
from registrations.application_rules import describe_missing_application
from registrations.billing.receivables import is_paid
from registrations.booking.transfer import (
    TRANSFERRED_FIELDS,
    has_other_unnamed_address,
    is_transfer,
    remember_issued_identity,
    start_badge_version,
)
from registrations.booking.validation import is_addon_for_ticket, refuse_if_cancelled
from registrations.changes.change_order import PRICE_FIELDS
from registrations.changes.links import send_links_mail
from registrations.models import IdempotencyKey, ImportRun, Order, Question, Registration, Ticket
from registrations.order_request import RequestedPlace
from registrations.questions.answers import (
    AnswerContext,
    check_answers,
    count_limited_options,
    select_asked_questions,
    select_hidden_questions,
)
from registrations.questions.files import claim_answer_files
from registrations.questions.queries import load_questions

from .columns import FIELD_LABELS, REQUIRED_FIELDS, guess_header_fields
from .describe_changes import list_changes, record_changes
from .rows import ImportCatalog, RegistrationRow, read_rows
from .save_import import (
    BATCH_SIZE,
    NewcomerMails,
    RegistrationImportResult,
    add_booking,
    lock_orders,
    save_import,
    save_import_run,
    simulate_import,
    snapshot_registration,
)
from .ticket_changes import check_addons_of_ticket, check_transfer, refuse_ticket_changes

State = Registration.State
# Orders whose link was never given to an unknown person: imported, or made at the desk or by an organizer.
SOURCES_WITHOUT_LINK = (Order.Source.IMPORT, Order.Source.DESK, Order.Source.ORGANIZER)
TEXT_FIELDS = ("first_name", "last_name", "company")


@transaction.atomic
def import_registrations(
    *,
    event: Event,
    table: ParsedTable,
    chosen_fields: Sequence[str] | None = None,
    file_name: str = "",
    newcomer_mails: NewcomerMails = NewcomerMails.NONE,
) -> RegistrationImportResult:
    """Create or update a registration for each row of the table.

    Members need no verification, since the organizer vouches for them. `chosen_fields` maps the columns; None
    means guess. Raise NotOpenNow for a cancelled event, UnreadableFile where columns are missing,
    InvalidRows, SoldOut or CompanyFull; then nothing is saved.
    """
    result = _read_list(event, table, chosen_fields)
    save_import(event, result)
    _adopt_orders(event, list(result.adopted_orders.values()))
    save_import_run(event, result, file_name=file_name)
    record_action("registration.import", event, event=event, fields=result.column_fields)
    record_changes(event, result)
    # Adopted orders get new links, because the old ones were just revoked.
    # A long list must not delay the confirmations of people who register themselves.
    for order in result.adopted_orders:
        send_links_mail.using(queue_name=MAIL_QUEUE).enqueue([order], [])
    if newcomer_mails is NewcomerMails.CONFIRMATION:
        result.order_ids_to_notify += [new.order.pk for new in result.new_orders if new.order.email]
    for order in result.order_ids_to_notify:
        hooks.send_order_mails.task.using(queue_name=MAIL_QUEUE).enqueue(order)
    return result


@transaction.atomic
def preview_import(
    *, event: Event, table: ParsedTable, chosen_fields: Sequence[str] | None = None
) -> RegistrationImportResult:
    """Return what `import_registrations` would do, without saving or notifying. Raise the same errors."""
    result = _read_list(event, table, chosen_fields)
    simulate_import(result)
    result.changes = list_changes(event, result)
    # The preview runs the real code and rolls it back, so that it cannot differ from the import.
    transaction.set_rollback(True)
    return result


def load_known_mapping(event: Event) -> dict[str, str]:
    """Return the column mapping of the event's earlier imports, the latest for each heading."""
    runs = ImportRun.objects.filter(event=event).order_by("-pk").values_list("mapping", flat=True)[:20]
    return merge_remembered_columns(list(runs))


def guess_column_fields(event: Event, table: ParsedTable, questions: Sequence[Question]) -> list[str]:
    """Return the field of each column of the table, as in earlier imports or guessed from its heading."""
    return guess_header_fields(table.header, questions, event.addons.all(), load_known_mapping(event))


def _read_list(
    event: Event, table: ParsedTable, chosen_fields: Sequence[str] | None
) -> RegistrationImportResult:
    """Lock the registrations that the list names, and return what it would change, unsaved."""
    refuse_if_cancelled(event)
    # One import at a time for an event: two lists could create the same people twice.
    acquire_advisory_lock(f"import:{event.pk}")
    catalog = load_import_catalog(event)
    chosen_fields = (
        guess_column_fields(event, table, catalog.questions) if chosen_fields is None else chosen_fields
    )
    columns, ignored = index_columns(table.header, chosen_fields, REQUIRED_FIELDS, FIELD_LABELS)
    guesses = guess_header_fields(table.header, catalog.questions, event.addons.all())
    rows = read_rows(table, columns, catalog)
    result = RegistrationImportResult(
        ignored_columns=ignored,
        column_fields=sorted(columns),
        column_mapping=remember_columns(table.header, chosen_fields, guesses),
    )
    _sort_rows(result, rows, event, catalog)
    return result


def load_import_catalog(event: Event) -> ImportCatalog:
    """Return the tickets, add-ons and questions that a list may name at this event."""
    tickets = list(event.tickets.with_prices().order_by("pk"))
    for ticket in tickets:
        ticket.event = event
    return ImportCatalog(tickets, list(event.addons.prefetch_related("tickets")), load_questions(event))


def _sort_rows(
    result: RegistrationImportResult, rows: list[RegistrationRow], event: Event, catalog: ImportCatalog
) -> None:
    """Sort the rows into new, changed and unchanged registrations. Raise InvalidRows."""
    registrations_by_row = _find_registrations(event, rows)
    rows, result.refused_tickets = refuse_ticket_changes(event, rows, registrations_by_row, catalog)
    companies, tickets = _load_member_companies(rows), {ticket.slug: ticket for ticket in catalog.tickets}
    errors: list[tuple[int, str]] = []
    for row in rows:
        registration = registrations_by_row.get(row.row_number)
        # A list never reactivates a cancelled registration: it may be older than the cancellation.
        if registration and registration.state in (State.CANCELLED, State.EXPIRED):
            result.unchanged_count += 1
            continue
        answers, row_errors = _validate_answers(row, registration, tickets, catalog.questions)
        errors += [(row.row_number, sentence) for sentence in row_errors]
        if registration:
            # Found by address alone in an unverified order: its buyer may be a stranger with a link to it.
            if not row.reference and not _is_identity_verified(registration):
                result.adopted_orders[registration.order_id] = registration.order
            sentences = [
                *check_addons_of_ticket(row, registration, catalog),
                *check_transfer(row, registration),
            ]
            errors += [(row.row_number, sentence) for sentence in sentences]
            _update_registration(result, registration, row, tickets, answers)
        elif not row_errors:
            errors += [(row.row_number, sentence) for sentence in _check_new_row(row, catalog)]
            # After an error nothing will be saved, so the other rows need not be priced.
            if not errors:
                add_booking(result, row, catalog, companies.get(normalize_email(row.place.email)), answers)
    if errors:
        raise InvalidRows(errors)
    result.extra_items.update(_count_option_changes(result, catalog.questions))


def _check_new_row(row: RegistrationRow, catalog: ImportCatalog) -> Iterator[str]:
    """Yield what is wrong with a row of a new registration."""
    if not row.place.first_name and not row.place.last_name:
        yield _("Enter a name.")
    if not row.place.ticket:
        yield _("Enter a ticket: this event has no default ticket.")
    named_ticket = next((ticket for ticket in catalog.tickets if ticket.slug == row.place.ticket), None)
    # A list must not bypass the applications for a visit.
    if named_ticket and (sentence := describe_missing_application(named_ticket)):
        yield sentence
    addons_by_slug = {addon.slug: addon for addon in catalog.addons}
    for slug in row.place.addons:
        if slug not in addons_by_slug:
            yield _("This add-on is not available for this event: %(slug)s.") % {"slug": slug[:50]}
        elif not is_addon_for_ticket(addons_by_slug[slug], row.place.ticket):
            yield _("“%(addon)s” is not available with this ticket.") % {"addon": addons_by_slug[slug].title}


def _validate_answers(
    row: RegistrationRow,
    registration: Registration | None,
    tickets: dict[str, Ticket],
    questions: Sequence[Question],
) -> tuple[dict[str, Any], list[str]]:
    """Return the answers to save, and the errors of those the row gives."""
    old_answers = registration.answers if registration else {}
    row_answers = row.place.answers
    ticket = (
        registration.ticket if registration and not row.has_ticket_cell else tickets.get(row.place.ticket)
    )
    # Without answers in the row, and with the same ticket, nothing has to be checked again.
    if ticket is None or not (row_answers or (registration and ticket.pk != registration.ticket_id)):
        return dict(old_answers), []
    checked = check_answers(
        questions,
        ticket,
        {**old_answers, **row_answers},
        AnswerContext(answered_at=timezone.now(), earlier_answers=old_answers),
    )
    questions_by_field = {
        f"answers.{question.slug}": question for question in questions if question.slug in row_answers
    }
    errors = [
        _("%(field)s: %(sentence)s") % {"field": questions_by_field[name].title, "sentence": sentence}
        for name, sentence in checked.field_errors
        if name in questions_by_field
    ]
    answers = {
        **old_answers,
        **{slug: checked.accepted[slug] for slug in row_answers if slug in checked.accepted},
    }
    # Answers to questions that this ticket does not ask are dropped; those to hidden ones stay as they are.
    shown_slugs = {question.slug for question in select_asked_questions(questions, ticket, answers)}
    shown_slugs |= old_answers.keys() & {question.slug for question in select_hidden_questions(questions)}
    return {slug: value for slug, value in answers.items() if slug in shown_slugs}, errors


def _count_option_changes(
    result: RegistrationImportResult, questions: Sequence[Question]
) -> Counter[LimitedStock]:
    """Return how many more of each limited option the changed registrations take; negative for fewer.

    Options of a registration without a reserved place were not counted before.
    """
    change = Counter[LimitedStock]()
    for registration in result.changed_registrations:
        change.update(count_limited_options(questions, registration.answers))
        if registration.is_reserved:
            change.subtract(count_limited_options(questions, result.old_values[registration.pk]["answers"]))
    return change


def _find_registrations(event: Event, rows: list[RegistrationRow]) -> dict[int, Registration]:
    """Return the registration that each row updates, by row number.

    Matched by reference, else by e-mail, and by name where several share the address. Raise InvalidRows.
    """
    addresses = {normalize_email(row.place.email) for row in rows if row.place.email}
    locked = list(_lock_registrations(event, addresses, {row.reference for row in rows if row.reference}))
    by_reference = {registration.reference: registration for registration in locked}
    # Several attendees may share an address, such as an assistant's.
    by_email = defaultdict[str, list[Registration]](list)
    for candidate in locked:
        if candidate.email and _holds_place(candidate) and _is_address_trusted(candidate):
            by_email[normalize_email(candidate.email)].append(candidate)
    registrations_by_row, errors = {}, []
    for row in rows:
        try:
            registration = by_reference.get(row.reference) or _find_by_email(row, by_email)
        except LookupError as error:
            errors.append((row.row_number, str(error)))
            continue
        if registration:
            registrations_by_row[row.row_number] = registration
            errors += [(row.row_number, sentence) for sentence in _check_address(row, registration)]
    if errors:
        raise InvalidRows(errors)
    return registrations_by_row


def _find_by_email(row: RegistrationRow, by_email: dict[str, list[Registration]]) -> Registration | None:
    """Return the registration with the row's address; several candidates are told apart by name.

    Raise LookupError if none of several candidates has the name.
    """
    candidates = by_email.get(normalize_email(row.place.email), []) if row.place.email else []
    same_name = [r for r in candidates if _casefold_name(r) == _casefold_name(row.place)]
    # A single candidate matches under another name too: names in lists are often misspelt.
    if len(candidates) == 1 or same_name:
        return (same_name or candidates)[0]
    if candidates:
        sentence = _(
            "%(number)d people are registered with this e-mail address, but none of them has this name."
        )
        raise LookupError(sentence % {"number": len(candidates)})
    return None


def _check_address(row: RegistrationRow, registration: Registration) -> Iterator[str]:
    needs_same_email = row.reference == registration.reference and bool(row.place.email)
    if needs_same_email and not is_same_email(row.place.email, registration.email):
        sentence = _(
            "Registration %(reference)s has another e-mail address. Correct it on the registration’s page."
        )
        yield sentence % {"reference": row.reference}


def _holds_place(registration: Registration) -> bool:
    return registration.is_active


def _lock_registrations(event: Event, addresses: set[str], references: set[str]) -> Iterator[Registration]:
    """Lock and yield the registrations with these addresses or references.

    Orders are locked first, in the order of the registrations' ids.
    """
    all_rows = Registration.objects.filter(event=event).order_by("pk")
    rows = all_rows.active().values_list("pk", "email", "reference")
    # The addresses are compared here and not in SQL, which cannot normalize them in the same way.
    keys = {
        pk for pk, email, reference in rows if reference in references or normalize_email(email) in addresses
    }
    # A reference may also name a cancelled registration, which is reported as unchanged.
    for batch_of_references in batched(sorted(references), BATCH_SIZE, strict=False):
        keys.update(all_rows.filter(reference__in=batch_of_references).values_list("pk", flat=True))
    lock_orders(keys)
    locked = all_rows.select_for_update(no_key=True).prefetch_related(
        "order", "ticket", "person", "member_of", "membership_pass", "voucher__tickets", "addons__addon"
    )
    for batch in batched(sorted(keys), BATCH_SIZE, strict=False):
        yield from locked.filter(pk__in=batch)


def _is_address_trusted(registration: Registration) -> bool:
    """Return whether a list may update the registration found by its address.

    True where the attendee ordered, verified the address, or was imported. In another person's order, the
    holder of that order's link would see the data and the badge.
    """
    return is_same_email(registration.order.email, registration.email) or _is_identity_verified(registration)


def _is_identity_verified(registration: Registration) -> bool:
    """Return whether only the attendee can have been given the link."""
    return registration.person_id is not None or registration.order.source in SOURCES_WITHOUT_LINK


def _adopt_orders(event: Event, orders: list[Order]) -> None:
    """Make unverified orders the organizer's: old links and idempotency keys are no longer valid."""
    for order in orders:
        order.link_version += 1
        order.attendee_links_version += 1
        order.source = Order.Source.IMPORT
        record_action("order.renew_link", order, event=event, fields=["link_version"])
    Order.objects.bulk_update(orders, ["link_version", "attendee_links_version", "source"], BATCH_SIZE)
    for batch in batched(orders, BATCH_SIZE, strict=False):
        # An API client that repeats its request would be given the new link.
        IdempotencyKey.objects.filter(order__in=batch).delete()


def _casefold_name(person: Registration | RequestedPlace) -> tuple[str, str]:
    return person.first_name.casefold(), person.last_name.casefold()


def _load_member_companies(rows: list[RegistrationRow]) -> dict[str, Company]:
    """Return today's member company of the attendees in the list, by normalized e-mail address."""
    companies = dict[str, Company]()
    for batch in batched(rows, BATCH_SIZE, strict=False):
        companies |= find_member_companies({row.place.email for row in batch})
    return companies


def _update_registration(
    result: RegistrationImportResult,
    registration: Registration,
    row: RegistrationRow,
    tickets: dict[str, Ticket],
    new_answers: dict[str, Any],
) -> None:
    """Apply the row to the registration; an empty cell changes nothing."""
    row_values = _collect_row_values(row, new_answers)
    # Only real changes are written and recorded, so that an undo sees what the list changed.
    changed = {name: value for name, value in row_values.items() if getattr(registration, name) != value}
    ticket = tickets.get(row.place.ticket, registration.ticket)
    changes_ticket = row.has_ticket_cell and ticket.pk != registration.ticket_id
    order = registration.order
    changes_purchase_order = bool(row.purchase_order) and row.purchase_order != order.purchase_order
    # A list never changes add-ons of a registration; the difference is only reported.
    if row.place.addons and set(row.place.addons) != {
        chosen.addon.slug for chosen in registration.active_addons
    }:
        result.other_addons_count += 1
    if not changed and not changes_ticket and not changes_purchase_order and registration.confirmed_at:
        result.unchanged_count += 1
        return
    result.old_values[registration.pk] = snapshot_registration(registration)
    if changes_purchase_order:
        order.purchase_order, result.changed_orders[order.pk] = row.purchase_order, order
    old_values = {name: getattr(registration, name) for name in changed}
    for name, value in changed.items():
        setattr(registration, name, value)
    result.written_fields |= _apply_identity_change(result, registration, row, old_values)
    if changes_ticket:
        result.ticket_changes.append((ticket, registration))
        result.written_fields |= {"ticket", "is_reserved", "membership_pass", *PRICE_FIELDS}
    if not registration.confirmed_at:
        registration.confirmed_at, registration.hold_expires_at = timezone.now(), None
        result.written_fields |= {"confirmed_at", "hold_expires_at", "is_reserved"}
        # The organizer's list confirms the order, so it is invoiced and needs no verification.
        if not is_paid(order):
            order.payment, result.changed_orders[order.pk] = Order.Payment.INVOICE, order
            order.verified_at = timezone.now() if order.awaits_verification else None
    result.written_fields |= changed.keys()
    result.changed_registrations.append(registration)


def _apply_identity_change(
    result: RegistrationImportResult,
    registration: Registration,
    row: RegistrationRow,
    old_values: dict[str, Any],
) -> set[str]:
    """Void the badge where the list names another person; return the changed fields.

    For a place without a name, another address voids the link. Only answers that the list gives remain.
    """
    if not is_transfer(registration, old_values):
        saved_fields = set(remember_issued_identity(registration, old_values))
        if has_other_unnamed_address(registration, old_values):
            registration.link_version += 1
            _keep_row_answers(registration, row)
            saved_fields |= {"link_version", "answers"}
        return saved_fields
    start_badge_version(registration)
    _keep_row_answers(registration, row)
    # Adopted orders are reported with their links already.
    if registration.order_id not in result.adopted_orders:
        result.transfer_count += 1
    if registration.confirmation_sent_at:  # the former badge was mailed, so the new one is mailed too
        registration.confirmation_sent_at = None
        result.order_ids_to_notify.append(registration.order_id)
    return {*TRANSFERRED_FIELDS, "answers", "confirmation_sent_at"}


def _keep_row_answers(registration: Registration, row: RegistrationRow) -> None:
    row_answers = row.place.answers
    registration.answers = {
        slug: answer for slug, answer in registration.answers.items() if slug in row_answers
    }
    claim_answer_files(registration)


def _collect_row_values(row: RegistrationRow, new_answers: dict[str, Any]) -> dict[str, Any]:
    """Return the values that the row gives, by field."""
    texts = {name: getattr(row.place, name) for name in TEXT_FIELDS}
    row_values: dict[str, Any] = {name: text for name, text in texts.items() if text} | {
        "answers": new_answers
    }
    if row.has_photo_cell:
        row_values["no_photo"] = row.place.no_photo
    return row_values


def run_import_job(progress: JobProgress, _file: BinaryIO) -> str:
    """Run a queued import and return its summary.

    The import and the end of its job are saved together. Raise what `import_registrations` raises.
    """
    upload = unpack_import(progress.job.payload)
    event = progress.job.required_event
    with transaction.atomic():
        summary = str(
            import_registrations(
                event=event,
                table=upload.table,
                chosen_fields=upload.picks,
                file_name=upload.name,
                newcomer_mails=NewcomerMails(upload.options[0]) if upload.options else NewcomerMails.NONE,
            )
        )
        # In the same transaction: a job that is run again after a crash must not import twice.
        progress.finish_job(summary)
    return summary
