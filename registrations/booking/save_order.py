"""Save an order with its registrations, stock and mail."""

from django.db import transaction

from convention import hooks
from convention.events.sequence import advance_sequence
from registrations.inventory.stock import company_ticket_sort_key, reserve_company_share, reserve_items
from registrations.models import Registration, RegistrationAddon
from registrations.questions.files import claim_answer_files, is_file_answer

from .fast_order import save_order_fast
from .prepared_order import PreparedOrder


def save_order(prepared: PreparedOrder) -> None:
    """Save an order, reserve its stock and queue its mails, or do nothing at all.

    Raise SoldOut or CompanyFull. Within a transaction the caller has to let it roll back then.
    """
    for registration in prepared.registrations:
        registration.update_search_columns()
    if not save_order_fast(prepared):
        save_order_plain(prepared)


@transaction.atomic
def save_order_plain(prepared: PreparedOrder) -> None:
    """Save any order in one transaction, with the ORM."""
    order, registrations = prepared.order, prepared.registrations
    order.save(force_insert=True)
    if prepared.idempotency_key:
        prepared.idempotency_key.order = order
        prepared.idempotency_key.save(force_insert=True)
    hooks.send_order_mails.enqueue(order.pk)
    for (ticket, company), places in sorted(prepared.company_shares.items(), key=company_ticket_sort_key):
        reserve_company_share(ticket, company, places)
    # Everybody waits for the rows of the last places and for the event's sequence: they are locked last.
    reserve_items(prepared.required_items)
    sequence = advance_sequence(order.event_id)
    for registration in registrations:
        registration.order, registration.sequence = order, sequence
    Registration.objects.bulk_create(registrations)
    RegistrationAddon.objects.bulk_create(prepared.addons)
    for registration in registrations:
        if any(map(is_file_answer, registration.answers.values())):
            claim_answer_files(registration)
