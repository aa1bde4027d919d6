"""Forms by which an organizer confirms an action on selected registrations."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from convention.events.models import Event
from registrations.billing.refund_text import sends_documents
from registrations.billing.selection_money import CancellationSums, format_amounts
from registrations.changes.cancel_selected import (
    BY_RULES,
    FULL_REFUND,
    NO_REFUND,
    SelectedCancellations,
)
from registrations.changes.change_selected_tickets import SelectedTicketChanges
from registrations.form_fields import ReasonForm
from registrations.models import Ticket

from .order_change_forms import TicketChoiceField


class SelectedCancellationForm(ReasonForm):
    """The refund, with the amounts of each choice, the reason, and whether the cancellation is e-mailed.

    There is no choice of the refund if all amounts are equal, and none of the e-mails if there are none.
    """

    refund = forms.ChoiceField(label=gettext_lazy("Refund"), widget=forms.RadioSelect, initial=BY_RULES)
    is_notified = forms.BooleanField(
        label=gettext_lazy("Send each person an e-mail"), required=False, initial=True
    )
    field_order = ("refund", "reason", "is_notified")

    def __init__(self, *args: Any, preview: SelectedCancellations, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sums = describe_sums(preview.by_rules)
        choices = _list_refund_choices(preview)
        if len(choices) == 1:
            del self.fields["refund"]
            self.fields["reason"].help_text = _("Shown in the history.")
        else:
            self.fields["reason"].help_text = _(
                "Shown in the history; required unless the refund rules apply."
            )
            field = self.fields["refund"]
            assert isinstance(field, forms.ChoiceField)
            field.choices = choices
        if preview.mail_count:
            self.fields["is_notified"].help_text = _describe_mails(preview)
        else:
            del self.fields["is_notified"]

    def clean(self) -> dict[str, Any]:
        """Require a reason for another refund than that of the rules, as for one registration."""
        data = super().clean() or {}
        sentences = {
            FULL_REFUND: _("Enter a reason for the full refund."),
            NO_REFUND: _("Enter a reason for refunding nothing."),
        }
        if data.get("refund") in sentences and not data.get("reason"):
            self.add_error("reason", sentences[data["refund"]])
        return data


def _list_refund_choices(preview: SelectedCancellations) -> list[tuple[str, str]]:
    """Return the refunds to choose from with their sums; those that come to the same are listed once."""
    choices = (
        (BY_RULES, _("Under the refund rules: %(sums)s"), preview.by_rules),
        (FULL_REFUND, _("Full refund, no cancellation fee: %(sums)s"), preview.full_refund),
        (NO_REFUND, _("No refund, the full price as a cancellation fee: %(sums)s"), preview.no_refund),
    )
    listed: dict[str, tuple[str, str]] = {}
    for value, label, sums in choices:
        described = describe_sums(sums)
        listed.setdefault(described, (value, label % {"sums": described}))
    return [*listed.values()]


def _describe_mails(preview: SelectedCancellations) -> str:
    sentences = [
        ngettext(
            "%(counter)s cancellation e-mail will be sent.",
            "%(counter)s cancellation e-mails will be sent.",
            preview.mail_count,
        )
        % {"counter": preview.mail_count},
        _("Without it, only you can tell them that their place is cancelled."),
    ]
    # Documents are due by law, whether or not the people are e-mailed.
    if sends_documents() and _may_issue_documents(preview):
        sentences.append(_("Credit notes and invoices are still sent to the buyers."))
    return " ".join(sentences)


def _may_issue_documents(preview: SelectedCancellations) -> bool:
    choices = (preview.by_rules, preview.full_refund, preview.no_refund)
    return any(sums.describe()["fees"] or sums.credited_order_count for sums in choices)


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
