"""Renewable locks: only one process at a time does some work; the lock expires when the process dies.

A lease lasts `settings.LEASE_SECONDS` (a minute) and is renewed by a thread while the work goes on. It is
taken by one conditional statement, so never twice.
"""

import datetime
import logging
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from django.conf import settings
from django.db import Error, connections
from django.utils import timezone

from convention.models import Lease

logger = logging.getLogger(__name__)
# Renewals within one lease, so that a few may fail.
RENEWALS_PER_LEASE = 6


class LeaseUnavailable(Exception):
    """Another process has the lease."""


@dataclass(frozen=True)
class OwnedLease:
    """A lease held by this process; its token distinguishes it from a later one of the same name."""

    name: str
    token: str

    @contextmanager
    def renew_until_done(self) -> Iterator[None]:
        """Renew the lease within the block, then release it."""
        done = threading.Event()
        thread = threading.Thread(target=self._renew_until, args=(done,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join(timeout=1)
            with suppress(Error):  # the database is down: the lease will expire
                Lease.objects.filter(name=self.name, holder=self.token).delete()

    def _renew_until(self, done: threading.Event) -> None:
        while not done.wait(settings.LEASE_SECONDS / RENEWALS_PER_LEASE):
            try:
                Lease.objects.filter(name=self.name, holder=self.token).update(until=_new_expiry())
            except Error:
                logger.warning("A lease could not be renewed; trying again.")
            finally:
                # This thread must not keep a connection open between renewals.
                connections.close_all()


def acquire_lease(name: str) -> OwnedLease:
    """Take the lease of that name. Raise LeaseUnavailable."""
    lease = OwnedLease(name, secrets.token_hex(16))
    expired = Lease.objects.filter(name=name, until__lt=timezone.now())
    # Take over an expired lease, else try to be the first; the unique name decides a tie.
    if expired.update(holder=lease.token, until=_new_expiry()):
        return lease
    Lease.objects.bulk_create(
        [Lease(name=name, holder=lease.token, until=_new_expiry())], ignore_conflicts=True
    )
    if not Lease.objects.filter(name=name, holder=lease.token).exists():
        raise LeaseUnavailable(name)
    return lease


@contextmanager
def hold_lease(name: str) -> Iterator[None]:
    """Hold the lease within the block. Raise LeaseUnavailable."""
    with acquire_lease(name).renew_until_done():
        yield


def list_active_leases(names: list[str], *, at: datetime.datetime) -> set[str]:
    """Return which of these leases are held at `at`."""
    return set(Lease.objects.filter(name__in=names, until__gte=at).values_list("name", flat=True))


def delete_expired_leases() -> None:
    """Delete leases of dead processes (periodic job)."""
    Lease.objects.filter(until__lt=timezone.now() - datetime.timedelta(hours=1)).delete()


def _new_expiry() -> datetime.datetime:
    return timezone.now() + datetime.timedelta(seconds=settings.LEASE_SECONDS)
