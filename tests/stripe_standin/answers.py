"""Endpoints of the stand-in: one function each, with paging and expansion."""

import copy
import re
from collections.abc import Callable
from typing import Any

from tests.stripe_standin import forms
from tests.stripe_standin.errors import Refused, make_missing_error, make_parameter_error
from tests.stripe_standin.world import World

type Answer = Callable[..., dict[str, Any]]


def open_session(world: World, asked: dict[str, Any]) -> dict[str, Any]:
    return world.open_session(asked)


def expire_session(world: World, asked: dict[str, Any], name: str) -> dict[str, Any]:
    return world.expire(name)


def create_charge(world: World, asked: dict[str, Any]) -> dict[str, Any]:
    return world.charge_now(asked)


def create_refund(world: World, asked: dict[str, Any]) -> dict[str, Any]:
    return world.refund(asked)


def make_get_endpoint(kind: str) -> Answer:
    return lambda world, asked, name: world.get(kind, name)


def make_list_endpoint(kind: str, *equal: str) -> Answer:
    """Return an endpoint that lists matching objects, newest first."""

    def found(world: World, asked: dict[str, Any]) -> dict[str, Any]:
        world.lapse()
        rows = [thing for thing in world.all(kind) if matches_filters(thing, asked, equal)]
        if after := asked.get("starting_after"):
            names = [thing["id"] for thing in rows]
            if after not in names:
                raise make_missing_error(kind, after, "starting_after")
            rows = rows[names.index(after) + 1 :]
        limit = asked.get("limit", 10)
        if not 1 <= limit <= 100:
            raise make_parameter_error("limit", "This value must be between 1 and 100.")
        return {"object": "list", "data": rows[:limit], "has_more": len(rows) > limit}

    return found


def matches_filters(thing: dict[str, Any], asked: dict[str, Any], equal: tuple[str, ...]) -> bool:
    known = {"payout": "_payout"}
    if any(name in asked and thing.get(known.get(name, name)) != asked[name] for name in equal):
        return False
    if "types" in asked and thing.get("type") not in asked["types"]:
        return False
    return all(is_in_range(thing[name], asked[name]) for name in ("created", "arrival_date") if name in asked)


def is_in_range(value: int, bounds: dict[str, int]) -> bool:
    tests = {"gt": value.__gt__, "gte": value.__ge__, "lt": value.__lt__, "lte": value.__le__}
    return all(tests[name](bound) for name, bound in bounds.items())


ENDPOINTS: list[tuple[str, str, Any, Answer]] = [
    ("POST", r"/v1/checkout/sessions", forms.SESSION, open_session),
    ("GET", r"/v1/checkout/sessions", forms.SESSIONS, make_list_endpoint("cs", "payment_intent", "status")),
    ("GET", r"/v1/checkout/sessions/([^/]+)", forms.ONE, make_get_endpoint("cs")),
    ("POST", r"/v1/checkout/sessions/([^/]+)/expire", forms.ONE, expire_session),
    ("POST", r"/v1/payment_intents", forms.INTENT, create_charge),
    ("GET", r"/v1/payment_intents/([^/]+)", forms.ONE, make_get_endpoint("pi")),
    ("GET", r"/v1/charges/([^/]+)", forms.ONE, make_get_endpoint("ch")),
    (
        "GET",
        r"/v1/balance_transactions",
        forms.TRANSACTIONS,
        make_list_endpoint("txn", "payout", "source", "type"),
    ),
    ("GET", r"/v1/balance_transactions/([^/]+)", forms.ONE, make_get_endpoint("txn")),
    ("POST", r"/v1/refunds", forms.REFUND, create_refund),
    ("GET", r"/v1/refunds", forms.REFUNDS, make_list_endpoint("re", "charge", "payment_intent")),
    ("GET", r"/v1/refunds/([^/]+)", forms.ONE, make_get_endpoint("re")),
    ("GET", r"/v1/disputes", forms.DISPUTES, make_list_endpoint("du", "charge", "payment_intent")),
    ("GET", r"/v1/disputes/([^/]+)", forms.ONE, make_get_endpoint("du")),
    ("GET", r"/v1/payouts", forms.PAYOUTS, make_list_endpoint("po", "status")),
    ("GET", r"/v1/payouts/([^/]+)", forms.ONE, make_get_endpoint("po")),
    ("GET", r"/v1/events", forms.EVENTS, make_list_endpoint("evt", "type")),
    ("GET", r"/v1/events/([^/]+)", forms.ONE, make_get_endpoint("evt")),
]


def answer(world: World, method: str, path: str, asked: dict[str, Any]) -> dict[str, Any]:
    """Return the object or list for a request. Raise Refused."""
    for verb, pattern, schema, action in ENDPOINTS:
        if verb == method and (found := re.fullmatch(pattern, path)):
            given = forms.check_value(schema, asked)
            result = action(world, given, *found.groups())
            if result["object"] == "list":
                result["url"] = path
            return to_response(world, result, given.get("expand", []))
    raise Refused(404, f"Unrecognized request URL ({method}: {path}).")


def to_response(world: World, result: dict[str, Any], expand: list[str]) -> dict[str, Any]:
    """Return the result without internal keys, with the requested objects expanded."""
    result = copy.deepcopy(result)
    for path in expand:
        expand_along(world, result, path.split("."), path)
    return clean(result)


def expand_along(world: World, thing: Any, names: list[str], path: str) -> None:
    if not names:
        return
    if isinstance(thing, list):
        for item in thing:
            expand_along(world, item, names, path)
        return
    if names[0] not in thing:
        raise Refused(400, f"This property cannot be expanded ({path}).", param="expand")
    value = thing[names[0]]
    if isinstance(value, str) and value in world.objects:
        thing[names[0]] = value = copy.deepcopy(world.objects[value])
    if value is not None:
        expand_along(world, value, names[1:], path)


def clean(thing: Any) -> Any:
    if isinstance(thing, list):
        return [clean(item) for item in thing]
    if isinstance(thing, dict):
        return {key: clean(value) for key, value in thing.items() if not key.startswith("_")}
    return thing
