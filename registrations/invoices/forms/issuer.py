"""Who invoices: the form of the issuer, its numbers checked by their own rules."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from convention.errors import ConventionError

from ..models import Issuer
from ..numbering import check_pattern
from .numbers import NumbersForm

FURTHEST, MOST_STEPS = 365, 10


class IssuerForm(NumbersForm[Issuer]):
    """Everything about who invoices."""

    reminders = forms.CharField(
        label=_("Reminders"),
        required=False,
        max_length=100,
        help_text=_("Days after the due date, such as 7, 21, 45; before it with a minus. Empty: none."),
    )

    class Meta:
        model = Issuer
        exclude = ["reminder_days"]
        help_texts = {
            "legal_form": _("Such as: association loi 1901."),
            "number_pattern": _("With {series}, {year} and {number}, such as {series}{year}-{number:06}."),
            "vat_due": _("Services: when they are paid, unless the option for debits was taken."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["reminders"] = ", ".join(map(str, self.instance.reminder_days))

    def clean(self) -> dict[str, Any]:
        """Whether the numbers belong together."""
        data = super().clean()
        siren = data.get("siren")
        if siren and data.get("siret") and not data["siret"].startswith(siren):
            self.add_error("siret", _("This SIRET belongs to another SIREN."))
        vat = data.get("vat_number", "")
        if siren and vat.startswith("FR") and not vat.endswith(siren):
            self.add_error("vat_number", _("This VAT number belongs to another SIREN."))
        if data.get("invoice_series") and data.get("invoice_series") == data.get("credit_series"):
            self.add_error("credit_series", _("Credit notes need a series of their own."))
        return data

    def clean_number_pattern(self) -> str:
        """One that writes no two numbers alike."""
        try:
            check_pattern(self.cleaned_data["number_pattern"])
        except ConventionError as error:
            raise forms.ValidationError(str(error)) from error
        return str(self.cleaned_data["number_pattern"])

    def clean_reminders(self) -> list[int]:
        """Days, in order."""
        text = self.cleaned_data["reminders"].replace("−", "-")
        try:
            days = sorted({int(part) for part in text.replace(";", ",").split(",") if part.strip()})
        except ValueError as error:
            raise forms.ValidationError(_("Write days with commas between them.")) from error
        if len(days) > MOST_STEPS or any(abs(day) > FURTHEST for day in days):
            raise forms.ValidationError(_("At most ten reminders, within a year."))
        return days

    def issuer(self) -> Issuer:
        """The issuer as filled in, not kept yet."""
        self.instance.pk = 1
        self.instance.reminder_days = self.cleaned_data["reminders"]
        return self.instance

    @property
    def changed_fields(self) -> list[str]:
        """The model's fields that were changed."""
        return ["reminder_days" if name == "reminders" else name for name in self.changed_data]
