"""What an administrator fills in about companies, their memberships and their contacts."""

import datetime
import decimal
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from stdnum.fr import siren, siret

from convention.country_field import WithCountry
from convention.many_rows import ManyRows
from convention.refusable import Refusable
from convention.text import tidy

from .family import above
from .models import Company, Employment, Membership, Person, Plan

YEARS = range(1900, 3000)


class Day(forms.DateField):
    """A day of our time, chosen in the browser's calendar: who types 26 there sends the year 26."""

    widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})

    def to_python(self, value: Any) -> datetime.date | None:
        """Refuse a year that nobody means."""
        day = super().to_python(value)
        if day and day.year not in YEARS:
            raise forms.ValidationError(_("Check the year."))
        return day


class Euros(forms.DecimalField):
    """An amount typed in euros, kept in cents."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            min_value=0, max_value=1_000_000, decimal_places=2, localize=True, **{"initial": 0, **kwargs}
        )

    def prepare_value(self, value: Any) -> Any:
        """Cents as euros."""
        return decimal.Decimal(value).scaleb(-2) if isinstance(value, int) else value

    def clean(self, value: Any) -> Any:
        """Euros as cents."""
        amount = super().clean(value)
        return None if amount is None else int(amount * 100)

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Whether another amount was typed."""
        return super().has_changed(self.prepare_value(initial), data)


class CompanyForm(WithCountry, Refusable, forms.ModelForm):
    """A company, but for its address on this site."""

    siren = forms.CharField(label=_("SIREN"), max_length=20, required=False, help_text=_("Nine digits."))
    siret = forms.CharField(
        label=_("SIRET"),
        max_length=20,
        required=False,
        help_text=_("Fourteen digits: the SIREN and the establishment."),
    )

    class Meta:
        model = Company
        fields = [
            "name", "sector", "parent", "siren", "siret", "vat_number",
            "street", "postcode", "city", "country", "markets",
        ]  # fmt: skip
        field_classes = {"markets": ManyRows}
        widgets = {"markets": forms.CheckboxSelectMultiple}
        labels = {"parent": _("parent company")}
        help_texts = {
            "markets": _("Two firms that share one compete: their people do not visit each other."),
        }

    def clean_name(self) -> str:
        """On one line."""
        return tidy(self.cleaned_data["name"])

    def clean_parent(self) -> Company | None:
        """Another company, and none that belongs to this one."""
        parent: Company | None = self.cleaned_data["parent"]
        if parent and parent.pk == self.instance.pk:
            raise forms.ValidationError(_("A company is not its own parent."))
        if parent and self.instance.pk in {one.pk for one in above(parent)}:
            raise forms.ValidationError(_("Choose a company that does not belong to this one."))
        return parent

    def clean_siren(self) -> str:
        """Nine digits that check."""
        return _checked(siren, self.cleaned_data["siren"], _("This is no SIREN: look at its nine digits."))

    def clean_siret(self) -> str:
        """Fourteen digits that check."""
        return _checked(
            siret, self.cleaned_data["siret"], _("This is no SIRET: look at its fourteen digits.")
        )


def _checked(number: Any, typed: str, sentence: Any) -> str:
    digits = str(number.compact(typed)) if typed else ""
    if digits and not number.is_valid(digits):
        raise forms.ValidationError(sentence)
    return digits


class Dated(Refusable, forms.Form):
    """Something that holds from a day to a day."""

    starts_on = Day(label=_("From"), initial=timezone.localdate)
    ends_on = Day(
        label=_("To"), required=False, help_text=_("The last day counts. Empty: until someone ends it.")
    )

    def clean(self) -> dict[str, Any]:
        """The end does not come before the start."""
        data = self.cleaned_data
        start, end = data.get("starts_on"), data.get("ends_on")
        if start and end and end < start:
            self.add_error("ends_on", _("The last day must not come before the first."))
        return data


class SubscribeForm(Dated):
    """A new membership: a plan and its days."""

    plan = forms.ModelChoiceField(
        Plan.objects.filter(is_offered=True), label=_("Plan"), empty_label=None, widget=forms.RadioSelect
    )
    field_order = ("plan", "starts_on", "ends_on")


class RenewForm(Refusable, forms.Form):
    """The membership that follows: a plan and its last day."""

    plan = forms.ModelChoiceField(Plan.objects.filter(is_offered=True), label=_("Plan"), empty_label=None)
    ends_on = Day(label=_("To"), required=False)


class LeaveForm(Refusable, forms.Form):
    """When and how a membership ends early."""

    on = Day(label=_("First day without it"), initial=timezone.localdate)
    left_as = forms.ChoiceField(label=_("How it ends"), choices=Membership.Leaving.choices)
    reason = forms.CharField(label=_("Reason"), required=False, max_length=300)


class MembershipForm(Refusable, forms.ModelForm):
    """What was agreed, and who stands for the company; the plan itself stays."""

    dues = Euros(label=_("Dues, in euros"))
    extra_seat_price = Euros(label=_("Price of an extra seat, in euros"))
    starts_on = Day(label=_("From"))
    ends_on = Day(label=_("To"), required=False)
    grace_until = Day(
        label=_("Grace until"), required=False, help_text=_("Until when seats count after the end.")
    )

    class Meta:
        model = Membership
        fields = [
            "starts_on", "ends_on", "grace_until", "dues", "seats", "extra_seats", "extra_seat_price",
            "passes", "votes", "billing_contact", "representative",
        ]  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        there = Employment.objects.open().filter(company=self.instance.company)
        for name in ("billing_contact", "representative"):
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)
            field.queryset = Person.objects.filter(pk__in=there.values("person"))

    def clean(self) -> dict[str, Any]:
        """The days in their order."""
        data = super().clean() or self.cleaned_data
        starts, ends, grace = (data.get(name) for name in ("starts_on", "ends_on", "grace_until"))
        if starts and ends and ends < starts:
            self.add_error("ends_on", _("The last day must not come before the first."))
        if grace and (not ends or grace < ends):
            self.add_error("grace_until", _("A grace follows the last day of the membership."))
        return data


class AddressForm(Dated):
    """Someone to appoint, known by the address."""

    email = forms.EmailField(
        label=_("E-mail"),
        help_text=_("Sign-in goes by this address. Someone the club does not know yet is added."),
    )
    first_name = forms.CharField(label=_("First name"), max_length=150, required=False)
    last_name = forms.CharField(label=_("Last name"), max_length=150, required=False)
    field_order = ("email", "first_name", "last_name", "role", "starts_on", "ends_on")


class EmployerForm(Refusable, forms.Form):
    """A change of employer."""

    on = Day(label=_("First day at the new employer"), initial=timezone.localdate)
    to = forms.ModelChoiceField(
        Company.objects.all(), label=_("New employer"), required=False, empty_label=_("None that we know")
    )
    title = forms.CharField(label=_("Function"), max_length=120, required=False)
    level = forms.ChoiceField(
        label=_("Level"), choices=[("", "–"), *Employment.Level.choices], required=False
    )
