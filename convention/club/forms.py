"""Forms of companies, memberships, people, markets and contacts, for secretary and administrators."""

import datetime
from collections.abc import Collection
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext, ngettext, pgettext
from django.utils.translation import gettext_lazy as _
from stdnum.fr import siren, siret

from convention.errors import InvalidFields
from convention.money import Money
from convention.text.countries import CountryFormMixin
from convention.text.email_addresses import filter_by_email, normalize_email
from convention.text.languages import LANGUAGE_CHOICES
from convention.text.normalize import normalize_whitespace
from convention.text.validators import clean_postcode, clean_vat_number
from convention.web.forms import (
    ActionErrorsMixin,
    DateRangeForm,
    DayField,
    EurosField,
    OfferedRowsField,
    limit_number,
    set_empty_label,
)

from .address_requests.forms import OptionalAddressForm
from .addresses.forms import AddressHintMixin
from .change_employer import HandoverPlan, MandateOutcome, list_mandates
from .companies import list_parent_companies
from .contact_details.fields import NoteField, PhoneField
from .models import MAX_SEATS, Company, CompanyRole, Employment, Market, Membership, Person, Plan, Seat
from .permissions import check_mandate_recipient


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
