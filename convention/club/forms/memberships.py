"""Forms of memberships, from draft to end."""

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from convention.club.models import MAX_SEATS, Employment, Membership, Person, Plan
from convention.money import Money
from convention.web.forms import (
    ActionErrorsMixin,
    DateRangeForm,
    DayField,
    EurosField,
    limit_number,
    set_empty_label,
)


class PlanChoiceField(forms.ModelChoiceField):
    """A plan on offer, with the terms that help to choose."""

    def label_from_instance(self, obj: Any) -> str:
        """Return the plan's title with its dues and seats."""
        seats = ngettext("%(count)d seat", "%(count)d seats", obj.seats) % {"count": obj.seats}
        values = {"plan": obj.title, "dues": Money(obj.dues_cents, obj.currency), "seats": seats}
        return gettext("%(plan)s: %(dues)s, %(seats)s") % values


class MembershipCreateForm(DateRangeForm):
    """A new membership: a plan and its days."""

    plan = PlanChoiceField(
        Plan.objects.filter(is_offered=True), label=_("Plan"), empty_label=None, widget=forms.RadioSelect
    )
    field_order = ("plan", "starts_on", "ends_on")


class MembershipRenewalForm(ActionErrorsMixin, forms.Form):
    """The next membership: a plan and its last day."""

    plan = PlanChoiceField(Plan.objects.filter(is_offered=True), label=_("Plan"), empty_label=None)
    ends_on = DayField(
        label=_("To"),
        required=False,
        help_text=_("The last day is included. Leave empty if there is no end date."),
    )


class MembershipEndForm(ActionErrorsMixin, forms.Form):
    """When and how a membership ends early."""

    on = DayField(label=_("First day without membership"), initial=timezone.localdate)
    left_as = forms.ChoiceField(label=_("How it ends"), choices=Membership.Leaving.choices)
    reason = forms.CharField(label=_("Reason"), required=False, max_length=300)


class MembershipForm(ActionErrorsMixin, forms.ModelForm):
    """The agreed terms, and who represents the company; the plan cannot change."""

    dues_cents = EurosField(label=_("Dues, in euros"))
    extra_seat_price_cents = EurosField(label=_("Price of an extra seat, in euros"))
    starts_on = DayField(label=_("From"))
    ends_on = DayField(label=_("To"), required=False)
    grace_until = DayField(
        label=_("Grace period until"), required=False, help_text=_("Seats remain valid until this day.")
    )

    class Meta:
        model = Membership
        fields = [
            "starts_on", "ends_on", "grace_until", "dues_cents", "seats", "extra_seats",
            "extra_seat_price_cents", "passes", "votes", "billing_contact", "representative",
        ]  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        employments = Employment.objects.open().filter(company=self.instance.company)
        for name in ("billing_contact", "representative"):
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)
            # Bills and votes are for people of the company; the list also stays short.
            field.queryset = Person.objects.filter(pk__in=employments.values("person"))
        set_empty_label(self, gettext("none"), "billing_contact", "representative")
        for name in ("seats", "extra_seats"):
            limit_number(self.fields[name], at_least=0, at_most=MAX_SEATS)

    def clean(self) -> dict[str, Any]:
        """Check the order of the days."""
        data = super().clean() or self.cleaned_data
        starts, ends, grace = (data.get(name) for name in ("starts_on", "ends_on", "grace_until"))
        if starts and ends and ends < starts:
            self.add_error("ends_on", _("The last day must not be before the first."))
        # The database has the same rule (`membership_grace_after_end`); here it gets an error message.
        if grace and (not ends or grace < ends):
            self.add_error(
                "grace_until", _("The grace period must end after the last day of the membership.")
            )
        return data
