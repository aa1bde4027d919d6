"""Forms for packages, sponsors and logos."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from convention.club.models import Company
from convention.events.forms import LocalDateTimeField, add_time_zone
from convention.text.normalize import name_search_key
from convention.text.validators import validate_person_name, validate_without_links
from convention.web.forms import CountField
from registrations.billing.tax_number import price_package
from registrations.invoices.models import Issuer
from registrations.invoices.reverse_charge import TaxedPrice, can_reverse_charge
from registrations.models import Order, Package, Sponsorship
from registrations.models.sponsors import MAX_INCLUDED_PLACES
from registrations.order_request import BillingDetails, OrderRequest
from registrations.sponsors.sponsorships import SponsorRequest
from registrations.storefront.forms import BillingForm, LanguageForm, PaymentForm
from registrations.ticketing.forms import SaleItemForm


class PackageForm(SaleItemForm[Package]):
    """A package with the places included in it."""

    # Path segments used next to a package's slug.
    reserved_slugs = frozenset({"new", "packages", "take"})
    passes = forms.IntegerField(
        label=_("Passes included"), min_value=0, max_value=MAX_INCLUDED_PLACES // 2, required=False
    )
    badges = forms.IntegerField(
        label=_("Stand badges included"),
        min_value=0,
        max_value=MAX_INCLUDED_PLACES // 2,
        required=False,
    )

    class Meta:
        model = Package
        fields = [
            "name", "name_en", "slug", "description", "description_en", "vat_rate", "vat_exemption",
            "capacity",
            "stand", "pass_ticket", "passes", "badge_ticket", "badges", "has_printed_logo", "opens_at",
            "closes_at", "position",
        ]  # fmt: skip
        field_classes = {"capacity": CountField, "position": CountField}
        help_texts = {
            "capacity": _("Maximum number of sponsors; leave empty for no limit."),
            "stand": _("Size of the stand, for example 9 m². Leave empty for no stand."),
            "pass_ticket": _("The sponsor enters the names later, through a private link, at no extra cost."),
            "has_printed_logo": _("On the back page of the booklet and at the bottom of the door signs."),
            "position": _("Lower numbers come first; logos of the first package are the largest."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Included places have no name yet, so no membership could be verified. A package's own ticket that
        # became members-only since then stays in the list, and is refused with a sentence.
        own = {self.instance.pass_ticket_id, self.instance.badge_ticket_id}
        tickets = self.event.tickets.all()
        offered = [row.pk for row in tickets if row.pk in own or not row.needs_member_verification]
        for name in ("pass_ticket", "badge_ticket"):
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)
            field.queryset = self.event.tickets.filter(pk__in=offered)

    def clean_passes(self) -> int:
        """Return 0 for an empty field."""
        return self.cleaned_data["passes"] or 0

    def clean_badges(self) -> int:
        """Return 0 for an empty field."""
        return self.cleaned_data["badges"] or 0

    def clean(self) -> dict[str, Any]:
        """Require a ticket for included places, and none that needs a member's verification."""
        data = super().clean()
        for number, ticket in (("passes", "pass_ticket"), ("badges", "badge_ticket")):
            chosen = data.get(ticket)
            if data.get(number) and not chosen and ticket not in self.errors:
                self.add_error(ticket, _("Choose the ticket for these places."))
            if chosen and self.event and chosen.needs_member_verification:
                self.add_error(ticket, _("A package cannot include a members’ ticket."))
        return data


BILLING_FIELDS = ("name", "street", "postcode", "city", "country", "tax_number")


