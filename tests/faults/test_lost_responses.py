"""The response is lost after the server has done its work: the same request again changes nothing."""

import contextlib
import json

import pytest

from badges.attendance.models import Presence, Scan
from registrations.models import Order, Registration, Ticket
from tests.badges.attendance import factories
from tests.factories import make_event, make_ticket
from tests.faults.processes import send_request, wait_until
from tests.faults.proxy import CuttingProxy

pytestmark = pytest.mark.django_db(transaction=True)
CUT_AFTER_BYTES = [0, 1, 17, 60, 300]


@pytest.fixture
def proxy(resting_server):
    with contextlib.closing(CuttingProxy(resting_server.thread.port)) as made:
        yield made


@pytest.mark.parametrize("cut", CUT_AFTER_BYTES)
def test_scans_resent_after_lost_response_are_not_doubled(proxy, cut):
    event = factories.make_event()
    token = factories.make_device(event)[1]
    codes = [factories.make_badge_code(factories.make_registration(event)) for _number in range(3)]
    scans = {"scans": [factories.make_item(code) for code in codes]}
    url, headers = f"{proxy.url}/api/v1/scanner/scans/", {"Authorization": f"Bearer {token}"}

    proxy.cut_after = cut

    assert send_request(url, scans, **headers)[0] in (0, 200)

    wait_until(lambda: Scan.objects.count() == 3, what="the scans, though unanswered")
    proxy.cut_after = None

    status, _headers, answer = send_request(url, scans, **headers)

    assert status == 200
    assert [result["replayed"] for result in json.loads(answer)["results"]] == [True] * 3
    assert Scan.objects.count() == 3
    assert list(Presence.objects.values_list("entries", flat=True)) == [1] * 3


@pytest.mark.parametrize("cut", CUT_AFTER_BYTES)
def test_order_resent_after_lost_response_is_not_doubled(proxy, cut):
    make_ticket(event := make_event())
    person = {"ticket": "guest", "first_name": "A", "last_name": "B", "email": "a@example.org"}
    order = {"email": "a@example.org", "payment": "invoice", "registrations": [person]}
    url = f"{proxy.url}/api/v1/events/{event.slug}/orders/"
    proxy.cut_after = cut
    send_request(url, order, Idempotency_Key="the-same-each-time")
    wait_until(Order.objects.exists, what="the order, though unanswered")
    proxy.cut_after = None

    status, _headers, answer = send_request(url, order, Idempotency_Key="the-same-each-time")

    assert status in (200, 201)
    assert Order.objects.get().reference in answer.decode()
    assert Registration.objects.count() == 1
    assert Ticket.objects.get().reserved == 1


def test_control_order_resent_without_idempotency_key_is_doubled(proxy):
    """The negative control: the lost response is really lost."""
    make_ticket(event := make_event())
    person = {"ticket": "guest", "first_name": "A", "last_name": "B", "email": "a@example.org"}

    order = {"email": "a@example.org", "payment": "invoice", "registrations": [person]}

    url = f"{proxy.url}/api/v1/events/{event.slug}/orders/"
    proxy.cut_after = 0
    assert send_request(url, order)[0] == 0

    wait_until(Order.objects.exists, what="the order, though unanswered")
    proxy.cut_after = None

    send_request(url, order)

    assert Order.objects.count() == 2
