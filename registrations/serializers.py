"""Bodies of the API: these classes validate requests, render responses and make the description.

Requests are checked here for types and lengths, which pages cannot get wrong; their content is validated by
`place_order`, for pages and programs alike.
"""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.fields import empty

from convention.api.bodies import render_bodies
from convention.api.fields import (
    LenientBooleanField,
    LenientChoiceField,
    LenientDictField,
    LenientEmailField,
    LenientIntegerField,
    LenientRegexField,
    LenientSlugField,
    LenientSlugListField,
    LenientTextField,
    LocalTimeField,
)

from .booking.validation import (
    BILLING_TEXT_LENGTHS,
    MAX_EMAIL_LENGTH,
    MAX_NAME_LENGTH,
    ORDER_TEXT_LENGTHS,
    check_place_count,
)
from .models import Order, Registration
from .order_request import MAX_PLACES_PER_ORDER, BillingDetails, OrderRequest, RequestedPlace
from .pricing.display import list_reductions
from .pricing.serializers import MoneyResponse, ReductionResponse

MAX_ADDONS_PER_PLACE = 50
MAX_SLUG_LENGTH = 50
# One visible character at least; the OpenAPI description cannot say which invisible ones are refused too.
VISIBLE_CHARACTER_PATTERN = r"\S"
# JSON integers have no limit in Python, and huge ones cannot even be printed.
MAX_AMOUNT_CENTS = 10**15
OPTIONAL: dict[str, Any] = {"required": False, "allow_null": True}
OPTIONAL_TEXT = OPTIONAL | {"allow_blank": True}

ORDER_EXAMPLE = OpenApiExample(
    "A guest who is invoiced",
    value={
        "email": "ada@example.org",
        "language": "fr",
        "company": "Acme",
        "payment": "invoice",
        "billing": {
            "name": "Acme SA",
            "street": "1 rue de la Paix",
            "postcode": "75002",
            "city": "Paris",
            "country": "FR",
        },
        "registrations": [
            {
                "ticket": "guest",
                "first_name": "Ada",
                "last_name": "Byron",
                "email": "ada@example.org",
                "company": "Acme",
            }
        ],
    },
    request_only=True,
)
BOOKED_EXAMPLE = OpenApiExample(
    "Held until the buyer opens the mailed link",
    value={
        "reference": "7KQ2M9XD4T",
        "state": "pending",
        "total": {"amount": 12000, "currency": "EUR"},
        "manage_url": "https://convention.example/orders/7KQ2M9XD4T/Zg7hcvPapiMlrwIaaPcHURo11qYAYKxCrfVSaTyWQHO/",
        "registrations": [{"id": "4MT8K2XQ7D", "state": "pending"}],
    },
    response_only=True,
)


class BillingRequest(serializers.Serializer[BillingDetails]):
    """The recipient of the invoice."""

    default_error_messages = {"invalid": _("This must be an object.")}

    name = LenientTextField(max_length=BILLING_TEXT_LENGTHS["name"], **OPTIONAL_TEXT)
    street = LenientTextField(max_length=BILLING_TEXT_LENGTHS["street"], **OPTIONAL_TEXT)
    postcode = LenientTextField(max_length=BILLING_TEXT_LENGTHS["postcode"], **OPTIONAL_TEXT)
    city = LenientTextField(max_length=BILLING_TEXT_LENGTHS["city"], **OPTIONAL_TEXT)
    country = LenientRegexField(r"^[A-Z]{2}$", help_text="ISO 3166-1, two letters.", **OPTIONAL_TEXT)
    tax_number = LenientTextField(
        max_length=BILLING_TEXT_LENGTHS["tax_number"],
        help_text="SIREN or VAT number of a company.",
        **OPTIONAL_TEXT,
    )

    def validate(self, attrs: dict[str, Any]) -> Any:
        """Return the fields as BillingDetails."""
        return BillingDetails(**attrs)


