"""Send malformed values to every page, form and header: none causes a server error."""

import itertools
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote_from_bytes

import lxml.html
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction

from tests.factories import make_event
from tests.site_objects import (
    Objects,
    list_url_patterns,
    make_client,
    make_event_objects,
    make_people_by_role,
)

pytestmark = [pytest.mark.django_db, pytest.mark.long]

VALUES = {
    "nothing": b"",
    "NUL": b"a\x00b",
    "no UTF-8": b"\xff\xfe\xed\xa0\x80",
    "markup": b"'\"><script>alert(1)</script>{{7*7}}",
    "a long number": b"9" * 400,
    "a number too long to be read": b"9" * 5000,
    "too large a number": b"9223372036854775808",
    "a negative number": b"-1",
    "a number in words": b"1e999",
    "digits of others": "٣".encode(),
    "no day": b"2026-02-30",
    "the last day": b"9999-12-31T23:59:59",
    "the first day": b"0001-01-01",
    "a way out": b"../../../../etc/passwd",
    "an address": b"//evil.example/\\@javascript:alert(1)",
    "a long text": "🎉é".encode() * 3000,
    "controls": "\x1b[31m\r\nSet-Cookie: a=b\u202e\u2028\ufeff".encode(),
    "JSON": b'{"a": [1, null]}',
    "patterns": b"%s%_[(*+?\\",
}
PARAMETER_NAMES = (
    "page", "q", "state", "since", "presences", "part", "limit", "format", "day", "room", "track", "company",
    "ticket", "sort", "person", "new", "language", "next", "cursor", "kind", "speaker", "by",
)  # fmt: skip
SOAK_PARTS = 8
MAX_QUERY_LENGTH = 30_000
# Enough for a number that Python refuses to read, and whole characters of the long text.
MAX_PARAMETER_BYTES = 4_992
HEADERS = {
    "Accept": ("", "*/*;q=x", "text/html;;;,,", "application/json;version=\xff"),
    "Accept-Language": ("", "fr" * 3000, "*;q=9", "en-\x00", "zz,;q=,fr;q=-1"),
    "Accept-Encoding": ("gzip;q=x", "\xff"),
    "Authorization": ("Bearer", "Bearer \xff\xfe", "Basic Og==", "Bearer " + "a" * 9000, "\x00"),
    "If-None-Match": ("*", '"', "W/", '"a", "b' * 500),
    "If-Modified-Since": ("yesterday", "Sun, 99 Foo 99999 00:00:00 GMT", "Sun, 06 Nov 0000 08:49:37 GMT"),
    "Range": ("bytes=9-1", "bytes=-", "lines=1-2", "bytes=0-" + "9" * 300),
    "Idempotency-Key": ("\xff" * 300, "a" * 9000),
    "X-Request-Id": ("a\tb" * 900, "'; DROP TABLE"),
    "X-Forwarded-For": ("::::", "a, b" * 400),
    "Referer": ("http://[", "javascript:alert(1)"),
    "Cookie": ("sessionid=\xff; csrftoken=;;;=", "a" * 5000, 'django_language="\\777\\', "messages=W1sx"),
    "Content-Type": ("", "application/json; charset=none", "multipart/form-data", "text/\xff"),
    "Origin": ("null", "http://["),
}  # fmt: skip
# Values that one database accepts and another refuses.
DATABASE_DEPENDENT_VALUES = (
    "NUL",
    "a long number",
    "too large a number",
    "the first day",
    "a long text",
    "patterns",
)
# Headers that reach the database.
DATABASE_HEADERS = ("Authorization", "Cookie", "Idempotency-Key", "X-Request-Id")


def select_for_database(given: dict[str, Any], reaching: tuple[str, ...], *, in_soak: bool) -> dict[str, Any]:
    """Return all values on SQLite and in `make soak`, else only values that may matter on PostgreSQL."""
    if connection.vendor == "sqlite" or in_soak:
        return given
    return {name: given[name] for name in reaching}


@pytest.fixture(scope="module")
def shared_world(shared_rows):
    here = make_event_objects("doors")
    return make_people_by_role(here, make_event(slug="elsewhere")), here


@pytest.fixture
def world(shared_world, db):
    return shared_world


def send_request(client, method: str, address: str, data=None, **headers) -> str:
    """Send a request, roll back its changes, and return its error, or "" if there is none."""
    try:
        with transaction.atomic():
            answer = (
                client.generic(method, address, **headers) if data is None else client.post(address, data)
            )
            if answer.streaming:
                b"".join(answer)
            transaction.set_rollback(True)
    except Exception as error:
        return f"{type(error).__name__}: {error}"[:200]
    return str(answer.status_code) if answer.status_code >= 500 else ""


def iterate_addresses(here: Objects) -> Iterator[tuple[str, str]]:
    """Yield the URL name and the address of each page."""
    for name, arguments in list_url_patterns():
        yield name, here.address(name, arguments)


@pytest.fixture(params=[19, pytest.param(1, marks=pytest.mark.soak)], ids=["each 19th", "all"])
def step(request):
    """Return the step through the values: an address gets every 19th.

    Each address starts at another value than the one before it. In `make soak` all values are sent.
    """
    return request.param


def take_share(values, number: int, step: int):
    """Return this address's share of the values."""
    return itertools.islice(values, number % step, None, step)


