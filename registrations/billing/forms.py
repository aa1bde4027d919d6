"""Organizers' forms for refund rules and cancellation fees."""

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from convention.events.models import Event
from convention.web.forms import ActionErrorsMixin, AmountField
from registrations.models import RefundRule, Ticket

MAX_REFUND_RULES = 12


class RefundRuleForm(forms.Form):
    """A refund percentage until some days before the event; both fields empty: no rule."""

    days = forms.IntegerField(label=_("Days before the event"), min_value=0, max_value=730, required=False)
    share = forms.IntegerField(label=_("Refund (%)"), min_value=0, max_value=100, required=False)
    ticket = forms.ModelChoiceField(
        Ticket.objects.none(), label=_("Ticket"), required=False, empty_label=_("All tickets")
    )

    def __init__(self, *args: Any, event: Event, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["ticket"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = event.tickets.all()

    def clean(self) -> dict[str, Any]:
        """Require both fields or none."""
        data = super().clean() or {}
        days, share = data.get("days"), data.get("share")
        if days is None and share is not None and "days" not in self.errors:
            self.add_error(
                "days", _("Enter the number of days before the event until which the rule applies.")
            )
        if share is None and days is not None and "share" not in self.errors:
            self.add_error("share", _("Enter the share to refund, from 0 (no refund) to 100 (full refund)."))
        return data


class BaseRefundRuleFormSet(forms.BaseFormSet[RefundRuleForm]):
    """The rules of an event, numbered as on the page, so that errors name the rule."""

    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        form.error_subject = gettext("Rule %(number)s") % {"number": (index or 0) + 1}


RefundRuleFormSet = forms.formset_factory(
    RefundRuleForm,
    formset=BaseRefundRuleFormSet,
    extra=2,
    max_num=MAX_REFUND_RULES,
    absolute_max=MAX_REFUND_RULES,
)


def load_initial_rules(event: Event) -> list[dict[str, Any]]:
    """Return the event's rules as initial data of the formset."""
    return [
        {"days": row.days_before, "share": row.refund_percent, "ticket": row.ticket_id}
        for row in event.refund_rules.all()
    ]


def read_refund_rules(formset: "forms.BaseFormSet[RefundRuleForm]") -> list[RefundRule]:
    """Return the rules of a valid formset, unsaved."""
    rows = [form.cleaned_data for form in formset.forms if form.cleaned_data.get("days") is not None]
    return [
        RefundRule(days_before=row["days"], refund_percent=row["share"], ticket=row["ticket"]) for row in rows
    ]


class CancellationFeeForm(ActionErrorsMixin, forms.Form):
    """The fee an organizer charges for a cancellation, and why."""

    cancellation_fee = AmountField(
        label=_("Cancellation fee, in euros"),
        max_value=100_000,
        required=False,
        help_text=_("Leave empty to apply the refund rules."),
    )
    reason = forms.CharField(label=_("Reason for the cancellation"), required=False, max_length=300)

    @property
    def fee_cents(self) -> int | None:
        """Return the fee in cents, or None where the refund rules decide."""
        amount = self.cleaned_data["cancellation_fee"]
        return None if amount is None else int(amount * 100)
