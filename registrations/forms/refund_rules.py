"""An organizer's form for the refund rules of an event."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from convention.events.models import Event
from convention.refusable import Refusable

from ..models import RefundRule, Ticket

MOST_RULES = 12


class RuleForm(forms.Form):
    """A share until so many days before the event; both empty: no rule."""

    days = forms.IntegerField(
        label=_("Until so many days before"), min_value=0, max_value=730, required=False
    )
    share = forms.IntegerField(label=_("Comes back, in percent"), min_value=0, max_value=100, required=False)
    ticket = forms.ModelChoiceField(
        Ticket.objects.none(), label=_("Ticket"), required=False, empty_label=_("All tickets")
    )

    def __init__(self, *args: Any, event: Event, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["ticket"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = event.tickets.all()

    def clean(self) -> dict[str, Any]:
        """Both or none."""
        data = super().clean() or {}
        days, share = data.get("days"), data.get("share")
        if days is None and share is not None and "days" not in self.errors:
            self.add_error("days", _("Write until how many days before the event this holds."))
        if share is None and days is not None and "share" not in self.errors:
            self.add_error("share", _("Write how much comes back: 0 for nothing, 100 for all."))
        return data


RuleForms = forms.formset_factory(RuleForm, extra=2, max_num=MOST_RULES, absolute_max=MOST_RULES)


def initial_rules(event: Event) -> list[dict[str, Any]]:
    """The rules that an event has, as the form shows them."""
    return [
        {"days": row.days, "share": row.share, "ticket": row.ticket_id} for row in event.refund_rules.all()
    ]


def rules_in(filled: "forms.BaseFormSet[RuleForm]") -> list[RefundRule]:
    """The rules as filled in, not kept yet."""
    rows = [form.cleaned_data for form in filled.forms if form.cleaned_data.get("days") is not None]
    return [RefundRule(days=row["days"], share=row["share"], ticket=row["ticket"]) for row in rows]


class KeepForm(Refusable, forms.Form):
    """What an organizer keeps of the price of somebody who does not come, and why."""

    kept = forms.DecimalField(
        label=_("Kept of the price, in euros"),
        min_value=0,
        max_value=100_000,
        decimal_places=2,
        required=False,
        localize=True,
        help_text=_("Empty: what the refund rules say."),
    )
    reason = forms.CharField(label=_("Reason"), required=False, max_length=300)

    @property
    def cents(self) -> int | None:
        """What is kept, in cents; None where the rules decide."""
        kept = self.cleaned_data["kept"]
        return None if kept is None else int(kept * 100)
