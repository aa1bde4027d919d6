"""Form classes: errors of an action at its fields, choices of rows, amounts and rates."""

import contextlib
import datetime
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.core.validators import MaxValueValidator, MinValueValidator
from django.http import HttpRequest, QueryDict
from django.utils import formats, timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop, ngettext_lazy

from convention.errors import ConventionError
from convention.money import format_number_input, is_unclear_number, parse_number

MAX_COUNT: Final = 1_000_000
MAX_EUROS: Final = 1_000_000
# Years of a day that somebody may mean: a typed 26 is the year 26.
DAY_YEARS = range(1900, 3000)

# Messages of Django that our translations word differently; named here so that makemessages keeps them.
REWORDED_DJANGO_MESSAGES = (
    gettext_noop("Enter a valid email address."),
    gettext_noop("Enter a valid URL."),
    gettext_noop("Enter a valid date/time."),
    gettext_noop("Enter a valid date."),
    gettext_noop("Enter a valid time."),
    gettext_noop("Enter a whole number."),
    gettext_noop("Enter a valid “slug” consisting of letters, numbers, underscores or hyphens."),
    gettext_noop("Ensure this value is greater than or equal to %(limit_value)s."),
    gettext_noop("Ensure this value is less than or equal to %(limit_value)s."),
    gettext_noop("The submitted file is empty."),
    gettext_noop("%s KB"),
    gettext_noop("%s MB"),
    gettext_noop("%s GB"),
    gettext_noop("%s TB"),
    gettext_noop("%s PB"),
    gettext_noop("Upload a valid image. The file you uploaded was either not an image or a corrupted image."),
    ngettext_lazy(
        "Ensure this value has at most %(limit_value)d character (it has %(show_value)d).",
        "Ensure this value has at most %(limit_value)d characters (it has %(show_value)d).",
        "limit_value",
    ),
)


def get_posted_data(request: HttpRequest) -> QueryDict | None:
    """Return the POST data for a form, or None for another method."""
    return request.POST if request.method == "POST" else None


def get_return_path(request: HttpRequest, *, default: str) -> str:
    """Return the page of this site that the form or the query names as `next`, else `default`."""
    target = request.POST.get("next") or request.GET.get("next", "")
    # Without the checks, a forged `next` would redirect to any site, or name a view that does not exist.
    is_own_path = target.startswith("/") and url_has_allowed_host_and_scheme(target, {request.get_host()})
    return target if is_own_path else default


def hide_optional_mark(field: forms.Field) -> None:
    """Leave out “(optional)” after the label of a field that may be empty, such as one of several."""
    field.hides_optional_mark = True  # type: ignore[attr-defined]  # read by the template of all fields


@contextlib.contextmanager
def report_refusals(request: HttpRequest) -> Iterator[None]:
    """Show an error of an action as a message; the view then redirects, as after a success.

    An error page would be a dead end, since what the organizer saw is out of date. Check permissions before.
    """
    try:
        yield
    except ConventionError as error:
        messages.error(request, str(error))


class ActionErrorsMixin(forms.BaseForm):
    """A form whose action may refuse some of its fields."""

    def add_errors(self, errors: Mapping[str, list[str]]) -> None:
        """Add the action's errors to their fields, and those of no field to the form."""
        for name, sentences in errors.items():
            self.add_error(name if name in self.fields else None, sentences)


class LastEntryForm(forms.Form):
    """The last request by e-mail that the reader has seen, by its audit entry; none before the first one."""

    last_entry = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)


def limit_number(field: forms.Field, *, at_least: int, at_most: int) -> None:
    """Limit the field of a positive number, whose own minimum of 0 would give a second error."""
    field.validators = [MinValueValidator(at_least), MaxValueValidator(at_most)]
    field.widget.attrs |= {"min": at_least, "max": at_most}


def set_empty_label(form: forms.BaseForm, label: str, *field_names: str) -> None:
    """Set the label of the empty choice of these fields, each a choice of rows."""
    for name in field_names:
        field = form.fields[name]
        assert isinstance(field, forms.ModelChoiceField)
        field.empty_label = label


class OfferedRowsField(forms.ModelMultipleChoiceField):
    """A choice of rows that compares keys in Python: no number is too large for the database."""

    def clean(self, value: Any) -> Any:
        """Return the chosen rows. Raise ValidationError for any other."""
        # SQLite overflows and PostgreSQL raises a DataError for numbers beyond 64 bits.
        rows = self.queryset.values_list("pk", flat=True) if self.queryset is not None else ()
        valid_keys = {str(pk) for pk in rows}
        for choice in value or ():
            if str(choice) not in valid_keys:
                raise forms.ValidationError(
                    self.error_messages["invalid_choice"], code="invalid_choice", params={"value": choice}
                )
        return super().clean(value)