class PlaceRequest(serializers.Serializer[RequestedPlace]):
    """A registration for one person."""

    default_error_messages = {"invalid": _("This must be an object."), "null": _("This must be an object.")}

    ticket = LenientSlugField(max_length=MAX_SLUG_LENGTH, help_text="The ticket's slug.")
    first_name = LenientRegexField(VISIBLE_CHARACTER_PATTERN, min_length=1, max_length=MAX_NAME_LENGTH)
    last_name = LenientRegexField(VISIBLE_CHARACTER_PATTERN, min_length=1, max_length=MAX_NAME_LENGTH)
    email = LenientEmailField(max_length=MAX_EMAIL_LENGTH, **OPTIONAL_TEXT)
    company = LenientTextField(max_length=MAX_NAME_LENGTH, **OPTIONAL_TEXT)
    language = LenientChoiceField(
        ["fr", "en"],
        help_text="Of e-mails to an attendee with an address other than the buyer’s; the order’s by default.",
        **OPTIONAL,
    )
    no_photo = LenientBooleanField(**OPTIONAL)
    addons = LenientSlugListField(
        max_length=MAX_ADDONS_PER_PLACE, help_text="The add-ons' slugs.", **OPTIONAL
    )
    answers = LenientDictField(
        help_text="By the slugs of the event's questions: a string, a list of options' slugs, or true.",
        **OPTIONAL,
    )

    def validate(self, attrs: dict[str, Any]) -> Any:
        """Return the fields as a RequestedPlace."""
        return RequestedPlace(**(attrs | {"language": attrs["language"] or ""}))


class PlaceListField(serializers.ListField):
    """The places of one order; missing or null means none, which `place_order` refuses."""

    child = PlaceRequest()

    def run_validation(self, data: Any = empty) -> tuple[RequestedPlace, ...]:
        if data is None or data is empty:
            return ()
        if not isinstance(data, list):
            raise ValidationError(_("This must be a list."))
        # The places are not validated in that case: a body can name hundreds of thousands.
        if len(data) > MAX_PLACES_PER_ORDER:
            raise ValidationError([sentence for _field, sentence in check_place_count(len(data))])
        return tuple(self.run_child_validation(data))


@extend_schema_serializer(examples=[ORDER_EXAMPLE])
class OrderCreateRequest(serializers.Serializer[OrderRequest]):
    """An order of one or more registrations."""

    default_error_messages = {"invalid": _("Send one JSON object."), "null": _("Send one JSON object.")}

    email = LenientEmailField(max_length=MAX_EMAIL_LENGTH, help_text="Gets the confirmation.")
    language = LenientChoiceField(["fr", "en"], **OPTIONAL)
    company = LenientTextField(max_length=ORDER_TEXT_LENGTHS["company"], **OPTIONAL_TEXT)
    payment = LenientChoiceField(Order.Payment.choices, **OPTIONAL)
    purchase_order = LenientTextField(max_length=ORDER_TEXT_LENGTHS["purchase_order"], **OPTIONAL_TEXT)
    billing = BillingRequest(**OPTIONAL)
    currency = LenientRegexField(
        r"^[A-Z]{3}$", help_text="Refused unless it is the tickets' currency.", **OPTIONAL_TEXT
    )
    code = LenientTextField(
        max_length=40, help_text="Lowers the price, or opens a hidden ticket.", **OPTIONAL_TEXT
    )
    expected_total = LenientIntegerField(
        min_value=0,
        max_value=MAX_AMOUNT_CENTS,
        help_text="In cents. Nothing is booked for another total: 409 `price-changed`, with the new quote.",
        **OPTIONAL,
    )
    notifies_attendees = LenientBooleanField(
        help_text="E-mails badge and link also to each attendee with an address other than the buyer’s, "
        "once the place is confirmed.",
        **OPTIONAL,
    )
    registrations = PlaceListField(min_length=1, max_length=MAX_PLACES_PER_ORDER)

    def validate(self, attrs: dict[str, Any]) -> Any:
        """Return the fields as an OrderRequest."""
        return OrderRequest(
            email=attrs["email"],
            language=attrs["language"] or "fr",
            company=attrs["company"],
            payment=attrs["payment"] or Order.Payment.INVOICE,
            purchase_order=attrs["purchase_order"],
            billing=attrs.get("billing") or BillingDetails(),
            currency=attrs["currency"],
            code=attrs["code"],
            expected_total=attrs["expected_total"],
            notifies_attendees=bool(attrs["notifies_attendees"]),
            places=attrs["registrations"],
        )


