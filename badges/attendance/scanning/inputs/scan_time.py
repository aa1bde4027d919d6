"""Date a scan by the server's clock, although the device's clocks may be wrong, jump or stop.

Three clocks tell how long ago a badge was read. The wall clock with its measured offset is wrong once
somebody sets it. The wall clock's difference between reading and sending is wrong if it was set in between.
The page's monotonic clock cannot be set, but stops while a phone sleeps, and a new page load begins another
one. Where two agree, they are right.
"""

import datetime
from dataclasses import dataclass
from typing import Protocol

LATE_AFTER = datetime.timedelta(seconds=20)
MAX_CLOCK_SKEW = datetime.timedelta(minutes=2)
MILLISECOND = datetime.timedelta(milliseconds=1)
NO_TIME = datetime.timedelta(0)


class DeviceReading(Protocol):
    """The clocks of a device when it read a badge: the wall clock with its offset, and the monotonic one."""

    @property
    def scanned_at(self) -> datetime.datetime: ...
    @property
    def clock_offset_ms(self) -> int | None: ...
    @property
    def page(self) -> str: ...
    @property
    def elapsed_ms(self) -> int | None: ...


@dataclass(frozen=True, slots=True)
class SendingClock:
    """The clocks of the delivering page when it sent a request: page load, monotonic clock, wall clock."""

    page: str = ""
    elapsed_ms: int | None = None
    sent_at: datetime.datetime | None = None


UNKNOWN_CLOCK = SendingClock()


@dataclass(frozen=True, slots=True)
class ScanTime:
    """When a badge was read by the server's clock, never later than it was received."""

    effective_at: datetime.datetime
    is_uncertain: bool
    received_at: datetime.datetime

    @property
    def is_late(self) -> bool:
        """Return whether the scan arrived so late that the attendee has already passed."""
        return self.received_at - self.effective_at > LATE_AFTER


def resolve_scan_time(
    scan_input: DeviceReading, *, received_at: datetime.datetime, clock: SendingClock = UNKNOWN_CLOCK
) -> ScanTime:
    """Return when the badge was read; uncertain if the clocks contradict each other."""
    monotonic_age = find_monotonic_age(scan_input, clock)
    if monotonic_age is None:
        age = find_wall_age(scan_input, received_at)
        is_uncertain = is_wall_age_uncertain(scan_input, received_at, clock)
    else:
        age, is_uncertain = compare_ages(scan_input, received_at, clock, monotonic_age)
    # A scan "from the future" would otherwise stay the latest one and make all real scans after it late.
    return ScanTime(received_at - max(age, NO_TIME), is_uncertain, received_at)


def find_monotonic_age(scan_input: DeviceReading, clock: SendingClock) -> datetime.timedelta | None:
    """Return the age by the monotonic clock; None if another page load sends the scan than made it."""
    if not scan_input.page or scan_input.page != clock.page:
        return None
    if scan_input.elapsed_ms is None or clock.elapsed_ms is None:
        return None
    passed_ms = clock.elapsed_ms - scan_input.elapsed_ms
    return passed_ms * MILLISECOND if passed_ms >= 0 else None


def find_wall_age(scan_input: DeviceReading, received_at: datetime.datetime) -> datetime.timedelta:
    """Return the age by the device's wall clock and its measured offset; negative for the future."""
    return received_at - (scan_input.scanned_at + MILLISECOND * (scan_input.clock_offset_ms or 0))


def is_wall_age_uncertain(
    scan_input: DeviceReading, received_at: datetime.datetime, clock: SendingClock
) -> bool:
    """Return whether the age by the wall clock alone may be wrong."""
    return has_uncertain_wall_clock(scan_input, received_at) or was_wall_clock_set(
        scan_input, received_at, clock
    )


def has_uncertain_wall_clock(scan_input: DeviceReading, received_at: datetime.datetime) -> bool:
    """Return whether the wall clock is off by more than two minutes, or its offset is unknown."""
    offset = scan_input.clock_offset_ms
    # Such scans count all the same; the flag tells an organizer to distrust the order of events.
    if offset is None or abs(offset) * MILLISECOND > MAX_CLOCK_SKEW:
        return True
    return find_wall_age(scan_input, received_at) < -MAX_CLOCK_SKEW


def was_wall_clock_set(
    scan_input: DeviceReading, received_at: datetime.datetime, clock: SendingClock
) -> bool:
    """Return whether the wall clock that sends contradicts the offset that was measured before."""
    if clock.sent_at is None or scan_input.clock_offset_ms is None:
        return False
    offset = MILLISECOND * scan_input.clock_offset_ms
    return abs(received_at - clock.sent_at - offset) > MAX_CLOCK_SKEW


def compare_ages(
    scan_input: DeviceReading,
    received_at: datetime.datetime,
    clock: SendingClock,
    monotonic_age: datetime.timedelta,
) -> tuple[datetime.timedelta, bool]:
    """Return the age on which two clocks agree, and whether it is uncertain."""
    wall_age = None if scan_input.clock_offset_ms is None else find_wall_age(scan_input, received_at)
    elapsed_wall = None if clock.sent_at is None else clock.sent_at - scan_input.scanned_at
    for age in (wall_age, elapsed_wall):
        if age is not None and abs(age - monotonic_age) <= MAX_CLOCK_SKEW:
            # The larger one: a monotonic clock loses the seconds that the phone slept.
            return max(age, monotonic_age), False
    if wall_age is None or elapsed_wall is None:
        return max(monotonic_age, wall_age or NO_TIME), True
    # The phone slept for long: the monotonic clock stopped, and both readings of the wall clock agree.
    are_alike = abs(wall_age - elapsed_wall) <= MAX_CLOCK_SKEW
    return max(wall_age, monotonic_age), not are_alike


def raise_to_predecessor(time: ScanTime, predecessor_at: datetime.datetime | None) -> ScanTime:
    """Return the time, not before that of the scan that the same device made before."""
    # The device's own counter is reliable, unlike its clocks.
    if predecessor_at is None or predecessor_at <= time.effective_at:
        return time
    return ScanTime(min(predecessor_at, time.received_at), is_uncertain=True, received_at=time.received_at)
