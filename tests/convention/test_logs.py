"""What is logged, and what never is."""

import json
import logging

from convention.logs import JsonLines, Lines

SECRET = "ifAI1WwEN2fRYe-nmGJrMpEteZRl_OpwrpZI3-6E47A"


def record_of(message, *args):
    return logging.LogRecord("django.request", logging.ERROR, "", 1, message, args, None)


def test_the_secret_of_a_mailed_link_is_not_logged():
    record = record_of("Internal Server Error: %s", f"/en/orders/GEC5XJX3/{SECRET}/correct/")
    assert json.loads(JsonLines().format(record))["message"] == (
        "Internal Server Error: /en/orders/GEC5XJX3/***/correct/"
    )
    assert Lines().format(record).endswith("/en/orders/GEC5XJX3/***/correct/")


def test_other_paths_are_logged_as_they_are():
    record = record_of("Internal Server Error: %s", "/organize/convention/registrations.xlsx")
    assert json.loads(JsonLines().format(record))["message"].endswith("/registrations.xlsx")
