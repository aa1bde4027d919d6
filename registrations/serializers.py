"""The API's shapes: what an order looks like on its way in and out."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from convention.errors import InvalidFields
from convention.text import tidy

from .checks import EMAIL_LENGTH, MOST_PLACES, NAME_LENGTH, about_number
from .models import Order, Registration
from .order_request import Billing, OrderRequest, Place, code_typed

MOST_ADDONS = 50
SLUG_LENGTH = 50
VISIBLE = r"\S"
"""One visible character at least; the description cannot say which of the invisible ones are refused too."""
MAX_AMOUNT = 10**15
"""In cents; Python's numbers have no end, and cannot all be written."""


class BillingBody(serializers.Serializer[Billing]):
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


class PlaceBody(serializers.Serializer[Place]):
    """One person's place."""

    ticket = serializers.SlugField(max_length=SLUG_LENGTH, help_text="The ticket's slug.")
    first_name = serializers.RegexField(VISIBLE, min_length=1, max_length=NAME_LENGTH)
    last_name = serializers.RegexField(VISIBLE, min_length=1, max_length=NAME_LENGTH)
    email = serializers.EmailField(required=False, allow_blank=True, allow_null=True, max_length=EMAIL_LENGTH)
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


class OrderBody(serializers.Serializer[OrderRequest]):
    """An order: one or more places at once."""

    email = serializers.EmailField(max_length=EMAIL_LENGTH, help_text="Gets the confirmation.")
    language = serializers.ChoiceField(["fr", "en"], required=False, allow_null=True)
    company = serializers.CharField(required=False, allow_blank=True, allow_null=True, max_length=200)
    payment = serializers.ChoiceField(Order.Payment.choices, required=False, allow_null=True)
    purchase_order = serializers.CharField(required=False, allow_blank=True, allow_null=True, max_length=60)
    billing = BillingBody(required=False, allow_null=True)
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
    registrations = serializers.ListField(child=PlaceBody(), min_length=1, max_length=MOST_PLACES)


class MoneyAnswer(serializers.Serializer[Any]):
    """Minor units and ISO 4217 currency."""

    amount = serializers.IntegerField()
    currency = serializers.CharField()


class CancellationAnswer(serializers.Serializer[Any]):
    """What cancelling came to, or would come to."""

    id = serializers.CharField()
    state = serializers.ChoiceField(Registration.State.choices)
    kept = MoneyAnswer(help_text="What is kept of its price.")
    said = serializers.ListField(child=serializers.CharField(), help_text="What goes back and how, in words.")


class ReductionAnswer(serializers.Serializer[Any]):
    """Why a price is lower than before, in cents."""

    reason = serializers.ChoiceField(["early", "code", "pass"])
    amount = serializers.IntegerField()
    words = serializers.CharField(help_text="The reason in words.")


class ChosenAnswer(serializers.Serializer[Any]):
    """An add-on that somebody takes, and its price in cents."""

    addon = serializers.CharField()
    price = serializers.IntegerField()


class LineAnswer(serializers.Serializer[Any]):
    """What a ticket or an add-on costs for the registration of that number, in cents with VAT."""

    registration = serializers.IntegerField(help_text="Counted from 0, as sent.")
    ticket = serializers.CharField(required=False)
    addon = serializers.CharField(required=False)
    before = serializers.IntegerField()
    reductions = ReductionAnswer(many=True)
    price = serializers.IntegerField()
    vat_rate = serializers.IntegerField(help_text="In hundredths of a percent.")


class VatAnswer(serializers.Serializer[Any]):
    """What is due at one rate, in cents."""

    rate = serializers.IntegerField(help_text="In hundredths of a percent.")
    exemption = serializers.CharField(help_text="A VATEX code where the rate is 0.")
    net = serializers.IntegerField()
    vat = serializers.IntegerField()


class QuoteAnswer(serializers.Serializer[Any]):
    """What an order costs, and why."""

    total = MoneyAnswer()
    lines = LineAnswer(many=True)
    vat = VatAnswer(many=True)


class PlaceAnswer(serializers.Serializer[Any]):
    """One registration."""

    id = serializers.CharField()
    state = serializers.ChoiceField(["confirmed", "pending", "cancelled", "expired"])


class OrderAnswer(serializers.Serializer[Any]):
    """The order as booked."""

    reference = serializers.CharField()
    state = serializers.ChoiceField(["confirmed", "pending", "cancelled", "expired"])
    total = MoneyAnswer()
    manage_url = serializers.URLField()
    registrations = PlaceAnswer(many=True)


class RegistrationAnswer(serializers.Serializer[Any]):
    """One registration of the organizer's list."""

    id = serializers.CharField()
    order = serializers.CharField(help_text="The order's reference.")
    state = serializers.ChoiceField(["confirmed", "pending", "cancelled", "expired"])
    ticket = serializers.CharField()
    first_name = serializers.CharField()
    last_name = serializers.CharField()
    email = serializers.CharField()
    company = serializers.CharField()
    no_photo = serializers.BooleanField()
    price = MoneyAnswer()
    reductions = ReductionAnswer(many=True)
    addons = ChosenAnswer(many=True)
    registered_at = serializers.DateTimeField()
    answers = serializers.DictField(help_text="By the questions' slugs, as they are kept.")


