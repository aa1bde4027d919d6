"""Forms of the company area: rows of attendees, a colleague, a day, and an attendee's own details."""

import datetime
from collections.abc import Iterator
from typing import Any

from django import forms
from django.forms import BaseFormSet, formset_factory
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from convention.club.periods import ONE_DAY
from convention.web.forms import ActionErrorsMixin, DayField
from registrations.booking.validation import check_person_texts
from registrations.changes.forms import AttendeeForm
from registrations.models import Registration, Ticket
from registrations.order_request import RequestedPlace
from registrations.pricing.display import describe_priced_ticket
from registrations.storefront.choice_offer import ChoiceOffer
from registrations.storefront.forms import AddonChoiceWidget

# Rows of a draft. An order takes fewer, which is checked when it is reviewed.
MAX_ROWS = 200


class RowAddonWidget(AddonChoiceWidget):
    """Add-ons as checkboxes with their price, small enough for a cell of a table."""

    option_template_name = "company/row_addon_option.html"

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Make an option that the browser posts while it is ticked, so that its error stays until then."""
        if str(value) not in self.addons:
            # A pasted text, which names no add-on.
            return super(AddonChoiceWidget, self).create_option(name, value, *args, **kwargs)
        option = super().create_option(name, value, *args, **kwargs)
        option["is_unavailable"] = "disabled" in option["attrs"]
        if option["selected"]:
            option["attrs"].pop("disabled", None)
        return option


class AttendeeRowForm(AttendeeForm):
    """One attendee of many: a name or "name to follow", an address, a ticket, add-ons."""

    ticket = forms.ChoiceField(label=_("Ticket"), required=False)
    addons = forms.MultipleChoiceField(label=_("Add-ons"), widget=RowAddonWidget, required=False)
    is_to_follow = forms.BooleanField(label=_("Name to follow"), required=False)
    field_order = ("first_name", "last_name", "email", "ticket", "addons", "is_to_follow")

    def __init__(self, *args: Any, offer: ChoiceOffer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offer = offer
        # Blank rows are allowed; `clean` requires the name of all others.
        for name in ("first_name", "last_name"):
            self.fields[name].required = False
        self._offer_tickets(offer.tickets)
        self._offer_addons(offer)

    def _offer_tickets(self, tickets: list[Ticket]) -> None:
        field = self.fields["ticket"]
        assert isinstance(field, forms.ChoiceField)
        # With a single ticket there is nothing to choose.
        only_slug = tickets[0].slug if len(tickets) == 1 else ""
        choices = [(ticket.slug, describe_priced_ticket(ticket)) for ticket in tickets]
        field.choices = choices if only_slug else [("", _("Choose…")), *choices]
        field.error_messages["invalid_choice"] = _(
            "There is no ticket “%(value)s”. Choose one from the list."
        )
        if not self.initial.get("ticket"):
            self.initial["ticket"] = only_slug

    def _offer_addons(self, offer: ChoiceOffer) -> None:
        if not offer.addons:
            del self.fields["addons"]
            return
        field = self.fields["addons"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.widget.addons, field.widget.disabled_slugs = offer.addons_by_slug, offer.unavailable_addons
        field.choices = [(addon.slug, addon.title) for addon in offer.addons]
        unknown = [text for text in self["addons"].value() or () if text not in offer.addons_by_slug]
        field.widget.choices = [*field.choices, *((text, text) for text in unknown)]
        field.error_messages["invalid_choice"] = _(
            "There is no add-on “%(value)s”. Untick it, then choose from those of this event."
        )

    def clean(self) -> dict[str, Any]:
        """Report each error once, at its field. A blank row has no errors."""
        data = self.cleaned_data
        if self.is_blank_row:
            # A blank row still posts its default ticket.
            self.errors.clear()
            return data
        place = self.to_place().normalize()
        for name, sentence in check_person_texts(place):
            self.add_error(name, sentence)
        if sentence := self.offer.find_addon_error(place.addons, place.ticket):
            self.add_error("addons", sentence)
        ticket = self.offer.tickets_by_slug.get(place.ticket)
        if ticket is None and "ticket" not in self.errors:
            self.add_error("ticket", _("Choose a ticket."))
        elif ticket and ticket.needs_member_verification and not place.email:
            self.add_error(
                "email", _("Enter the address of a colleague with a seat: this ticket is for members.")
            )
        return data

    @property
    def is_blank_row(self) -> bool:
        """Return whether nothing but a ticket and add-ons is filled in."""
        names = ("first_name", "last_name", "email", "is_to_follow")
        return not any(self.data.get(self.add_prefix(name), "").strip() for name in names)

    def to_place(self) -> RequestedPlace:
        """Return the requested place, with or without a name."""
        place = super().to_place()
        # A name that was typed wins over a box that was ticked before.
        has_name = bool(place.first_name.strip() or place.last_name.strip())
        return RequestedPlace(
            ticket=place.ticket,
            first_name=place.first_name,
            last_name=place.last_name,
            email=place.email,
            is_to_follow=bool(self.cleaned_data.get("is_to_follow")) and not has_name,
            addons=tuple(self.cleaned_data.get("addons") or ()),
        )


class BaseAttendeeRowFormSet(BaseFormSet[AttendeeRowForm]):
    """All rows of a bulk order."""

    def clean(self) -> None:
        """Report an address that is used twice, at its second row."""
        seen: dict[str, int] = {}
        for number, form in self.iterate_filled_rows():
            address = form.to_place().email.strip().casefold()
            # Rows without an address are never duplicates of each other.
            first = seen.setdefault(address, number) if address else number
            if first != number:
                sentence = _("This e-mail address is already used in row %(first)d.")
                form.add_error("email", sentence % {"first": first})

    @property
    def has_errors(self) -> bool:
        """Return whether a row that is not blank, or the order, has to be corrected."""
        return bool(self.non_form_errors()) or any(
            form.errors for _number, form in self.iterate_filled_rows()
        )

    def iterate_filled_rows(self) -> Iterator[tuple[int, AttendeeRowForm]]:
        """Yield the rows that are not blank, with their numbers from 1."""
        for number, form in enumerate(self.forms, start=1):
            if not form.is_blank_row:
                yield number, form


AttendeeRowFormSet: Any = formset_factory(
    # `absolute_max`, as `max_num` alone does not limit how many forms a request may send.
    AttendeeRowForm,
    formset=BaseAttendeeRowFormSet,
    extra=0,
    max_num=MAX_ROWS,
    absolute_max=MAX_ROWS,
)


class PasteForm(forms.Form):
    """Rows pasted from a spreadsheet."""

    pasted = forms.CharField(
        label=_("Rows from your spreadsheet"),
        required=False,
        # Leading tabs are empty cells, and the columns depend on them.
        strip=False,
        max_length=100_000,
        help_text=_(
            "One person per row: first name, last name, e-mail, ticket. You can add a header "
            "row, in English or French. Enter “to follow” for a name you will give later."
        ),
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false", "autocomplete": "off"}),
    )


class SeatDayForm(forms.Form):
    """The day on which a seat begins or ends; empty means today."""

    day = DayField(
        label=_("Day"),
        required=False,
        error_messages={"invalid": _("Enter the date as year-month-day, for example 2027-06-15.")},
    )

    def clean_day(self) -> datetime.date | None:
        """Refuse days before yesterday."""
        day: datetime.date | None = self.cleaned_data["day"]
        # Yesterday is allowed: the last day of a seat that ends at once.
        if day and day < timezone.localdate() - ONE_DAY:
            raise forms.ValidationError(
                _("Choose yesterday or a later day: earlier periods cannot be changed.")
            )
        return day


class ColleagueForm(AttendeeForm):
    """A colleague who is not in the club's directory yet."""

    email = forms.CharField(
        label=_("E-mail"),
        error_messages={"required": _("Enter the e-mail address.")},
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    title = forms.CharField(label=_("Job title"), required=False, max_length=120)


class AttendeeDetailsForm(ActionErrorsMixin, forms.Form):
    """An attendee's own details."""

    first_name = forms.CharField(
        label=_("First name"),
        error_messages={"required": _("Enter the first name.")},
        widget=forms.TextInput(attrs={"autocomplete": "given-name"}),
    )
    last_name = forms.CharField(
        label=_("Last name"),
        error_messages={"required": _("Enter the last name.")},
        widget=forms.TextInput(attrs={"autocomplete": "family-name"}),
    )
    no_photo = forms.BooleanField(label=_("I prefer not to be photographed"), required=False)

    @classmethod
    def from_registration(cls, registration: Registration) -> "AttendeeDetailsForm":
        """Return the form filled with the current values."""
        names = ("first_name", "last_name", "no_photo")
        return cls(initial={name: getattr(registration, name) for name in names})

    def to_place(self) -> RequestedPlace:
        """Return the cleaned values as the action takes them."""
        return RequestedPlace(ticket="", **self.cleaned_data)
