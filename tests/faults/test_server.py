"""The site under granian: connections, files, headers, shutdown."""

import concurrent.futures
import http.client

import pytest
from django.urls import reverse
from pypdf import PdfReader

from badges.attendance.models import Scan
from tests.badges.attendance import factories
from tests.conftest import ROOT
from tests.factories import make_event
from tests.faults.downloads import make_job_file, sign_in_organizer
from tests.faults.processes import send_request, wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once]
STYLE = "/static/convention/look.css"


def connect(site) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", site.port, timeout=30)


def get(connection: http.client.HTTPConnection, path: str, method: str = "GET", **headers: str):
    """Return the response and its content."""
    connection.request(method, path, headers={name.replace("_", "-"): text for name, text in headers.items()})
    answer = connection.getresponse()
    return answer, answer.read()


@pytest.mark.long
def test_connection_is_reused_for_several_requests(site):
    site.server()
    connection = connect(site)
    for _again in range(3):
        connection.request("POST", "/api/v1/scanner/scans/", b"{}", {"Content-Type": "application/json"})
        answer = connection.getresponse()
        assert answer.status == 401
        assert answer.read()[:1] == b"{"
        first = connection.sock
        assert get(connection, "/healthz")[1] == b"ok\n"
        assert connection.sock is first


@pytest.mark.long
def test_static_files_are_served_with_headers_and_ranges(site):
    site.server()
    connection, content = connect(site), (ROOT / "convention/static/convention/look.css").read_bytes()

    answer, read = get(connection, STYLE)

    assert answer.status == 200
    assert read == content
    assert answer.headers["Content-Type"].startswith("text/css")
    assert answer.headers["Content-Length"] == str(len(content))
    assert answer.headers["X-Frame-Options"] == "DENY"

    head, nothing = get(connection, STYLE, "HEAD")

    assert head.status == 200
    assert nothing == b""
    assert head.headers["Content-Length"] == str(len(content))

    part, read = get(connection, STYLE, Range="bytes=10-19")

    assert part.status == 206
    assert read == content[10:20]
    assert part.headers["Content-Length"] == "10"

    same, nothing = get(connection, STYLE, If_Modified_Since=answer.headers["Last-Modified"])

    assert same.status == 304
    assert nothing == b""
    assert get(connection, "/static/convention/nothing.css")[0].status == 404


@pytest.mark.long
def test_job_file_is_served_as_attachment(site):
    file = make_job_file(size=3 << 20)
    site.server()

    answer, read = get(connect(site), file.path, Cookie=file.cookie)

    assert answer.status == 200
    assert read == file.content
    assert answer.headers["Location"] is None
    assert answer.headers["Content-Disposition"] == 'attachment; filename="badges.pdf"'
    assert get(connect(site), file.path)[0].status == 302


@pytest.mark.long
def test_anonymous_temporary_file_is_served_completely(site, tmp_path):
    """Badges are drawn into a temporary file without a name, which no other process can open."""
    event = make_event()
    factories.make_registration(event)
    path = reverse("organize-badges-print", args=[event.slug, "a6"])
    site.server()
    connection, token = connect(site), "c" * 32
    headers = {
        "Cookie": f"{sign_in_organizer(event)}; csrftoken={token}",
        "Content-Type": "application/x-www-form-urlencoded",
    }

    connection.request("POST", path, f"csrfmiddlewaretoken={token}", headers)
    answer = connection.getresponse()
    read = answer.read()

    assert answer.status == 200

    drawn = tmp_path / "badges.pdf"
    drawn.write_bytes(read)

    assert len(PdfReader(drawn).pages) == 1


@pytest.mark.long
def test_non_ascii_and_undecodable_paths_are_handled(site):
    site.server()
    connection = connect(site)

    answer, _read = get(connection, "/news/stop/caf%C3%A9?x=%C3%A9")

    assert answer.headers["Location"] == "/news/stop/caf%C3%A9/?x=%C3%A9"
    assert get(connection, "/events/%ff%fe/")[0].status == 404


def test_header_with_underscore_does_not_count_as_proxy_header(site):
    """Only a request without X-Forwarded-For comes from this machine itself, and may read the metrics."""
    site.server()

    assert send_request(f"{site.url}/metrics", **{"X-Forwarded-For": "192.0.2.1"})[0] == 403

    answer, _read = get(connect(site), "/metrics")

    assert answer.status == 200

    connection = connect(site)
    connection.putrequest("GET", "/metrics")
    connection.putheader("X_Forwarded_For", "192.0.2.1")

    connection.endheaders()

    assert connection.getresponse().status == 200


@pytest.mark.long
def test_current_requests_are_answered_before_shutdown(site):
    process = site.server()
    door = factories.make_event(slug="door")
    token = f"Bearer {factories.make_device(door)[1]}"
    codes = [factories.make_badge_code(factories.make_registration(door)) for _number in range(40)]

    def scan(code: str) -> int:
        return send_request(
            f"{site.url}/api/v1/scanner/scans/", {"scans": [factories.make_item(code)]}, Authorization=token
        )[0]

    with concurrent.futures.ThreadPoolExecutor(8) as senders:
        answers = [senders.submit(scan, code) for code in codes]
        wait_until(Scan.objects.exists, what="a scan")
        process.terminate()
        statuses = [answer.result() for answer in answers]
    assert process.wait(20) == 0
    assert Scan.objects.count() == statuses.count(200) >= 1
    assert set(statuses) <= {0, 200}