class SponsorForm(forms.Form):
    """The sponsor and its contact."""

    name = forms.CharField(
        label=_("Company name to display"),
        max_length=200,
        validators=[validate_without_links],
        error_messages={"required": _("Enter the company’s name.")},
    )
    contact = forms.CharField(
        label=_("Contact: first and last name"),
        max_length=200,
        validators=[validate_person_name],
        error_messages={"required": _("Enter the name of the contact.")},
    )
    email = forms.EmailField(
        label=_("Contact’s e-mail address"),
        help_text=_("This address receives a link for uploading the logo and entering the attendees’ names."),
        error_messages={"required": _("Enter the e-mail address for the link.")},
    )
    website = forms.URLField(
        label=_("Website"),
        required=False,
        assume_scheme="https",
        help_text=_("The logo links to this page."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, hint in (
            ("name", "organization"),
            ("contact", "name"),
            ("email", "email"),
            ("website", "url"),
        ):
            self.fields[name].widget.attrs["autocomplete"] = hint


class SponsorOrderForms:
    """The forms of a package order: sponsor, billing, payment, language.

    `sponsor` and `billing` are initial values. `quoted_price`, in cents, counts if it is the lower one.
    """

    def __init__(
        self,
        data: Any,
        package: Package,
        language: str,
        *,
        sponsor: Mapping[str, str] = MappingProxyType({}),
        billing: Mapping[str, str] = MappingProxyType({}),
        quoted_price: int | None = None,
    ) -> None:
        self.package = package
        self.quoted_price = quoted_price
        self.sponsor = SponsorForm(data, initial={**sponsor})
        self.language = LanguageForm(data, initial={"language": language})
        self.billing = (
            BillingForm(data, initial={"billing_country": "FR", **billing}) if package.price else None
        )
        if self.billing and package.vat_rate and can_reverse_charge(Issuer.get_current()):
            self.billing.fields["billing_tax_number"].help_text = _(
                "It appears on the invoice. Companies in another EU country pay the price without VAT "
                "(reverse charge) if they enter their VAT number."
            )
        # A free package needs neither billing details nor a payment method.
        by_card = package.price and settings.CARD_PAYMENT
        initial = {"payment": Order.Payment.INVOICE}
        self.payment = PaymentForm(data, initial=initial) if by_card else None

    @property
    def template_context(self) -> dict[str, forms.Form | None]:
        """Return the forms by their names in the template."""
        return {
            "form": self.sponsor,
            "billing": self.billing,
            "payment": self.payment,
            "language_form": self.language,
        }

    @property
    def price(self) -> TaxedPrice:
        """Return the price with the billing details as entered so far, valid or not."""
        billing = self.billing
        if billing is None:
            return get_listed_price(self.package)
        if billing.is_bound:
            # Fills `cleaned_data`, without what is malformed.
            billing.is_valid()
        values = billing.cleaned_data if billing.is_bound else billing.initial
        return price_package(
            self.package,
            country=values.get("billing_country", ""),
            tax_number=values.get("billing_tax_number", ""),
            quoted_price=self.quoted_price,
        )

    def is_valid(self) -> bool:
        """Return whether all forms are valid; each keeps its own errors."""
        # A list, not a generator: every form has to be validated to show its errors.
        valid = [form.is_valid() for form in self.template_context.values() if form]
        return all(valid)

    def to_sponsor_request(self) -> SponsorRequest:
        """Return the cleaned values as the actions take them."""
        answers = self.sponsor.cleaned_data
        billing = self.billing.cleaned_data if self.billing else {}
        payment = self.payment.cleaned_data["payment"] if self.payment else Order.Payment.INVOICE
        order = OrderRequest(
            email=answers["email"],
            places=(),
            language=self.language.cleaned_data["language"],
            company=answers["name"],
            payment=payment,
            billing=BillingDetails(**{name: billing.get(f"billing_{name}", "") for name in BILLING_FIELDS}),
            purchase_order=billing.get("purchase_order", ""),
        )
        return SponsorRequest(
            name=answers["name"],
            contact=answers["contact"],
            website=answers["website"],
            order=order,
            company=find_member_company(answers["name"]),
        )


def get_listed_price(package: Package) -> TaxedPrice:
    """Return the listed price, which a buyer in another EU country may pay without VAT."""
    return TaxedPrice(package.price, package.vat_rate, package.vat_exemption)


def find_member_company(name: str) -> Company | None:
    """Return the company of exactly that name, or None where there are none or several."""
    # Two rows are enough to know that the name is ambiguous; a guess would link the wrong company.
    companies = list(Company.objects.filter(sort_name=name_search_key(name)[:100])[:2])
    return companies[0] if len(companies) == 1 else None


class SponsorshipForm(forms.ModelForm[Sponsorship]):
    """The public data of a sponsorship."""

    class Meta:
        model = Sponsorship
        fields = ["name", "contact", "website"]

    @property
    def sponsorship(self) -> Sponsorship:
        """Return the sponsorship as filled in, unsaved."""
        return self.instance


class OrganizerSponsorshipForm(SponsorshipForm):
    """The same for organizers, who also decide when the logo appears."""

    shown_from = LocalDateTimeField(
        label=_("Logo shown from"),
        required=False,
        help_text=_("Leave empty to show it as soon as it is uploaded."),
    )

    class Meta(SponsorshipForm.Meta):
        fields = ["name", "contact", "website", "shown_from"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if moment := self.instance.shown_from:
            # `datetime-local` inputs have no time zone: the form shows and reads the local time of the event.
            self.initial["shown_from"] = moment.astimezone(self.instance.event.zone).replace(tzinfo=None)

    def clean(self) -> dict[str, Any]:
        """Interpret the time in the event's zone."""
        data = super().clean() or self.cleaned_data
        add_time_zone(self, "shown_from", self.instance.event.zone)
        return data


class LogoForm(forms.Form):
    """A logo to upload."""

    logo = forms.FileField(
        label=_("Logo"),
        help_text=_("PNG or JPEG, up to 5 MB; 1200 × 600 pixels is enough for print."),
        widget=forms.ClearableFileInput(attrs={"accept": "image/png,image/jpeg"}),
        error_messages={
            "required": _("Choose an image."),
            "empty": _("This file is empty. Choose another one."),
        },
    )
