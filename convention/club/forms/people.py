"""Forms of people, their jobs and changes of employer."""

import datetime
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from convention.club.address_requests.forms import OptionalAddressForm
from convention.club.addresses.forms import AddressHintMixin
from convention.club.change_employer import HandoverPlan, MandateOutcome, list_mandates
from convention.club.contact_details.fields import NoteField, PhoneField
from convention.club.models import (
    Company,
    Employment,
    Person,
    Seat,
)
from convention.club.permissions import check_mandate_recipient
from convention.errors import InvalidFields
from convention.text.email_addresses import filter_by_email, normalize_email
from convention.text.languages import LANGUAGE_CHOICES
from convention.text.normalize import normalize_whitespace
from convention.web.forms import (
    ActionErrorsMixin,
    DateRangeForm,
    DayField,
)


class NewEmployerForm(ActionErrorsMixin, forms.Form):
    """The new employer, from a day."""

    on = DayField(label=_("First day at the new employer"), initial=timezone.localdate)
    to = forms.ModelChoiceField(
        Company.objects.filter(merged_on=None),
        label=_("New employer"),
        required=False,
        empty_label=_("Not known"),
    )
    title = forms.CharField(label=_("Job title"), max_length=120, required=False)
    level = forms.ChoiceField(
        label=_("Level"), choices=[("", "–"), *Employment.Level.choices], required=False
    )


class PersonNamePartField(forms.CharField):
    """A first or a last name, of which one is enough, so that neither is marked as optional."""

    hides_optional_mark = True  # read by the template of all fields


class PersonNameForm(ActionErrorsMixin, forms.ModelForm):
    """A person's name, language, phone number and internal note."""

    language = forms.ChoiceField(label=_("Language"), choices=LANGUAGE_CHOICES)

    class Meta:
        model = Person
        fields = ["first_name", "last_name", "language", "phone", "note"]
        field_classes = {
            **dict.fromkeys(("first_name", "last_name"), PersonNamePartField),
            "phone": PhoneField,
            "note": NoteField,
        }
        help_texts = {
            "phone": _("The contacts of this person’s company also see it."),
            "note": _("For the secretary and administrators, and part of any copy of this person’s data."),
        }

    def clean(self) -> dict[str, Any]:
        """Normalize the names, and require one of them."""
        data = super().clean() or self.cleaned_data
        for name in ("first_name", "last_name"):
            data[name] = normalize_whitespace(data.get(name) or "")
        if not data["first_name"] and not data["last_name"]:
            self.add_error("last_name", _("Enter a first or last name."))
        return data


class PersonDetailsForm(AddressHintMixin, PersonNameForm):
    """A person's details with the address; a new name that somebody has needs a confirmation."""

    email = forms.EmailField(
        label=_("E-mail address"),
        required=False,
        empty_value=None,
        error_messages={"unique": _("Someone in the directory already has this address.")},
        help_text=_(
            "If you change the address, this person is signed out, their API tokens are revoked and their "
            "other addresses are removed; the old address receives an e-mail. Registrations keep the address "
            "they were made with."
        ),
    )
    is_other_person = forms.BooleanField(
        label=_("This is a different person with the same name"), required=False
    )
    field_order = ("first_name", "last_name", "email", "phone", "language", "is_other_person")

    class Meta(PersonNameForm.Meta):
        fields = ["email", *PersonNameForm.Meta.fields]

    def clean_email(self) -> str | None:
        email: str | None = self.cleaned_data["email"]
        return normalize_email(email) if email else None

    def protect_address(self) -> None:
        """Show the address without letting the reader change it."""
        # A disabled field also ignores what is posted.
        self.fields["email"].disabled = True
        self.fields["email"].help_text = _(
            "Only administrators can change this address: the person has signed in or has had a role."
        )

    @property
    def changed_columns(self) -> list[str]:
        return [name for name in self.changed_data if name not in ("is_other_person", "accepts_address")]


class NewPersonForm(AddressHintMixin, PersonNameForm):
    """A person to add to the directory, with their employer; a second one of the same name is confirmed."""

    email = forms.EmailField(label=_("E-mail address"), max_length=254)
    is_other_person = forms.BooleanField(
        label=_("This is a different person with the same name"), required=False
    )
    company = forms.ModelChoiceField(
        Company.objects.filter(merged_on=None),
        label=_("Company"),
        required=False,
        empty_label=_("Not known yet"),
    )
    starts_on = DayField(label=_("Works there from"), initial=timezone.localdate, required=False)
    title = forms.CharField(label=_("Job title"), max_length=120, required=False)
    level = forms.ChoiceField(
        label=_("Level"), choices=[("", "–"), *Employment.Level.choices], required=False
    )
    gives_seat = forms.BooleanField(label=_("Give a seat, if the company has a free one"), required=False)
    # Offered only where the job limits the person's visits (`describe_visit_limits`).
    accepts_visit_limits = forms.BooleanField(label=_("Add this job all the same"), required=False)
    field_order = ("first_name", "last_name", "email", "phone", "language", "is_other_person")

    def clean(self) -> dict[str, Any]:
        """Require the company of a job title, a level or a seat."""
        data = super().clean()
        has_details = any(data.get(name) for name in ("title", "level", "gives_seat"))
        if has_details and not data.get("company") and "company" not in self.errors:
            self.add_error("company", _("Choose the company of this job."))
        return data

    def get_person_values(self) -> dict[str, str]:
        return {name: self.cleaned_data[name] for name in ("email", *self.Meta.fields)}

    def get_job_values(self) -> dict[str, Any]:
        """Return the keyword arguments of `add_employment`, or {} without a company."""
        if not self.cleaned_data["company"]:
            return {}
        values = {name: self.cleaned_data[name] for name in ("company", "title", "level")}
        return {**values, "starts_on": self.cleaned_data["starts_on"] or timezone.localdate()}


