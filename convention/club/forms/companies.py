"""Forms of companies, their roles and their markets."""

from collections.abc import Collection
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext
from stdnum.fr import siren, siret

from convention.club.companies import list_parent_companies
from convention.club.contact_details.fields import NoteField, PhoneField
from convention.club.models import Company, CompanyRole, Market
from convention.text.countries import CountryFormMixin
from convention.text.normalize import normalize_whitespace
from convention.text.validators import clean_postcode, clean_vat_number
from convention.web.forms import (
    ActionErrorsMixin,
    DateRangeForm,
    DayField,
    OfferedRowsField,
    set_empty_label,
)


class CompanyForm(CountryFormMixin, ActionErrorsMixin, forms.ModelForm):
    """A company without its slug."""

    # Longer than nine characters, since people type spaces.
    siren = forms.CharField(label=_("SIREN"), max_length=20, required=False, help_text=_("Nine digits."))
    siret = forms.CharField(
        label=_("SIRET"),
        max_length=20,
        required=False,
        help_text=_("Fourteen digits: the SIREN followed by the five-digit establishment number."),
    )
    is_other_company = forms.BooleanField(
        label=_("This is a different company: save it anyway"), required=False
    )

    class Meta:
        model = Company
        fields = [
            "name", "sector", "parent", "siren", "siret", "vat_number",
            "street", "postcode", "city", "country", "phone", "markets", "note",
        ]  # fmt: skip
        field_classes = {"markets": OfferedRowsField, "phone": PhoneField, "note": NoteField}
        widgets = {"markets": forms.CheckboxSelectMultiple}
        labels = {"parent": _("Parent company")}
        help_texts = {
            "markets": _(
                "Companies that share a market are competitors: their people cannot visit each other’s sites."
            ),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        parent = self.fields["parent"]
        assert isinstance(parent, forms.ModelChoiceField)
        parent.queryset = Company.objects.exclude(pk=self.instance.pk)
        set_empty_label(self, pgettext("feminine", "none"), "parent")

    @property
    def changed_columns(self) -> list[str]:
        return [name for name in self.changed_data if name != "is_other_company"]

    def clean_name(self) -> str:
        return normalize_whitespace(self.cleaned_data["name"])

    def clean_parent(self) -> Company | None:
        """Refuse the company's own subsidiaries."""
        parent: Company | None = self.cleaned_data["parent"]
        # A circle would make every loop over the parents endless.
        if parent and self.instance.pk in {ancestor.pk for ancestor in list_parent_companies(parent)}:
            raise forms.ValidationError(_("Choose a company that is not a subsidiary of this one."))
        return parent

    def clean_siren(self) -> str:
        """Check the nine digits."""
        return _validate_number(
            siren, self.cleaned_data["siren"], _("Not a valid SIREN. Check its nine digits.")
        )

    def clean_siret(self) -> str:
        """Check the fourteen digits."""
        return _validate_number(
            siret, self.cleaned_data["siret"], _("Not a valid SIRET. Check its fourteen digits.")
        )

    def clean(self) -> dict[str, Any]:
        """Check the postcode and the VAT number as the forms of billing do, which take them over."""
        data = super().clean() or self.cleaned_data
        country = data.get("country", "")
        # A wrong postcode stored earlier, by an import for example, never blocks other changes.
        if {"postcode", "country"} & {*self.changed_data}:
            try:
                data["postcode"] = clean_postcode(data.get("postcode", ""), country=country)
            except forms.ValidationError as error:
                self.add_error("postcode", error)
        try:
            data["vat_number"] = clean_vat_number(data.get("vat_number", ""), country=country)
        except forms.ValidationError as error:
            self.add_error("vat_number", error)
        return data


def _validate_number(number: Any, typed: str, sentence: Any) -> str:
    digits = str(number.compact(typed)) if typed else ""
    if digits and not number.is_valid(digits):
        raise forms.ValidationError(sentence)
    return digits


class CompanyRoleForm(DateRangeForm):
    """A role of a company, for a time."""

    role = forms.ChoiceField(label=_("Role"))
    field_order = ("role", "starts_on", "ends_on")

    def __init__(self, *args: Any, roles: Collection[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["role"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [choice for choice in CompanyRole.Role.choices if choice[0] in roles]


class CompanyMergeForm(ActionErrorsMixin, forms.Form):
    """The company that another one merges into, and the first day."""

    into = forms.ModelChoiceField(Company.objects.all(), label=_("Merges into"), empty_label=_("Choose"))
    on = DayField(label=_("First day at the other company"), initial=timezone.localdate)

    def __init__(self, *args: Any, company: Company, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["into"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Company.objects.filter(merged_on=None).exclude(pk=company.pk)


class UniqueNameForm(ActionErrorsMixin, forms.ModelForm):
    """Form of a row with a unique name, ignoring case; `save_named_row` refuses a name that is taken."""

    def clean_name(self) -> str:
        return normalize_whitespace(self.cleaned_data["name"])

    def validate_constraints(self) -> None:
        """Do nothing: `save_named_row` reports the constraint at the name, for simultaneous requests too."""


class MarketForm(UniqueNameForm):
    """The names of a market."""

    class Meta:
        model = Market
        fields = ["name", "name_en"]