def read_order(body: Any) -> OrderRequest:
    """A request out of parsed JSON; what it means is checked later, by `register`.

    Raises InvalidFields naming each field of the wrong type. Read by hand: this is the rush's path.
    """
    found: dict[str, list[str]] = {}
    reader = _Reader(body if isinstance(body, Mapping) else {}, "", found)
    if not isinstance(body, Mapping):
        found[""] = [_("Send one JSON object.")]
    billing = _Reader(reader.mapping("billing"), "billing.", found)
    request = OrderRequest(
        email=reader.text("email"),
        language=reader.text("language") or "fr",
        company=reader.text("company"),
        payment=reader.text("payment") or Order.Payment.INVOICE,
        purchase_order=reader.text("purchase_order"),
        billing=Billing(
            name=billing.text("name"),
            street=billing.text("street"),
            postcode=billing.text("postcode"),
            city=billing.text("city"),
            country=billing.text("country"),
        ),
        currency=reader.text("currency"),
        code=reader.text("code"),
        expected_total=reader.whole("expected_total"),
        places=tuple(_places(reader, found)),
    )
    if found:
        raise InvalidFields(_("Some fields need another look."), found)
    return request


def tickets_asked(body: Any) -> set[str]:
    """The slugs of the tickets that a body asks for, as far as it can be read."""
    items = body.get("registrations") if isinstance(body, Mapping) else None
    first = items[:MOST_PLACES] if isinstance(items, list) else []
    named = [item.get("ticket") for item in first if isinstance(item, Mapping)]
    return {tidy(slug) for slug in named if isinstance(slug, str)}


def code_asked(body: Any) -> str:
    """The code that a body brings, as far as it can be read."""
    code = body.get("code") if isinstance(body, Mapping) else None
    return code_typed(code) if isinstance(code, str) else ""


def _places(reader: "_Reader", found: dict[str, list[str]]) -> Iterator[Place]:
    items = reader.sequence("registrations")
    if len(items) > MOST_PLACES:  # said at once: no more of them are read or counted than an order may hold
        found.update({field: [sentence] for field, sentence in about_number(len(items))})
    for index, item in enumerate(items[:MOST_PLACES]):
        prefix = f"registrations.{index}."
        if not isinstance(item, Mapping):
            found[prefix.rstrip(".")] = [_("This must be an object.")]
            continue
        place = _Reader(item, prefix, found)
        yield Place(
            ticket=place.text("ticket"),
            first_name=place.text("first_name"),
            last_name=place.text("last_name"),
            email=place.text("email"),
            company=place.text("company"),
            no_photo=place.truth("no_photo"),
            addons=place.words("addons"),
            answers=place.mapping("answers"),
        )


class _Reader:
    """Reads members of a JSON object by type, and keeps a sentence for each wrong one."""

    def __init__(self, body: Mapping[str, Any], prefix: str, found: dict[str, list[str]]) -> None:
        self.body, self.prefix, self.found = body, prefix, found

    def text(self, name: str) -> str:
        """A string; missing and null are empty."""
        value = self.body.get(name)
        if value is None or isinstance(value, str):
            return value or ""
        return self._refuse(name, _("This must be a string."), "")

    def truth(self, name: str) -> bool:
        """True or false; missing and null are false."""
        value = self.body.get(name)
        if value is None or isinstance(value, bool):
            return bool(value)
        self._refuse(name, _("This must be true or false."), None)
        return False

    def whole(self, name: str) -> int | None:
        """A whole number, of as many digits as an amount may have; missing is null."""
        value = self.body.get(name)
        is_whole = isinstance(value, int) and not isinstance(value, bool)
        if value is None or (is_whole and abs(value) <= MAX_AMOUNT):
            return value
        return self._refuse(name, _("This must be a whole number."), None)

    def words(self, name: str) -> tuple[str, ...]:
        """Strings in a list; missing and null are none."""
        values = self.sequence(name)
        if len(values) <= MOST_ADDONS and all(isinstance(value, str) for value in values):
            return tuple(values)
        return self._refuse(
            name, _("This must be a list of strings, at most %(most)d.") % {"most": MOST_ADDONS}, ()
        )

    def mapping(self, name: str) -> Mapping[str, Any]:
        """An object; missing and null are empty."""
        value = self.body.get(name)
        if value is None or isinstance(value, Mapping):
            return value or {}
        return self._refuse(name, _("This must be an object."), {})

    def sequence(self, name: str) -> list[Any]:
        """A list; missing and null are empty."""
        value = self.body.get(name)
        if value is None or isinstance(value, list):
            return value or []
        return self._refuse(name, _("This must be a list."), [])

    def _refuse[T](self, name: str, sentence: str, empty: T) -> T:
        self.found[f"{self.prefix}{name}"] = [sentence]
        return empty
