"""Request and response bodies of the API, and the parser for orders."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from convention.errors import InvalidFields
from convention.text.normalize import normalize_whitespace

from .booking.validation import MAX_EMAIL_LENGTH, MAX_NAME_LENGTH, check_place_count
from .models import Order, Registration
from .order_request import MAX_PLACES_PER_ORDER, BillingDetails, OrderRequest, RequestedPlace, normalize_code

MAX_ADDONS_PER_PLACE = 50
MAX_SLUG_LENGTH = 50
# One visible character at least; the OpenAPI description cannot say which invisible ones are refused too.
VISIBLE_CHARACTER_PATTERN = r"\S"
# JSON integers have no limit in Python, and huge ones cannot even be printed.
MAX_AMOUNT_CENTS = 10**15


class BillingRequest(serializers.Serializer[BillingDetails]):
    """Whom the invoice goes to."""

    name = serializers.CharField(required=False, allow_blank=True, allow_null=True, max_length=200)
    street = serializers.CharField(required=False, allow_blank=True, allow_null=True, max_length=200)
    postcode = serializers.CharField(required=False, allow_blank=True, allow_null=True, max_length=20)
    city = serializers.CharField(required=False, allow_blank=True, allow_null=True, max_length=100)
    country = serializers.RegexField(
        r"^[A-Z]{2}$",
        required=False,
        allow_blank=True,
        allow_null=True,
        help_text="ISO 3166-1, two letters.",
    )


class PlaceRequest(serializers.Serializer[RequestedPlace]):
    """A registration for one person."""

    ticket = serializers.SlugField(max_length=MAX_SLUG_LENGTH, help_text="The ticket's slug.")
    first_name = serializers.RegexField(VISIBLE_CHARACTER_PATTERN, min_length=1, max_length=MAX_NAME_LENGTH)
    last_name = serializers.RegexField(VISIBLE_CHARACTER_PATTERN, min_length=1, max_length=MAX_NAME_LENGTH)
    email = serializers.EmailField(
        required=False, allow_blank=True, allow_null=True, max_length=MAX_EMAIL_LENGTH
    )
    company = serializers.CharField(required=False, allow_blank=True, allow_null=True, max_length=300)
    no_photo = serializers.BooleanField(required=False, allow_null=True)
    addons = serializers.ListField(
        child=serializers.SlugField(), required=False, allow_null=True, help_text="The add-ons' slugs."
    )
    answers = serializers.DictField(
        required=False,
        allow_null=True,
        help_text="By the slugs of the event's questions: a string, a list of options' slugs, or true.",
    )


class OrderCreateRequest(serializers.Serializer[OrderRequest]):
    """An order of one or more registrations."""

    email = serializers.EmailField(max_length=MAX_EMAIL_LENGTH, help_text="Gets the confirmation.")
    language = serializers.ChoiceField(["fr", "en"], required=False, allow_null=True)
    company = serializers.CharField(required=False, allow_blank=True, allow_null=True, max_length=200)
    payment = serializers.ChoiceField(Order.Payment.choices, required=False, allow_null=True)
    purchase_order = serializers.CharField(required=False, allow_blank=True, allow_null=True, max_length=60)
    billing = BillingRequest(required=False, allow_null=True)
    currency = serializers.RegexField(
        r"^[A-Z]{3}$",
        required=False,
        allow_blank=True,
        allow_null=True,
        help_text="Refused unless it is the tickets' currency.",
    )
    code = serializers.CharField(
        required=False,
        allow_blank=True,
        allow_null=True,
        max_length=40,
        help_text="Lowers the price, or opens a hidden ticket.",
    )
    expected_total = serializers.IntegerField(
        required=False,
        allow_null=True,
        min_value=0,
        help_text="In cents. Nothing is booked for another total: 409 `price-changed`, with the new quote.",
    )
    registrations = serializers.ListField(child=PlaceRequest(), min_length=1, max_length=MAX_PLACES_PER_ORDER)


class MoneyResponse(serializers.Serializer[Any]):
    """An amount in minor units, with its ISO 4217 currency."""

    amount = serializers.IntegerField()
    currency = serializers.CharField()


class CancellationResponse(serializers.Serializer[Any]):
    """The fee and the refund of a cancellation, done or previewed."""

    id = serializers.CharField()
    state = serializers.ChoiceField(Registration.State.choices)
    cancellation_fee = MoneyResponse(help_text="What is kept of its price.")
    messages = serializers.ListField(
        child=serializers.CharField(), help_text="What goes back and how, in words."
    )


class ReductionResponse(serializers.Serializer[Any]):
    """A reason for a lower price, in cents."""

    reason = serializers.ChoiceField(["early", "code", "pass"])
    amount = serializers.IntegerField()
    words = serializers.CharField(help_text="The reason in words.")


class ChosenAddonResponse(serializers.Serializer[Any]):
    """A booked add-on, with its price in cents."""

    addon = serializers.CharField()
    price = serializers.IntegerField()


class QuoteLineResponse(serializers.Serializer[Any]):
    """The price of a ticket or an add-on for one of the registrations, in cents including VAT."""

    registration = serializers.IntegerField(help_text="Counted from 0, as sent.")
    ticket = serializers.CharField(required=False)
    addon = serializers.CharField(required=False)
    before = serializers.IntegerField()
    reductions = ReductionResponse(many=True)
    price = serializers.IntegerField()
    vat_rate = serializers.IntegerField(help_text="In hundredths of a percent.")


class VatTotalResponse(serializers.Serializer[Any]):
    """The sum at one VAT rate, in cents."""

    rate = serializers.IntegerField(help_text="In hundredths of a percent.")
    exemption = serializers.CharField(help_text="A VATEX code where the rate is 0.")
    net = serializers.IntegerField()
    vat = serializers.IntegerField()


class QuoteResponse(serializers.Serializer[Any]):
    """The price of an order, with reasons."""

    total = MoneyResponse()
    lines = QuoteLineResponse(many=True)
    vat = VatTotalResponse(many=True)


class PlaceResponse(serializers.Serializer[Any]):
    """A booked registration."""

    id = serializers.CharField()
    state = serializers.ChoiceField(["confirmed", "pending", "cancelled", "expired"])


class OrderResponse(serializers.Serializer[Any]):
    """The booked order."""

    reference = serializers.CharField()
    state = serializers.ChoiceField(["confirmed", "pending", "cancelled", "expired"])
    total = MoneyResponse()
    manage_url = serializers.URLField()
    registrations = PlaceResponse(many=True)


class RegistrationResponse(serializers.Serializer[Any]):
    """A registration in the organizers' list."""

    id = serializers.CharField()
    order = serializers.CharField(help_text="The order's reference.")
    state = serializers.ChoiceField(["confirmed", "pending", "cancelled", "expired"])
    ticket = serializers.CharField()
    first_name = serializers.CharField()
    last_name = serializers.CharField()
    email = serializers.CharField()
    company = serializers.CharField()
    no_photo = serializers.BooleanField()
    price = MoneyResponse()
    reductions = ReductionResponse(many=True)
    addons = ChosenAddonResponse(many=True)
    registered_at = serializers.DateTimeField()
    answers = serializers.DictField(help_text="By the questions' slugs, as they are kept.")