class ReadableLimitsMixin(forms.Field):
    """A number field whose errors write limits as the language of the page writes numbers."""

    def run_validators(self, value: Any) -> None:
        """Raise ValidationError with limits such as `0,01` or `10 000 000` in French."""
        try:
            super().run_validators(value)
        except forms.ValidationError as error:
            for broken_limit in error.error_list:
                params = broken_limit.params or {}
                if "limit_value" in params:
                    params["limit_value"] = format_limit(params["limit_value"])
            raise


class CountField(ReadableLimitsMixin, forms.IntegerField):
    """A number of places or people, or a position: far below what a database column holds."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"min_value": 0, **kwargs}, max_value=MAX_COUNT)


class TwoDecimalsField(ReadableLimitsMixin, forms.DecimalField):
    """An amount or a rate, typed with a decimal comma or dot whatever the language of the page."""

    default_error_messages = {
        "unclear": _(
            "It is not clear where the decimals begin. Enter the number with at most two decimal "
            "places and no thousands separator, such as 1234.50."
        )
    }

    def __init__(self, **kwargs: Any) -> None:
        # Localized fields are text fields: browsers accept only one of the two separators in number fields.
        super().__init__(**{"min_value": 0, "decimal_places": 2, "localize": True, **kwargs})

    def to_python(self, value: Any) -> Any:
        """Return the number. Raise ValidationError for text that may be read in two ways, or not at all."""
        if not isinstance(value, str) or not value.strip():
            return super().to_python(value.strip() if isinstance(value, str) else value)
        if is_unclear_number(value):
            raise forms.ValidationError(self.error_messages["unclear"], code="unclear")
        try:
            return parse_number(value)
        except ValueError:
            # Digits and separators in another order: probably a number in another notation.
            is_number = any(map(str.isdigit, value)) and not any(map(str.isalpha, value))
            code = "unclear" if is_number else "invalid"
            raise forms.ValidationError(self.error_messages[code], code=code) from None

    def prepare_value(self, value: Any) -> Any:
        return format_number_input(value) if isinstance(value, int | float | Decimal) else value


# People type it as it is printed. No other currency: it would be taken for euros.
EURO_SIGN = re.compile(r"^\s*(?:€|EUR)|(?:€|EUR)\s*$", re.IGNORECASE)


class AmountField(TwoDecimalsField):
    """An amount in euros; a euro sign is ignored."""

    def to_python(self, value: Any) -> Any:
        return super().to_python(EURO_SIGN.sub("", value, count=1) if isinstance(value, str) else value)


class HundredthsField(AmountField):
    """A number typed with two decimals and stored as an integer, in hundredths; a euro sign is ignored."""

    def prepare_value(self, value: Any) -> Any:
        return super().prepare_value(_convert_to_units(value))

    def clean(self, value: Any) -> Any:
        """Convert units to hundredths."""
        number = super().clean(value)
        # Exact: a `Decimal` with two places at most.
        return None if number is None else int(number * 100)

    def has_changed(self, initial: Any, data: Any) -> bool:
        # Django compares the initial value, which is in hundredths, with the typed one.
        return super().has_changed(_convert_to_units(initial), data)


class EurosField(HundredthsField):
    """An amount typed in euros and stored in cents."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_value": MAX_EUROS, "initial": 0, **kwargs})


class DayField(forms.DateField):
    """A date, with a limit on the year: a browser sends the year 26 when somebody types 26."""

    widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})

    def to_python(self, value: Any) -> datetime.date | None:
        """Refuse years outside `DAY_YEARS`."""
        day = super().to_python(value)
        if day and day.year not in DAY_YEARS:
            raise forms.ValidationError(_("Check the year."))
        return day


class DateRangeForm(ActionErrorsMixin, forms.Form):
    """A first and an optional last day."""

    starts_on = DayField(label=_("From"), initial=timezone.localdate)
    ends_on = DayField(
        label=_("To"),
        required=False,
        help_text=_("The last day is included. Leave empty if there is no end date."),
    )

    def clean(self) -> dict[str, Any]:
        """Refuse a last day before the first."""
        data = self.cleaned_data
        start, end = data.get("starts_on"), data.get("ends_on")
        if start and end and end < start:
            self.add_error("ends_on", _("The last day must not be before the first."))
        return data


def format_limit(limit: Any) -> Any:
    if not isinstance(limit, int | float | Decimal):
        return limit
    return formats.number_format(limit, 0 if limit == int(limit) else 2, force_grouping=True)


def _convert_to_units(value: Any) -> Any:
    return Decimal(value).scaleb(-2) if isinstance(value, int) else value
