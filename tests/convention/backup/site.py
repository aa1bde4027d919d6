"""Print a site's content and behaviour as JSON, from a process that only has its database."""

import json
import os
from typing import Any

from django.apps import apps
from django.test import Client

from convention.club.models import Person
from convention.codes import badge_codes
from convention.events.models import EventKey


def to_plain_value(value: Any) -> str:
    return bytes(value).hex() if isinstance(value, memoryview | bytes) else str(value)


def list_all_rows() -> dict[str, list[dict[str, Any]]]:
    """Return every row of every table, read by Django."""
    found = {
        model._meta.label: list(model._base_manager.order_by("pk").values())
        for model in apps.get_models(include_auto_created=True)
    }
    return json.loads(json.dumps(found, default=to_plain_value))


def print_rows_and_answers() -> None:
    """Print all rows, the results of what the environment asks for, then the key of the next person."""
    rows = list_all_rows()
    asked = json.loads(os.environ["ASKED"])
    client = Client()
    keys = {key.number: bytes(key.public_key) for key in EventKey.objects.all()}
    signed = [badge_codes.parse_badge_code(code) for code in asked["codes"]]
    answers = {
        "codes": sum(one.is_signed_by(keys[one.claim.key_number]) for one in signed),
        "orders": [client.get(path).status_code for path in asked["orders"]],
        "login": client.login(username=asked["email"], password="convention"),
        "next": Person.objects.create(email="next@example.org").pk,
    }
    print(json.dumps({"rows": rows, "answers": answers}))