def parse_order_request(body: Any) -> OrderRequest:
    """Parse an order's JSON body; `place_order` checks what it means.

    Written by hand instead of with the serializers, because it is on the path of a rush of orders. Raises
    InvalidFields with the fields of a wrong type.
    """
    errors: dict[str, list[str]] = {}
    reader = _JsonReader(body if isinstance(body, Mapping) else {}, "", errors)
    if not isinstance(body, Mapping):
        errors[""] = [_("Send one JSON object.")]
    billing = _JsonReader(reader.read_mapping("billing"), "billing.", errors)
    request = OrderRequest(
        email=reader.read_text("email"),
        language=reader.read_text("language") or "fr",
        company=reader.read_text("company"),
        payment=reader.read_text("payment") or Order.Payment.INVOICE,
        purchase_order=reader.read_text("purchase_order"),
        billing=BillingDetails(
            name=billing.read_text("name"),
            street=billing.read_text("street"),
            postcode=billing.read_text("postcode"),
            city=billing.read_text("city"),
            country=billing.read_text("country"),
        ),
        currency=reader.read_text("currency"),
        code=reader.read_text("code"),
        expected_total=reader.read_integer("expected_total"),
        places=tuple(_parse_places(reader, errors)),
    )
    if errors:
        raise InvalidFields(_("Some fields need another look."), errors)
    return request


