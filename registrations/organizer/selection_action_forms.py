"""Forms by which an organizer confirms an action on selected registrations."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from convention.events.models import Event
from registrations.billing.selection_money import CancellationSums, format_amounts
from registrations.changes.cancel_selected import BY_RULES, FULL_REFUND, SelectedCancellations
from registrations.changes.change_selected_tickets import SelectedTicketChanges
from registrations.form_fields import ReasonForm
from registrations.models import Ticket

from .order_change_forms import TicketChoiceField


class SelectedCancellationForm(ReasonForm):
    """The refund, with the amounts of each choice, and the reason; no choice if the amounts are equal."""

    refund = forms.ChoiceField(label=gettext_lazy("Refund"), widget=forms.RadioSelect, initial=BY_RULES)
    field_order = ("refund", "reason")

    def __init__(self, *args: Any, preview: SelectedCancellations, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sums, full_sums = describe_sums(preview.by_rules), describe_sums(preview.full_refund)
        if self.sums == full_sums:
            del self.fields["refund"]
            self.fields["reason"].help_text = _("Shown in the history.")
            return
        self.fields["reason"].help_text = _("Shown in the history; required for a full refund.")
        field = self.fields["refund"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [
            (BY_RULES, _("Under the refund rules: %(sums)s") % {"sums": self.sums}),
            (FULL_REFUND, _("Full refund, no cancellation fee: %(sums)s") % {"sums": full_sums}),
        ]

    def clean(self) -> dict[str, Any]:
        """Require a reason for a full refund, as for one registration."""
        data = super().clean() or {}
        if data.get("refund") == FULL_REFUND and not data.get("reason"):
            self.add_error("reason", _("Enter a reason for the full refund."))
        return data


def describe_sums(sums: CancellationSums) -> str:
    """Return in words what is refunded, charged and waived, and how many orders' invoices are credited."""
    amounts = sums.describe()
    sentences = (
        ("refunds", _("%(amount)s refunded")),
        ("fees", _("%(amount)s in cancellation fees")),
        ("waived", _("%(amount)s no longer due")),
    )
    parts = [text % {"amount": amounts[name]} for name, text in sentences if amounts[name]]
    if count := sums.credited_order_count:
        sentence = ngettext(
            "invoice of %(count)d order credited", "invoices of %(count)d orders credited", count
        )
        parts.append(sentence % {"count": count})
    return ", ".join(parts) or _("nothing to refund")


class SelectedTicketForm(forms.Form):
    """The ticket that the selected registrations change to."""

    ticket = TicketChoiceField(
        Ticket.objects.none(), label=gettext_lazy("Ticket"), empty_label=None, widget=forms.RadioSelect
    )

    def __init__(self, *args: Any, event: Event, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["ticket"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = event.tickets.with_prices()


def describe_price_sums(changes: SelectedTicketChanges) -> list[str]:
    """Return in sentences what is charged, taken off and refunded."""
    sentences = (
        (changes.charged, _("The buyers will owe %(amount)s more.")),
        (changes.released, _("The total price falls by %(amount)s.")),
        (changes.refunded, _("Of this, %(amount)s was paid and is refunded.")),
    )
    amounts = [(text, format_amounts(cents)) for cents, text in sentences]
    found = [text % {"amount": amount} for text, amount in amounts if amount]
    return found or [_("All prices stay the same.")]