class EmploymentForm(DateRangeForm):
    """An employment, for a time."""

    company = forms.ModelChoiceField(Company.objects.all(), label=_("Company"), empty_label=_("Choose"))
    title = forms.CharField(label=_("Job title"), max_length=120, required=False)
    level = forms.ChoiceField(
        label=_("Level"), choices=[("", "–"), *Employment.Level.choices], required=False
    )
    # Offered only where the job limits the person's visits (`describe_visit_limits`).
    accepts_visit_limits = forms.BooleanField(label=_("Add this job all the same"), required=False)
    field_order = ("company", "starts_on", "ends_on", "title", "level")


class EmploymentUpdateForm(ActionErrorsMixin, forms.ModelForm):
    """Title, level and first day of an employment."""

    starts_on = DayField(label=_("From"))

    class Meta:
        model = Employment
        fields = ["title", "level", "starts_on"]
        labels = {"title": _("Job title"), "level": _("Level")}


class EmploymentEndForm(ActionErrorsMixin, forms.Form):
    """The last day of an employment; one that has a last day may lose it again."""

    last_day = DayField(label=_("Last day at the company"))

    def __init__(self, *args: Any, employment: Employment, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["last_day"]
        field.initial = employment.ends_on or timezone.localdate
        if employment.ends_on:
            field.required = False
            field.help_text = _(
                "Leave empty if the person still works there. Seats and roles that have ended stay ended."
            )


class EmployerChangeForm(OptionalAddressForm, NewEmployerForm):
    """A change of employer, with the person's successors and their new address."""

    company_successor = forms.ModelChoiceField(
        Person.objects.none(),
        label=_("Successor at the company"),
        required=False,
        empty_label=_("Nobody yet"),
        help_text=_("Takes over this person’s roles: contact, billing contact, voting representative."),
    )
    mandates = forms.ChoiceField(
        label=_("Mandates in working groups"),
        choices=MandateOutcome.choices,
        initial=MandateOutcome.STAY,
        required=False,
        widget=forms.RadioSelect,
    )
    mandate_successor = forms.EmailField(
        label=_("E-mail of the successor"),
        required=False,
        help_text=_("The successor must be in the directory."),
    )

    def __init__(self, *args: Any, person: Person, actor: Person, **kwargs: Any) -> None:
        super().__init__(*args, person=person, actor=actor, **kwargs)
        self.actor = actor
        today = timezone.localdate()
        self.current_mandates = list_mandates(person, at=today)
        jobs = Employment.objects.open(at=today).filter(person=person)
        seats = Seat.objects.granting_membership(at=today).filter(
            membership__company__in=jobs.values("company")
        )
        field = self.fields["company_successor"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Person.objects.filter(pk__in=seats.values("person"), is_active=True).exclude(
            pk=person.pk
        )
        if not self.current_mandates:
            # There is nothing to hand over.
            del self.fields["mandates"], self.fields["mandate_successor"]

    def clean(self) -> dict[str, Any]:
        """Replace the successor's address by the person who has it."""
        data = super().clean() or self.cleaned_data
        if data.get("mandates") != MandateOutcome.HAND_OVER:
            return data
        people = filter_by_email(Person.objects.filter(is_active=True), data.get("mandate_successor") or "")
        if people:
            self._set_mandate_successor(data, people[0])
        elif "mandate_successor" not in self.errors:
            self.add_error("mandate_successor", _("Nobody in the directory has this address."))
        return data

    def _set_mandate_successor(self, data: dict[str, Any], successor: Person) -> None:
        try:
            check_mandate_recipient(self.actor, successor, field="mandate_successor")
        except InvalidFields as error:
            self.add_errors(error.field_errors)
        else:
            data["mandate_successor"] = successor

    def get_arguments(self) -> dict[str, Any]:
        """Return the keyword arguments of `change_employer`."""
        data = self.cleaned_data
        mandates = data.get("mandates") or MandateOutcome.STAY
        mandate_successor = data.get("mandate_successor") if mandates == MandateOutcome.HAND_OVER else None
        day: datetime.date = data["on"]
        return {
            "to": data["to"],
            "on": day,
            "title": data["title"],
            "level": data["level"],
            "handover": HandoverPlan(
                company_successor=data["company_successor"],
                mandate_outcome=mandates,
                mandate_successor=mandate_successor,
            ),
        }
