"""Forms of the desk: a substitution, a reprint, a payment."""

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from registrations.changes.forms import SubstitutionForm
from registrations.invoices.forms.actions import CentsField, IdempotentForm
from registrations.models import Registration

from .models import BadgePrint
from .payments import DESK_METHODS, DESK_PAYMENT_PREFIX


class DeskSubstitutionForm(SubstitutionForm):
    """The new attendee, with their company unless the place is a member's."""

    company = forms.CharField(label=_("Company"), required=False)

    def __init__(self, data: QueryDict | None, *, registration: Registration) -> None:
        super().__init__(data, registration=registration, initial={"company": registration.company})
        if registration.ticket.needs_member_verification:
            # The membership says which company it is.
            del self.fields["company"]


class ReprintForm(forms.Form):
    """The reason for printing a badge again."""

    reason = forms.ChoiceField(
        label=_("Why is another badge needed?"),
        choices=BadgePrint.Reason.choices,
        widget=forms.RadioSelect,
    )


class DeskPaymentForm(IdempotentForm):
    """A payment in cash, by the card terminal or by cheque."""

    amount = CentsField(label=_("Amount received"))
    method = forms.ChoiceField(
        label=_("Method"),
        choices=[(method.value, method.label) for method in DESK_METHODS],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose how the guest pays.")},
    )
    note = forms.CharField(
        label=_("Note"),
        required=False,
        max_length=200,
        help_text=_("For example the cheque number or the number on the card receipt."),
    )

    @property
    def external_id(self) -> str:
        """Return the id that identifies this submission."""
        return super().external_id.replace("hand-", DESK_PAYMENT_PREFIX, 1)

    def get_payment_values(self) -> dict[str, Any]:
        """Return amount, method and note as keyword arguments of `take_payment`."""
        return {name: self.cleaned_data[name] for name in ("amount", "method", "note")}
