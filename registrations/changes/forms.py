"""Forms for lost links, corrections and substitutions."""

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from convention.text.languages import LANGUAGE_CHOICES
from convention.web.edit_forms import EditConflictsMixin
from convention.web.forms import ActionErrorsMixin
from registrations.attendee_identity import AttendeeIdentity
from registrations.booking.validation import check_person_texts
from registrations.form_fields import ReasonForm
from registrations.models import Registration
from registrations.order_request import RequestedPlace

from .correct import CORRECTABLE_FIELDS, LATE_CORRECTABLE_FIELDS, Correction
from .substitute import (
    MEMBER_ADDRESS_HINT,
    MEMBER_ADDRESS_SENTENCE,
    AlreadyNamed,
    check_holder,
    needs_member_address,
)


class LostLinkForm(forms.Form):
    """The address to which links are mailed."""

    email = forms.EmailField(
        label=_("E-mail"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        error_messages={
            "invalid": _("Enter a valid e-mail address, for example name@example.org."),
            "required": _("Enter the address you registered with."),
        },
    )


class CorrectionForm(EditConflictsMixin, forms.Form):
    """The correctable fields of a registration."""

    linked_fields = (("first_name", "last_name"),)

    first_name = forms.CharField(
        label=_("First name"), error_messages={"required": _("Enter the first name.")}
    )
    last_name = forms.CharField(label=_("Last name"), error_messages={"required": _("Enter the last name.")})
    email = forms.CharField(label=_("E-mail"), required=False, widget=forms.EmailInput)
    company = forms.CharField(label=_("Company"), required=False)
    language = forms.ChoiceField(
        label=_("Language of the e-mails"),
        required=False,
        choices=[("", _("Same as the order")), *LANGUAGE_CHOICES],
    )
    no_photo = forms.BooleanField(label=_("Please do not photograph this person"), required=False)
    holder_count = forms.IntegerField(required=False, widget=forms.HiddenInput)

    @classmethod
    def from_registration(cls, registration: Registration, data: QueryDict | None = None) -> "CorrectionForm":
        """Return the form filled with the current values, or bound to `data`."""
        names = [*CORRECTABLE_FIELDS, "language", "holder_count"]
        form = cls(data, initial={name: getattr(registration, name) for name in names})
        if not registration.has_own_address:
            # The buyer reads these e-mails, in the language of the order.
            form.fields.pop("language", None)
        return form

    def clean_language(self) -> str | None:
        """Return the choice, or None from a page that does not offer it."""
        return self.cleaned_data["language"] if self.add_prefix("language") in self.data else None

    def to_correction(self) -> Correction:
        """Return the cleaned values; `add_errors` shows the errors that the action finds in them."""
        return Correction(**self.cleaned_data)


class LateCorrectionForm(CorrectionForm):
    """The fields that can still be corrected after the event; the others stay as they are."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in {*CORRECTABLE_FIELDS, "language"} - set(LATE_CORRECTABLE_FIELDS):
            del self.fields[name]

    def to_correction(self) -> Correction:
        """Return the cleaned values, and the current ones of the fields that the form leaves out."""
        current_values = {name: self.initial[name] for name in CORRECTABLE_FIELDS}
        return Correction(**(current_values | self.cleaned_data))


class CorrectionReasonForm(ReasonForm):
    """The reason of a correction."""

    reason = forms.CharField(label=_("Reason for the correction"), required=False, max_length=300)


class DirectoryCorrectionForm(CorrectionReasonForm):
    """The reason of a correction, and whether the club's directory is corrected too."""

    directory = forms.BooleanField(
        label=_("Also correct the name in the club’s directory"),
        required=False,
        help_text=_("Only to correct the spelling for the same person. Past registrations do not change."),
    )


class ReinstatementForm(ActionErrorsMixin, ReasonForm):
    """The reason for which a cancelled registration is reinstated, and whether it is e-mailed."""

    reason = forms.CharField(label=_("Reason for the reinstatement"), required=False, max_length=300)

    is_notified = forms.BooleanField(
        label=_("E-mail the confirmation with the new badge"),
        initial=True,
        required=False,
        help_text=_("Without the e-mail, the attendee has no valid badge until you print or send one."),
    )


class AttendeeForm(ActionErrorsMixin, forms.Form):
    """An attendee's names and address."""

    first_name = forms.CharField(
        label=_("First name"), error_messages={"required": _("Enter the first name.")}
    )
    last_name = forms.CharField(label=_("Last name"), error_messages={"required": _("Enter the last name.")})
    email = forms.CharField(
        label=_("E-mail"), required=False, widget=forms.EmailInput(attrs={"autocomplete": "off"})
    )

    def to_place(self) -> RequestedPlace:
        """Return the cleaned values as the actions take them."""
        names = ("first_name", "last_name", "email")
        texts: dict[str, Any] = {name: str(self.cleaned_data.get(name) or "") for name in names}
        return RequestedPlace(ticket=str(self.cleaned_data.get("ticket") or ""), **texts)


class SubstitutionForm(AttendeeForm):
    """The new attendee; both names are required, and so is the address of a member."""

    def __init__(
        self, data: QueryDict | None, *, registration: Registration, initial: dict[str, Any] | None = None,
        **options: Any,
    ) -> None:  # fmt: skip
        # The address of a registration that has no name yet is most likely the attendee's.
        address = {} if registration.has_name else {"email": registration.email}
        super().__init__(data, initial=address | (initial or {}), **options)
        if needs_member_address(registration):
            field = self.fields["email"]
            field.required = True
            field.help_text = MEMBER_ADDRESS_HINT
            field.error_messages["required"] = MEMBER_ADDRESS_SENTENCE


class HandoverForm(SubstitutionForm):
    """The new attendee, on a page that names the present one.

    The template writes the hidden field `holder` with the current `holder_number`: after the error about
    another attendee, whom the page then names, sending the form again is a decision.
    """

    holder = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: QueryDict | None, *, registration: Registration) -> None:
        super().__init__(data, registration=registration)
        self.registration = registration

    def clean(self) -> dict[str, Any]:
        """Report that the place has got another attendee since the page was opened."""
        expected_holder = self.cleaned_data.get("holder")
        if expected_holder is not None and not self.is_sent_again:
            try:
                check_holder(self.registration, expected_holder)
            except AlreadyNamed as error:
                advice = _("Choose “Give the place” only if it should go to somebody else.")
                self.add_error(None, f"{error} {advice}")
        return self.cleaned_data

    @property
    def is_sent_again(self) -> bool:
        """Return whether the place has got the entered attendee already, by another click."""
        place = self.registration
        is_outdated = self.cleaned_data.get("holder") not in (None, place.holder_number)
        entered, present = self.to_place().normalize(), AttendeeIdentity.from_row(place)
        return is_outdated and AttendeeIdentity.from_row(entered) == present


class PlaceNameForm(SubstitutionForm):
    """The attendee of one of several places without a name; a row that is left as it was names nobody."""

    def __init__(self, data: QueryDict | None, *, registration: Registration) -> None:
        super().__init__(
            data,
            registration=registration,
            prefix=registration.reference,
            empty_permitted=True,
            use_required_attribute=False,
        )
        self.registration = registration

    def clean(self) -> dict[str, Any]:
        """Report what `substitute_attendee` would refuse later, so that all errors are read at once."""
        fields_with_errors = set(self.errors)
        for name, sentence in check_person_texts(self.to_place().normalize()):
            # The field says already that it is empty.
            if name not in fields_with_errors:
                self.add_error(name, sentence)
        return self.cleaned_data
