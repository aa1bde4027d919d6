"""The sponsor's form: who, whom to write to, whom to bill."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from convention.club.models import Company
from convention.events.forms import WallClock, set_zone
from convention.text import filed
from convention.validators import validate_name, validate_without_links

from ...forms.register import BillingForm, LanguageForm, PaymentForm
from ...models import Order, Package, Sponsorship
from ...order_request import Billing, OrderRequest
from ..take_package import Sponsor

BILLED = ("name", "street", "postcode", "city", "country")


class SponsorForm(forms.Form):
    """The company and its contact."""

    name = forms.CharField(
        label=_("Company, as it shall be shown"),
        max_length=200,
        validators=[validate_without_links],
        error_messages={"required": _("Write the company’s name.")},
    )
    contact = forms.CharField(
        label=_("Contact: first and last name"),
        max_length=200,
        validators=[validate_name],
        error_messages={"required": _("Write who we write to.")},
    )
    email = forms.EmailField(
        label=_("E-mail of the contact"),
        help_text=_("The link to send the logo and to name your people goes there."),
        error_messages={"required": _("Write the address that gets the link.")},
    )
    website = forms.URLField(
        label=_("Website"), required=False, assume_scheme="https", help_text=_("Where your logo leads.")
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


class OrderForms:
    """All that is asked of a sponsor, as one: of the company, of the invoice, of the language."""

    def __init__(self, data: Any, package: Package, language: str) -> None:
        self.package = package
        self.sponsor = SponsorForm(data)
        self.language = LanguageForm(data, initial={"language": language})
        self.billing = BillingForm(data, initial={"billing_country": "FR"}) if package.price else None
        by_card = package.price and settings.CARD_PAYMENT
        initial = {"payment": Order.Payment.INVOICE}
        self.payment = PaymentForm(data, initial=initial) if by_card else None

    @property
    def shown(self) -> dict[str, forms.Form | None]:
        """By their names in a template."""
        return {
            "form": self.sponsor,
            "billing": self.billing,
            "payment": self.payment,
            "language_form": self.language,
        }

    def is_valid(self) -> bool:
        """Whether all are; each shows its own errors."""
        valid = [form.is_valid() for form in self.shown.values() if form]
        return all(valid)

    def filled(self) -> Sponsor:
        """Who takes the package."""
        said = self.sponsor.cleaned_data
        billed = self.billing.cleaned_data if self.billing else {}
        payment = self.payment.cleaned_data["payment"] if self.payment else Order.Payment.INVOICE
        order = OrderRequest(
            email=said["email"],
            places=(),
            language=self.language.cleaned_data["language"],
            company=said["name"],
            payment=payment,
            billing=Billing(**{name: billed.get(f"billing_{name}", "") for name in BILLED}),
            purchase_order=billed.get("purchase_order", ""),
        )
        return Sponsor(
            name=said["name"],
            contact=said["contact"],
            website=said["website"],
            order=order,
            company=member_named(said["name"]),
        )


def member_named(name: str) -> Company | None:
    """The club's member of that very name, as far as there is exactly one."""
    found = list(Company.objects.filter(sort_name=filed(name)[:100])[:2])
    return found[0] if len(found) == 1 else None


class ShownForm(forms.ModelForm[Sponsorship]):
    """What is shown of a sponsor."""

    class Meta:
        model = Sponsorship
        fields = ["name", "contact", "website"]

    @property
    def row(self) -> Sponsorship:
        """The sponsorship as filled in, not kept yet."""
        return self.instance


class ShownForOrganizerForm(ShownForm):
    """The same for who runs the event, with the moment from which the logo is shown."""

    shown_from = WallClock(
        label=_("Logo shown from"), required=False, help_text=_("Empty: as soon as there is one.")
    )

    class Meta(ShownForm.Meta):
        fields = ["name", "contact", "website", "shown_from"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if moment := self.instance.shown_from:
            self.initial["shown_from"] = moment.astimezone(self.instance.event.zone).replace(tzinfo=None)

    def clean(self) -> dict[str, Any]:
        """In the event's zone."""
        data = super().clean() or self.cleaned_data
        set_zone(self, "shown_from", self.instance.event.zone)
        return data


class LogoForm(forms.Form):
    """A picture."""

    logo = forms.FileField(
        label=_("Logo"),
        help_text=_("PNG or JPEG, at most 5 MB; 1200 by 600 pixels are enough for paper."),
        widget=forms.ClearableFileInput(attrs={"accept": "image/png,image/jpeg"}),
        error_messages={"required": _("Choose a picture."), "empty": _("This file is empty.")},
    )
