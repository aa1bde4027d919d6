"""Bill a reinstated registration again."""

from django.utils import translation
from django.utils.translation import gettext as _

from registrations.models import Registration

from .cancellation import correct_invoices, get_name_for_documents, issue_uninvoiced_charges
from .receivables import find_stored_receivable, sync_existing_receivable


def settle_reinstatement(registration: Registration) -> None:
    """Sync the order's receivable, and correct the invoices of its cancellation fee, if there are any.

    Call it after the registration was saved, in the same transaction and under the order's lock.
    """
    order = registration.order
    sync_existing_receivable(order)
    receivable = find_stored_receivable(order)
    if receivable is None or not receivable.invoices.exists():
        return
    with translation.override(order.language):
        document_reason = _("Reinstatement: %(name)s") % {"name": get_name_for_documents(registration)}
    correct_invoices(receivable, document_reason)
    issue_uninvoiced_charges(receivable)
