"""Forms of the preview of several renewals: the days of all, the plan and the dues of each."""

from collections.abc import Collection, Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from convention.club.forms.memberships import PlanChoiceField
from convention.club.models import Company, Plan
from convention.money import format_number_input
from convention.web.forms import DateRangeForm, DayField, EurosField, hide_optional_mark

from .prepare import (
    DuesSource,
    RenewalChoice,
    RenewalDates,
    RenewalPreview,
    RenewalProposal,
    preview_renewals,
)


class RenewalTermsForm(DateRangeForm):
    """The days of all next memberships, empty for those that follow from the present ones, and the dues."""

    starts_on = DayField(
        label=_("First day for all"),
        required=False,
        help_text=_("Empty: the day after each present membership."),
    )
    ends_on = DayField(
        label=_("Last day for all"),
        required=False,
        help_text=_("Empty: after one year, or after as many full years as the present membership."),
    )
    dues_source = forms.ChoiceField(
        label=_("Dues"),
        choices=DuesSource.choices,
        initial=DuesSource.PRESENT,
        help_text=_("A company that changes its plan pays the dues of the new one."),
    )

    def preview(self, companies: Sequence[Company]) -> RenewalPreview:
        """Return the preview with the typed terms; with the initial ones if they are not valid."""
        if not (self.is_bound and self.is_valid()):
            return preview_renewals(companies, dates=RenewalDates())
        typed = self.cleaned_data
        dates = RenewalDates(typed["starts_on"], typed["ends_on"])
        return preview_renewals(companies, dates=dates, dues_source=typed["dues_source"])


class RenewalRowForm(forms.Form):
    """The plan and the dues of one company's next membership."""

    plan = forms.ChoiceField(label=_("Plan"))
    dues = EurosField(
        label=pgettext_lazy("of one membership", "Other dues, in euros"), required=False, initial=None
    )

    def __init__(
        self, data: QueryDict | None, *, proposal: RenewalProposal, plans: Collection[Plan], labels: Any
    ) -> None:
        super().__init__(data, prefix=make_prefix(proposal))
        self.proposal = proposal
        self.error_subject = proposal.company.name
        self.plans = {str(plan.pk): plan for plan in plans}
        self.token = proposal.compute_token(plans)
        present = str(proposal.membership.plan_id)
        field = self.fields["plan"]
        assert isinstance(field, forms.ChoiceField)
        # Without it, the browser would choose the first plan in place of one that is closed.
        empty = [] if present in self.plans else [("", gettext("Choose a plan"))]
        field.choices = [*empty, *labels]
        field.initial = present if present in self.plans else ""
        hide_optional_mark(self.fields["dues"])
        amount = format_number_input(Decimal(proposal.dues_cents).scaleb(-2))
        self.fields["dues"].widget.attrs["placeholder"] = amount
        for name in self.fields:
            # Tables repeat the heading of the column for screen readers only.
            self.fields[name].widget.attrs["aria-label"] = f"{self.fields[name].label} ({proposal.company})"
        self.is_included = not proposal.is_over

    def make_choice(self) -> RenewalChoice:
        """Return the typed plan and dues; the form has to be valid."""
        plan = self.plans[self.cleaned_data["plan"]]
        return RenewalChoice(self.proposal, plan, self.cleaned_data["dues"])


def make_prefix(proposal: RenewalProposal) -> str:
    return f"membership{proposal.membership.pk}"


def make_row_forms(data: QueryDict, preview: RenewalPreview) -> list[RenewalRowForm]:
    """Return a form for each proposal, bound and ticked as the table was sent, if the row was in it."""
    plans = list(Plan.objects.filter(is_offered=True))
    label_plan = PlanChoiceField(Plan.objects.none()).label_from_instance
    labels = [(str(plan.pk), label_plan(plan)) for plan in plans]
    ticked = {token.partition("-")[0] for token in data.getlist("included")}
    row_forms = []
    for proposal in preview.proposals:
        is_ticked = str(proposal.membership.pk) in ticked
        was_shown = is_ticked or f"{make_prefix(proposal)}-plan" in data
        form = RenewalRowForm(data if was_shown else None, proposal=proposal, plans=plans, labels=labels)
        if was_shown:
            form.is_included = is_ticked
        row_forms.append(form)
    return row_forms