def iterate_queries(value: bytes) -> Iterator[str]:
    """Yield queries that together send the value in each parameter, none longer than servers read."""
    fields = [f"{name}={quote_from_bytes(value[:MAX_PARAMETER_BYTES])}" for name in PARAMETER_NAMES]
    at_once = MAX_QUERY_LENGTH // (1 + max(map(len, fields)))
    for some in itertools.batched(fields, at_once, strict=False):
        yield "&".join(some)


def test_invalid_query_parameters_cause_no_server_error(world, step):
    people, here = world
    client, wrong = make_client(people["administrator"]), {}
    values = select_for_database(VALUES, DATABASE_DEPENDENT_VALUES, in_soak=step == 1)

    for number, (name, address) in enumerate(iterate_addresses(here)):
        for kind, value in take_share(values.items(), number, min(step, len(values))):
            for query in iterate_queries(value):
                if said := send_request(client, "GET", f"{address}?{query}"):
                    wrong[f"{name} with {kind}"] = said

    assert wrong == {}


def test_invalid_headers_cause_no_server_error(world, step):
    people, here = world
    client, wrong = make_client(people["administrator"]), {}
    headers = select_for_database(HEADERS, DATABASE_HEADERS, in_soak=step == 1)
    pairs = [(header, value) for header, given in headers.items() for value in given]

    for number, (name, address) in enumerate(iterate_addresses(here)):
        for header, value in take_share(pairs, number, step):
            method = "POST" if header in {"Content-Type", "Origin", "Idempotency-Key"} else "GET"
            field = header.upper().replace("-", "_")
            field = field if field == "CONTENT_TYPE" else f"HTTP_{field}"
            if said := send_request(client, method, address, **{field: value}):
                wrong[f"{name} with {header}: {value[:20]}"] = said

    assert wrong == {}


def iterate_forms(client, address: str) -> Iterator[tuple[str, dict[str, str], list[str], list[str]]]:
    """Yield the forms of a page: target, fields, file fields and named buttons."""
    answer = client.get(address)
    if answer.status_code != 200 or "text/html" not in answer["Content-Type"]:
        return
    for form in lxml.html.fromstring(answer.content, base_url=address).forms:
        if form.method != "POST":
            continue
        held = {name: value or "" for name, value in form.form_values() if name}
        names = {field.name: field for field in form.inputs if field.name}
        files = [name for name, field in names.items() if getattr(field, "type", "") == "file"]
        buttons = sorted(set(form.xpath(".//button/@name")))
        yield form.action or address, {**dict.fromkeys(names, ""), **held}, files, buttons


# A form has several times as many contents as there are values. All of them in one transaction would leave so
# many dead rows that PostgreSQL slows down from hour to hour.
FORM_SHARES = [
    pytest.param(38, 0, id="each 38th"),
    *(
        pytest.param(SOAK_PARTS, part, id=f"part {part}", marks=pytest.mark.soak)
        for part in range(SOAK_PARTS)
    ),
]


@pytest.mark.parametrize(("step", "first"), FORM_SHARES)
def test_invalid_form_data_causes_no_server_error(world, step, first):
    people, here = world
    client, wrong, seen = make_client(people["administrator"]), {}, set()
    values = select_for_database(VALUES, DATABASE_DEPENDENT_VALUES, in_soak=step == SOAK_PARTS)

    for name, address in iterate_addresses(here):
        for target, held, files, buttons in iterate_forms(client, address):
            if (target, *held) in seen:  # the language form is on every page
                continue
            seen.add((target, *held))
            every = list(iterate_bad_forms(values, held, files, buttons))
            for data, kind in take_share(every, len(seen) + first, min(step, len(every))):
                if said := send_request(client, "POST", target, data):
                    wrong[f"{name}: {target} with {kind}"] = said

    assert wrong == {}
    assert len(seen) > 25


def iterate_bad_forms(
    values: dict[str, bytes], held: dict[str, str], files: list[str], buttons: list[str]
) -> Iterator[tuple[dict, str]]:
    """Yield the form with every field of one bad kind, then with one bad field or button among good ones."""
    kinds = itertools.cycle(values.items())
    for kind, value in values.items():
        yield {**dict.fromkeys(held, decode_value(value)), **make_files(files, value)}, kind
    for field in held:
        for kind, value in itertools.islice(kinds, 5):
            yield {**held, field: decode_value(value), **make_files(files, value)}, f"{field} of {kind}"
    for button, (kind, value) in itertools.product(buttons, values.items()):
        yield {**held, button: decode_value(value)}, f"{button} of {kind}"


def decode_value(value: bytes) -> str:
    """Return the value as a script in a browser might send it."""
    return value.decode("utf-8", "replace")


def make_files(names: list[str], value: bytes) -> dict[str, SimpleUploadedFile]:
    """Return the value as a file for each field that takes one."""
    return {name: SimpleUploadedFile(decode_value(value[:20]).strip("/\r\n") or "a", value) for name in names}


@pytest.mark.parametrize(
    "target", ["-1", "a\0b", "home", "//evil.example/", "https://evil.example/", "javascript:x"]
)
def test_language_form_with_an_invalid_target_redirects_home(client, target):
    answer = client.post("/language/", {"language": "en", "next": target})

    assert answer.status_code == 302
    assert answer["Location"] == "/en/"
