"""Form of the issuer, and the checks of SIREN, SIRET, VAT number, IBAN and BIC."""

from collections.abc import Callable
from functools import partial
from typing import Any

import stdnum.bic
import stdnum.fr.siren
import stdnum.fr.siret
import stdnum.iban
from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from stdnum.exceptions import InvalidChecksum
from stdnum.exceptions import ValidationError as BadNumber

from convention.errors import ConventionError
from convention.text.countries import country_codes, list_countries
from convention.text.validators import clean_vat_number
from registrations.invoices.documents.numbering import check_number_pattern
from registrations.invoices.models import Issuer

# The key is the name of a model field: both forms, issuer and buyer, have some of them.
NUMBER_VALIDATORS: dict[str, tuple[Callable[[str], str], Any]] = {
    "siren": (
        stdnum.fr.siren.validate,
        _("Not a valid SIREN: a SIREN has nine digits. Check for a typing error."),
    ),
    "siret": (
        stdnum.fr.siret.validate,
        _("Not a valid SIRET: a SIRET has fourteen digits, the SIREN and five more."),
    ),
    "iban": (
        # The rules of some countries refuse valid numbers; the check digits and the lengths are enough.
        partial(stdnum.iban.validate, check_country=False),
        _("Not a valid IBAN. Check its letters and digits."),
    ),
    "bic": (stdnum.bic.validate, _("Not a valid BIC: a BIC has eight or eleven letters and digits.")),
}


class CheckedNumbersForm[M: models.Model](forms.ModelForm[M]):
    """Model form that validates the identifiers among its fields and offers countries to choose from."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if country := self.fields.get("country"):
            country.widget = forms.Select(choices=list_countries())
        for name in (*NUMBER_VALIDATORS, "vat_number"):
            if field := self.fields.get(name):
                # Numbers may be typed with spaces, with which they exceed the length of the column.
                field.validators = [
                    validator
                    for validator in field.validators
                    if not isinstance(validator, MaxLengthValidator)
                ]
                field.widget.attrs.pop("maxlength", None)

    def clean(self) -> dict[str, Any]:
        """Normalize each identifier, or report it; VAT numbers outside the EU are not checked."""
        data = super().clean() or self.cleaned_data
        for name in NUMBER_VALIDATORS:
            if data.get(name):
                self._check_number(name)
        try:
            vat_number = clean_vat_number(data.get("vat_number", ""), country=data.get("country", ""))
        except ValidationError as error:
            self.add_error("vat_number", error)
        else:
            data["vat_number"] = vat_number
        if data.get("country") and data["country"] not in country_codes():
            self.add_error("country", _("Enter the country as two capital letters, for example FR."))
        return data

    def _check_number(self, name: str) -> None:
        validate, sentence = NUMBER_VALIDATORS[name]
        try:
            self.cleaned_data[name] = validate(self.cleaned_data[name])
        # It has the right length: to name the length again would mislead.
        except InvalidChecksum:
            self.add_error(name, _("The check digit does not match. Check for a typing error."))
        except BadNumber:
            self.add_error(name, sentence)


MAX_REMINDER_DAYS, MAX_REMINDER_STEPS = 365, 10


class IssuerForm(CheckedNumbersForm[Issuer]):
    """All data of the issuer; reminder days are typed as a list."""

    reminders = forms.CharField(
        label=_("Reminders"),
        required=False,
        max_length=100,
        help_text=_(
            "Number of days after the due date, for example 7, 21, 45. Use a minus sign for days "
            "before it. Leave empty for no reminders."
        ),
    )

    sends_invoices = forms.BooleanField(
        label=_("E-mail each document to the buyer when it is issued"), required=False
    )

    class Meta:
        model = Issuer
        fields = [
            "account_customers", "account_advances", "account_sales", "account_exempt",
            "account_reverse_charge", "account_vat", "account_vat_pending", "account_bank",
            "account_processor", "account_cash", "account_fees", "account_suspense",
            "legal_name", "legal_form", "street", "postcode", "city", "country", "email", "siren",
            "siret", "vat_number", "iban", "bic", "payment_days", "late_penalties",
            "late_penalties_en", "vat_due", "invoice_series", "credit_series", "number_pattern", "issues_on",
            "issue_days_before",
        ]  # fmt: skip
        help_texts = {
            "legal_form": _("For example: association loi 1901."),
            "number_pattern": _("Use {series}, {year} and {number}, for example {series}{year}-{number:06}."),
            "issues_on": _(
                "Applies to orders placed from now on. You can issue the invoices for earlier orders "
                "together from the list of receivables. You always issue those of receivables that you add "
                "by hand."
            ),
            "vat_due": _(
                "For services, VAT is due when the payment is received, unless the issuer has opted for VAT "
                "on debits. Issued invoices keep their option; a change applies to money not invoiced yet."
            ),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # A new issuer issues and sends automatically by default; an existing one keeps its settings.
        is_new = self.instance._state.adding
        if is_new:
            self.initial["issues_on"] = Issuer.IssueTime.PAYMENT
        self.initial["sends_invoices"] = is_new or self.instance.sends_since is not None
        self.initial["reminders"] = ", ".join(map(str, self.instance.reminder_days))

    def clean(self) -> dict[str, Any]:
        """Require that SIRET and VAT number contain the SIREN, and two different series."""
        data = super().clean()
        siren = data.get("siren")
        if siren and data.get("siret") and not data["siret"].startswith(siren):
            self.add_error("siret", _("This SIRET does not match the SIREN."))
        vat = data.get("vat_number", "")
        # A French VAT number is FR, a key of two characters, and the SIREN.
        if siren and vat.startswith("FR") and not vat.endswith(siren):
            self.add_error("vat_number", _("This VAT number does not match the SIREN."))
        if data.get("invoice_series") and data.get("invoice_series") == data.get("credit_series"):
            self.add_error("credit_series", _("Credit notes must have their own series."))
        return data

    def clean_number_pattern(self) -> str:
        """Refuse patterns that could give two documents the same number."""
        try:
            check_number_pattern(self.cleaned_data["number_pattern"])
        except ConventionError as error:
            raise forms.ValidationError(str(error)) from error
        return str(self.cleaned_data["number_pattern"])

    def clean_reminders(self) -> list[int]:
        """Return the reminder days in ascending order."""
        # A minus copied from the documentation is not the hyphen that `int()` reads.
        text = self.cleaned_data["reminders"].replace("−", "-")
        try:
            days = sorted({int(part) for part in text.replace(";", ",").split(",") if part.strip()})
        except ValueError as error:
            raise forms.ValidationError(_("Enter numbers of days separated by commas.")) from error
        if len(days) > MAX_REMINDER_STEPS or any(abs(day) > MAX_REMINDER_DAYS for day in days):
            raise forms.ValidationError(_("Enter at most ten reminders, within one year."))
        return days

    def build_issuer(self) -> Issuer:
        """Return the issuer as filled in, not saved yet."""
        # The only row (constraint `one_issuer`).
        self.instance.pk = 1
        self.instance.reminder_days = self.cleaned_data["reminders"]
        # Documents issued before sending was chosen are not sent automatically.
        begins_at = self.instance.sends_since or timezone.now()
        self.instance.sends_since = begins_at if self.cleaned_data["sends_invoices"] else None
        return self.instance

    @property
    def changed_fields(self) -> list[str]:
        """Return the names of the changed model fields."""
        columns = {"reminders": "reminder_days", "sends_invoices": "sends_since"}
        return [columns.get(name, name) for name in self.changed_data]
