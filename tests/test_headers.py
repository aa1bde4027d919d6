"""Headers of every response: no foreign code, framing or sniffing, and no cached personal data."""

import pytest
from django.test import Client

from tests.site_objects import list_url_patterns, make_client, make_event_objects, make_people_by_role

pytestmark = [pytest.mark.django_db, pytest.mark.once]

# Addresses whose response is the same for everybody; all others may contain personal data.
PUBLIC_URL_NAMES = {
    "accent", "event-picture", "event-preview", "robots", "site-map",
    "agenda", "agenda-changes", "agenda-changes-feed", "agenda-embedded", "agenda-ics",
    "agenda-json", "agenda-pdf", "agenda-worker", "agenda-xml", "api-docs", "api-event",
    "api-problem", "api-schema", "api-sessions", "badge", "components", "dev-mails", "event", "home", "scan",
    "desk-manifest", "desk-offline", "desk-worker",
    "scanner-manifest", "scanner-worker", "session", "speaker", "speakers", "sponsors",
    "visit-evacuation-worker",
}  # fmt: skip
REQUIRED_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=(), payment=()",
}
EXTRA_ADDRESSES = [
    "/nothing/",
    "/api/v1/nothing/",
    "/back-office/",
    "/accounts/login/",
    "/static/convention/look.css",
]


# Previews of mails: in a frame of our own page, with inline styles and nothing else.
FRAMED_PAGES = {"organize-mailing-preview-html"}
FRAMED_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox allow-popups"


def find_wrong_headers(answer, name: str = "") -> list[str]:
    """Return the names of missing or wrong headers."""
    found = [name for name, value in REQUIRED_HEADERS.items() if answer.get(name) != value]
    policy = answer.get("Content-Security-Policy", "")
    if name in FRAMED_PAGES and answer.status_code == 200:
        assert answer["X-Frame-Options"] == "SAMEORIGIN"
        assert policy == FRAMED_POLICY
        return found
    if answer.get("X-Frame-Options") != "DENY" or "frame-ancestors 'none'" not in policy:
        found.append("frames")
    if "default-src 'none'" not in policy or "unsafe-inline" in policy or "script-src *" in policy:
        found.append("Content-Security-Policy")
    return found


def is_cached_for_others(answer) -> bool:
    """Return whether a shared cache, or the next person at this browser, may get the response."""
    control = answer.get("Cache-Control", "")
    if "no-store" in control or "private" in control:
        return False
    return answer.status_code in {200, 206, 304} and bool(answer.content if not answer.streaming else True)


@pytest.mark.long
@pytest.mark.parametrize("role", ["anonymous", "organizer"])
def test_every_response_has_security_headers_and_safe_caching(role):
    here, elsewhere = make_event_objects("headers"), make_event_objects("elsewhere", spare=7)
    people = make_people_by_role(here, elsewhere.event)
    client = make_client(people.get(role))
    wrong, kept = {}, []
    addresses = {name: here.address(name, arguments) for name, arguments in list_url_patterns()}

    for name, address in {**addresses, **{stray: stray for stray in EXTRA_ADDRESSES}}.items():
        answer = client.get(address)
        if answer.streaming:
            b"".join(answer.streaming_content)
        if found := find_wrong_headers(answer, name):
            wrong[name] = found
        personal = name in addresses and (name not in PUBLIC_URL_NAMES or role != "anonymous")
        if personal and name not in SHARED_SIGNED_IN and is_cached_for_others(answer):
            kept.append((name, answer.get("Cache-Control", "")))

    assert wrong == {}
    assert kept == []


# Files that do not depend on the signed-in person.
SHARED_SIGNED_IN = {
    "accent", "event-picture", "event-preview", "robots", "site-map",
    "agenda-changes-feed", "agenda-embedded", "agenda-ics", "agenda-json",
    "agenda-pdf", "agenda-worker", "agenda-xml", "api-docs", "api-event", "api-problem",
    "api-schema", "api-sessions", "desk-manifest", "desk-offline", "desk-worker",
    "scan", "scanner-manifest", "scanner-worker", "visit-evacuation-worker",
}  # fmt: skip


def test_304_response_has_security_headers(client: Client):
    make_event_objects("headers")
    first = client.get("/events/headers/agenda.ics")

    again = client.get("/events/headers/agenda.ics", headers={"If-None-Match": first["ETag"]})

    assert again.status_code == 304
    assert find_wrong_headers(again) == []


def test_server_error_has_security_headers(client: Client, monkeypatch):
    def fail(*_args):
        raise RuntimeError

    client.raise_request_exception = False
    monkeypatch.setattr("registrations.storefront.event_views.load_registration_offer", fail)
    make_event_objects("headers")
    answer = client.get("/events/headers/")
    assert answer.status_code == 500
    assert find_wrong_headers(answer) == []


def test_hsts_header_is_sent_in_production(client: Client, settings):
    settings.SECURE_HSTS_SECONDS, settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = 31_536_000, True
    answer = client.get("/", secure=True)

    assert answer["Strict-Transport-Security"].startswith("max-age=31536000; includeSubDomains")


@pytest.mark.parametrize("host", ["evil.example", "localhost@evil.example", "localhost:evil"])
def test_unknown_host_is_refused_and_forwarded_host_is_ignored(client: Client, settings, host):
    settings.ALLOWED_HOSTS = ["localhost", "testserver"]

    assert client.get("/accounts/login/", headers={"host": host}).status_code == 400

    answer = client.get("/en/accounts/login/", headers={"X-Forwarded-Host": "evil.example"})

    assert "evil.example" not in answer.text


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/", "//evil.example/", "/\\evil.example", "\\\\evil.example",
        "javascript:alert(1)", "http:evil.example", "/\tevil.example/..//evil.example", "///evil.example",
        "/%0d%0aSet-Cookie:x=y\r\nX: y",
    ],
)  # fmt: skip
def test_redirect_target_on_another_site_is_ignored(client: Client, target):
    event = make_event_objects("headers")
    addresses = {
        "/language/": {"language": "en", "next": target},
        "/events/headers/agenda/choose/": {"add": str(event.values["guid"]), "next": target},
    }
    for address, data in addresses.items():
        answer = client.post(address, data)
        assert answer.status_code in {302, 303}
        goes_to = answer["Location"]
        assert goes_to.startswith("/")
        assert not goes_to.startswith(("//", "/\\"))
        assert "\n" not in goes_to
        assert "X" not in answer.headers


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"}, {"Referer": "https://evil.example/page"},
        {"Origin": "http://testserver.evil.example"}, {"Origin": "http://testserver:81"},
    ],
)  # fmt: skip
def test_cross_site_post_is_refused(client: Client, headers):
    """Old browsers send neither Origin nor Sec-Fetch-Site, but a Referer."""
    event = make_event_objects("headers")
    data = {"add": str(event.values["guid"])}

    assert client.post("/events/headers/agenda/choose/", data, headers=headers).status_code == 403
    assert not client.cookies


def test_path_traversal_is_not_found(client: Client):
    for path in (
        "/static/../convention/settings.py",
        "/static/%2e%2e/manage.py",
        "/dev/mail/..%2f..%2fsecret_key/1/",
        "/static/convention/..%5c..%5csettings.py",
    ):
        assert client.get(path).status_code == 404
