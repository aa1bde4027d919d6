"""Read a page's form, to post it as a browser would, and the messages of the page that follows."""

from typing import Any

from django.test import Client
from lxml import html


def load_form(
    client: Client, address: str, *, path: str = "//main//form[@method='post']"
) -> dict[str, list[str]]:
    """Return what a browser sends for the page's first such form, left as it is."""
    values = dict[str, list[str]]()
    for name, value in html.fromstring(client.get(address).text).xpath(path)[0].form_values():
        values.setdefault(name, []).append(value)
    del values["csrfmiddlewaretoken"]
    return values


def read_messages(answer: Any) -> list[str]:
    """Return the messages on the page that followed a POST."""
    return [str(message) for message in answer.context["messages"]]
