"""Parse and validate form-encoded parameters, as strictly as Stripe."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

from tests.stripe_standin.errors import Refused, make_parameter_error

KEY = re.compile(r"^(?P<first>[^\[\]]+)(?P<rest>(?:\[[^\[\]]*\])*)$")
MOST_METADATA = 50

type Check = Callable[[str, Any], Any]


def parse(body: str) -> dict[str, Any]:
    """Return `a[b][0][c]=v` as {"a": {"b": {"0": {"c": "v"}}}}."""
    tree: dict[str, Any] = {}
    for key, value in parse_qsl(body, keep_blank_values=True):
        if not (found := KEY.match(key)):
            raise make_parameter_error(key, f"Invalid parameter name: {key}")
        path = [found["first"], *re.findall(r"\[([^\[\]]*)\]", found["rest"])]
        branch = tree
        for part in path[:-1]:
            branch = branch.setdefault(part, {})
            if not isinstance(branch, dict):
                raise make_parameter_error(key, "Invalid hash")
        branch[path[-1]] = value
    return tree


def text(param: str, value: Any) -> str:
    if not isinstance(value, str):
        raise make_parameter_error(param, "Invalid string: {...}")
    if value == "":
        raise make_parameter_error(
            param,
            f"You passed an empty string for '{param}'. We assume empty values are an attempt to unset a "
            f"parameter; however '{param}' cannot be unset. You should remove '{param}' from your request "
            "or supply a non-empty value.",
            "parameter_invalid_empty",
        )
    return value


def whole(param: str, value: Any) -> int:
    if not re.fullmatch(r"-?\d+", text(param, value)):
        raise make_parameter_error(param, f"Invalid integer: {value}", "parameter_invalid_integer")
    return int(value)


def url(param: str, value: Any) -> str:
    if not re.match(r"https?://[^/\s]+", text(param, value)):
        raise make_parameter_error(param, "Not a valid URL", "url_invalid")
    return value


def email(param: str, value: Any) -> str:
    if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s.]+", text(param, value)):
        raise make_parameter_error(param, f"Invalid email address: {value}", "email_invalid")
    return value


def metadata(param: str, value: Any) -> dict[str, str]:
    if not isinstance(value, dict) or len(value) > MOST_METADATA:
        raise make_parameter_error(param, "Invalid object")
    for key, content in value.items():
        if len(key) > 40 or not isinstance(content, str) or len(content) > 500:
            raise make_parameter_error(f"{param}[{key}]", "Metadata values can have up to 500 characters")
    return value


def choice(*values: str) -> Check:
    def check(param: str, value: Any) -> str:
        if text(param, value) not in values:
            raise make_parameter_error(param, f"Invalid {param}: must be one of {', '.join(values)}")
        return value

    return check


def items(inner: Any) -> Check:
    def check(param: str, value: Any) -> list[Any]:
        if not isinstance(value, dict) or any(not key.isdigit() and key != "" for key in value):
            raise make_parameter_error(param, "Invalid array")
        return [check_value(inner, value[key], f"{param}[{key}]") for key in sorted(value)]

    return check


class Required:
    """Mandatory parameter."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner


def check_value(schema: Any, value: Any, param: str = "") -> Any:
    """Return the validated value. Raise Refused for unknown, missing or malformed parameters."""
    if callable(schema):
        return schema(param, value)
    if not isinstance(value, dict):
        raise make_parameter_error(param, "Invalid object")
    found = {}
    for key, content in value.items():
        name = f"{param}[{key}]" if param else key
        if key not in schema:
            raise Refused(
                400, f"Received unknown parameter: {name}", param=name, code="parameter_unknown",
                doc_url="https://stripe.com/docs/error-codes/parameter-unknown",
            )  # fmt: skip
        inner = schema[key].inner if isinstance(schema[key], Required) else schema[key]
        found[key] = check_value(inner, content, name)
    for key, inner in schema.items():
        name = f"{param}[{key}]" if param else key
        if isinstance(inner, Required) and key not in found:
            raise make_parameter_error(name, f"Missing required param: {name}.", "parameter_missing")
    return found


LOCALES = (
    "auto bg cs da de el en en-GB es et fi fr fr-CA hr hu it ja lt lv nb nl pl pt ro sk sl sv tr zh".split()
)
PAGED = {"limit": whole, "starting_after": text, "ending_before": text, "expand": items(text)}
RANGE = {"gt": whole, "gte": whole, "lt": whole, "lte": whole}
ONE = {"expand": items(text)}

SESSION = {
    "mode": Required(choice("payment")),
    "line_items": Required(
        items(
            {
                "quantity": whole,
                "price_data": {
                    "currency": Required(text),
                    "unit_amount": whole,
                    "product_data": {"name": Required(text), "description": text},
                },
            }
        )
    ),
    "success_url": Required(url),
    "cancel_url": url,
    "customer_email": email,
    "client_reference_id": text,
    "expires_at": whole,
    "locale": choice(*LOCALES),
    "metadata": metadata,
    "payment_intent_data": {"metadata": metadata, "description": text},
    "payment_method_types": items(choice("card", "sepa_debit")),
    "submit_type": choice("auto", "pay", "book", "donate"),
    "expand": items(text),
}
INTENT = {
    "amount": Required(whole),
    "currency": Required(text),
    "confirm": choice("true", "false"),
    "payment_method": text,
    "payment_method_types": items(text),
    "metadata": metadata,
    "description": text,
    "expand": items(text),
}
REFUND = {
    "payment_intent": text,
    "charge": text,
    "amount": whole,
    "reason": choice("duplicate", "fraudulent", "requested_by_customer"),
    "metadata": metadata,
    "expand": items(text),
}
EVENTS = {**PAGED, "created": RANGE, "type": text, "types": items(text)}
TRANSACTIONS = {**PAGED, "payout": text, "source": text, "type": text}
PAYOUTS = {**PAGED, "status": text, "arrival_date": RANGE, "created": RANGE}
REFUNDS = {**PAGED, "charge": text, "payment_intent": text, "created": RANGE}
SESSIONS = {
    **PAGED,
    "payment_intent": text,
    "status": choice("open", "complete", "expired"),
    "created": RANGE,
}
DISPUTES = {**PAGED, "charge": text, "payment_intent": text, "created": RANGE}