def parse_ticket_slugs(body: Any) -> set[str]:
    """Return the ticket slugs in a body that is not validated yet."""
    items = body.get("registrations") if isinstance(body, Mapping) else None
    # The same limit as when the order is parsed: the slugs are the key of a query.
    first = items[:MAX_PLACES_PER_ORDER] if isinstance(items, list) else []
    slugs = [item.get("ticket") for item in first if isinstance(item, Mapping)]
    return {normalize_whitespace(slug) for slug in slugs if isinstance(slug, str)}


def parse_voucher_code(body: Any) -> str:
    """Return the voucher code in a body that is not validated yet."""
    code = body.get("code") if isinstance(body, Mapping) else None
    return normalize_code(code) if isinstance(code, str) else ""


def _parse_places(reader: "_JsonReader", errors: dict[str, list[str]]) -> Iterator[RequestedPlace]:
    items = reader.read_list("registrations")
    # The rest is not parsed: a body can name hundreds of thousands.
    if len(items) > MAX_PLACES_PER_ORDER:
        errors.update({field: [sentence] for field, sentence in check_place_count(len(items))})
    for index, item in enumerate(items[:MAX_PLACES_PER_ORDER]):
        prefix = f"registrations.{index}."
        if not isinstance(item, Mapping):
            errors[prefix.rstrip(".")] = [_("This must be an object.")]
            continue
        place = _JsonReader(item, prefix, errors)
        yield RequestedPlace(
            ticket=place.read_text("ticket"),
            first_name=place.read_text("first_name"),
            last_name=place.read_text("last_name"),
            email=place.read_text("email"),
            company=place.read_text("company"),
            no_photo=place.read_boolean("no_photo"),
            addons=place.read_strings("addons"),
            answers=place.read_mapping("answers"),
        )


class _JsonReader:
    """Read members of a JSON object by type, and collect an error for each wrong one."""

    def __init__(self, body: Mapping[str, Any], prefix: str, errors: dict[str, list[str]]) -> None:
        self.body, self.prefix, self.errors = body, prefix, errors

    def read_text(self, name: str) -> str:
        """Return a string; missing and null are empty."""
        value = self.body.get(name)
        if value is None or isinstance(value, str):
            return value or ""
        return self._add_error(name, _("This must be a string."), "")

    def read_boolean(self, name: str) -> bool:
        """Return a boolean; missing and null are false."""
        value = self.body.get(name)
        if value is None or isinstance(value, bool):
            return bool(value)
        self._add_error(name, _("This must be true or false."), None)
        return False

    def read_integer(self, name: str) -> int | None:
        """Return an integer of at most `MAX_AMOUNT_CENTS`; missing is None."""
        value = self.body.get(name)
        # In Python, True is an int.
        is_integer = isinstance(value, int) and not isinstance(value, bool)
        if value is None or (is_integer and abs(value) <= MAX_AMOUNT_CENTS):
            return value
        return self._add_error(name, _("This must be a whole number."), None)

    def read_strings(self, name: str) -> tuple[str, ...]:
        """Return a list of strings as a tuple; missing and null are empty."""
        values = self.read_list(name)
        if len(values) <= MAX_ADDONS_PER_PLACE and all(isinstance(value, str) for value in values):
            return tuple(values)
        return self._add_error(
            name, _("This must be a list of strings, at most %(most)d.") % {"most": MAX_ADDONS_PER_PLACE}, ()
        )

    def read_mapping(self, name: str) -> Mapping[str, Any]:
        """Return an object; missing and null are empty."""
        value = self.body.get(name)
        if value is None or isinstance(value, Mapping):
            return value or {}
        return self._add_error(name, _("This must be an object."), {})

    def read_list(self, name: str) -> list[Any]:
        """Return a list; missing and null are empty."""
        value = self.body.get(name)
        if value is None or isinstance(value, list):
            return value or []
        return self._add_error(name, _("This must be a list."), [])

    def _add_error[T](self, name: str, sentence: str, empty: T) -> T:
        self.errors[f"{self.prefix}{name}"] = [sentence]
        return empty