CANCELLATION_EXAMPLE = OpenApiExample(
    "A cancellation that costs nothing",
    value={
        "id": "4MT8K2XQ7D",
        "state": "cancelled",
        "cancellation_fee": {"amount": 0, "currency": "EUR"},
        "messages": ["Nothing was paid, so nothing goes back."],
    },
    response_only=True,
)


@extend_schema_serializer(examples=[CANCELLATION_EXAMPLE])
class CancellationResponse(serializers.Serializer[Any]):
    """The fee and the refund of a cancellation, done or previewed."""

    id = serializers.CharField(source="registration.reference")
    state = serializers.ChoiceField(Registration.State.choices, source="registration.state")
    cancellation_fee = MoneyResponse(help_text="The part of its price that is not refunded.")
    messages = serializers.ListField(
        child=serializers.CharField(), help_text="The refund and how it is paid, in words."
    )


class ChosenAddonResponse(serializers.Serializer[Any]):
    """A booked add-on, with its price in cents."""

    addon = serializers.CharField(source="addon.slug")
    price = serializers.IntegerField()


class PlaceResponse(serializers.Serializer[Registration]):
    """A booked registration."""

    id = serializers.CharField(source="reference")
    state = serializers.ChoiceField(["confirmed", "pending", "cancelled", "expired"])


@extend_schema_serializer(examples=[BOOKED_EXAMPLE])
class OrderResponse(serializers.Serializer[Order]):
    """The booked order."""

    reference = serializers.CharField()
    state = serializers.ChoiceField(["confirmed", "pending", "cancelled", "expired"], source="booking_state")
    total = MoneyResponse(source="cost")
    manage_url = serializers.URLField(source="sender_url")
    registrations = PlaceResponse(many=True, source="placed_registrations")


REGISTRATION_EXAMPLE = OpenApiExample(
    "A guest with dinner",
    value={
        "id": "4MT8K2XQ7D",
        "order": "7KQ2M9XD4T",
        "state": "confirmed",
        "ticket": "guest",
        "first_name": "Ada",
        "last_name": "Byron",
        "email": "ada@example.org",
        "company": "Acme",
        "no_photo": False,
        "price": {"amount": 12000, "currency": "EUR"},
        "reductions": [],
        "addons": [{"addon": "dinner", "price": 5000}],
        "registered_at": "2026-04-02T10:15:00+02:00",
        "answers": {"diet": ["vegetarian"]},
    },
    response_only=True,
)


class RegistrationResponse(serializers.Serializer[Registration]):
    """A registration in the organizers' list."""

    id = serializers.CharField(source="reference")
    order = serializers.CharField(source="order.reference", help_text="The order's reference.")
    state = serializers.ChoiceField(["confirmed", "pending", "cancelled", "expired"])
    ticket = serializers.CharField(source="ticket.slug")
    first_name = serializers.CharField()
    last_name = serializers.CharField()
    email = serializers.CharField()
    company = serializers.CharField()
    no_photo = serializers.BooleanField()
    price = MoneyResponse(source="cost")
    reductions = serializers.SerializerMethodField()
    addons = ChosenAddonResponse(many=True, source="active_addons")
    registered_at = LocalTimeField(source="created_at")
    answers = serializers.DictField(help_text="By the questions' slugs, as they are stored.")

    @extend_schema_field(ReductionResponse(many=True))
    def get_reductions(self, registration: Registration) -> list[dict[str, Any]]:
        return render_bodies(ReductionResponse, list_reductions(registration))
