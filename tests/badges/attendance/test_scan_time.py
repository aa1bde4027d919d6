"""Test that the time of a scan is resolved from the two of three clocks that agree."""

import datetime
import uuid

import pytest

from badges.attendance.scanning.inputs.scan_time import SendingClock, raise_to_predecessor, resolve_scan_time
from badges.attendance.scanning.scan_input import InvalidScan, ScanInput
from badges.attendance.scanning.serializers import parse_scan

NOW = datetime.datetime(2026, 6, 17, 12, tzinfo=datetime.UTC)
MINUTE, DAY = datetime.timedelta(minutes=1), datetime.timedelta(days=1)
AGE = 30 * MINUTE
AGE_MS = 30 * 60_000


def make_input(scanned_at, offset_ms, page="p"):
    """Return a scan of thirty minutes ago, made when the page's clock stood at 1,000,000 ms."""
    return ScanInput(
        uuid.uuid4(), "", "CODE", "", "in", scanned_at, None, 1, offset_ms, "", None, "", "",
        page=page, elapsed_ms=1_000_000,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("scanned_at", "offset_ms", "clock", "is_uncertain"),
    [
        pytest.param(NOW - AGE, 0, ("p", AGE_MS, NOW), False, id="all agree"),
        pytest.param(NOW - AGE - DAY, 0, ("p", AGE_MS, NOW - DAY), False, id="set back before reading"),
        pytest.param(NOW - AGE, 0, ("p", AGE_MS, NOW - DAY), False, id="set back after reading"),
        pytest.param(NOW - AGE, 0, ("p", 1000, NOW), False, id="the phone slept"),
        pytest.param(NOW - AGE + DAY, -86_400_000, ("p", AGE_MS, NOW + DAY), False, id="a day ahead"),
        pytest.param(NOW - AGE, None, ("p", AGE_MS, NOW), False, id="no offset, and two clocks agree"),
        pytest.param(NOW - AGE, 0, ("p", 1000, None), True, id="slept, by a program without the third clock"),
        pytest.param(NOW - AGE, 0, ("another page", 9_000_000, NOW), False, id="loaded again"),
        pytest.param(NOW - AGE, None, ("", None, None), True, id="nothing known"),
    ],
)
def test_scan_time_is_resolved_from_agreeing_clocks(scanned_at, offset_ms, clock, is_uncertain):
    page, passed_ms, sent_at = clock
    elapsed_ms = None if passed_ms is None else 1_000_000 + passed_ms

    time = resolve_scan_time(
        make_input(scanned_at, offset_ms), received_at=NOW, clock=SendingClock(page, elapsed_ms, sent_at)
    )

    assert abs(time.effective_at - (NOW - AGE)) < MINUTE
    assert time.is_uncertain is is_uncertain


def test_scan_time_is_uncertain_if_all_clocks_disagree():
    clock = SendingClock("p", 1_000_000, NOW - 5 * MINUTE)

    time = resolve_scan_time(make_input(NOW - AGE - DAY, 0), received_at=NOW, clock=clock)

    assert time.is_uncertain


@pytest.mark.parametrize(
    ("sent_at", "is_uncertain"), [(NOW - DAY, True), (NOW + DAY, True), (NOW - MINUTE, False)]
)
def test_scan_of_an_earlier_page_is_uncertain_if_the_clock_was_set(sent_at, is_uncertain):
    clock = SendingClock("another page", 1_000, sent_at)

    time = resolve_scan_time(make_input(NOW - AGE, 0), received_at=NOW, clock=clock)

    assert time.is_uncertain is is_uncertain


def test_scan_time_is_raised_to_previous_scan_of_device():
    time = resolve_scan_time(make_input(NOW - DAY, 0, page=""), received_at=NOW)

    raised = raise_to_predecessor(time, NOW - MINUTE)

    assert raised.effective_at == NOW - MINUTE
    assert raised.is_uncertain is True
    assert raise_to_predecessor(raised, NOW - DAY) == raised


def test_elapsed_time_out_of_range_is_invalid():
    item = {"id": str(uuid.uuid4()), "code": "X", "direction": "in", "at": "2026-06-17T08:31:02+02:00"}

    assert isinstance(parse_scan({**item, "page": "p", "elapsed_ms": 10**11}), ScanInput)
    assert isinstance(parse_scan({**item, "page": "p", "elapsed_ms": 10**15}), InvalidScan)
