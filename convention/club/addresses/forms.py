"""Ask once whether an e-mail address is meant that looks mistyped."""

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from convention.club.models import Person
from convention.text.address_suggestions import suggest_address
from convention.text.email_addresses import filter_by_email
from convention.text.normalize import normalize_whitespace


class AddressHintMixin(forms.BaseForm):
    """A form with an `email`, which asks before it accepts a mistyped domain of a well-known provider.

    The tick box that accepts the address is a field only while it is needed.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Not validated yet: PostgreSQL refuses NUL characters.
        typed = normalize_whitespace(str(self.data.get(self.add_prefix("email")) or ""))
        self.address_suggestion = suggest_address(typed)
        # An address that somebody has is right, or known to be wrong.
        if self.address_suggestion and not filter_by_email(Person.objects.all(), typed):
            field = forms.BooleanField(label=_("Use this address as typed"), required=False)
            names = list(self.fields)
            self.fields["accepts_address"] = field
            self.order_fields([*names[: names.index("email") + 1], "accepts_address"])

    def clean(self) -> dict[str, Any]:
        """Add an error that suggests the corrected address, unless the typed one is accepted."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if "accepts_address" in self.fields and not data.pop("accepts_address", False):
            sentence = gettext(
                "Did you mean %(suggestion)s? Correct the address, or tick “Use this address as typed”."
            )
            self.add_error("email", sentence % {"suggestion": self.address_suggestion})
        return data
