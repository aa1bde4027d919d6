"""Leases: what one process at a time may do, given up by itself when the process dies.

A lease lasts a minute and is renewed by a thread while the work goes on: work of any length keeps it, and
what a killed process held is free a minute later. It is taken by one conditional statement, so never twice.
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

from .models import Lease

logger = logging.getLogger(__name__)
RENEWALS = 6
"""How often a lease is renewed before it would lapse."""


class Taken(Exception):
    """Another process holds the lease; the work is in good hands, or free in a minute."""


@dataclass(frozen=True)
class Hold:
    """A lease that is ours: its token tells it from a later one of the same name."""

    name: str
    token: str

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Renew it until the work is done, then give it up."""
        done = threading.Event()
        thread = threading.Thread(target=self._renew_until, args=(done,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join(timeout=1)
            with suppress(Error):  # the database is away: the lease lapses by itself
                Lease.objects.filter(name=self.name, holder=self.token).delete()

    def _renew_until(self, done: threading.Event) -> None:
        while not done.wait(settings.LEASE_SECONDS / RENEWALS):
            try:
                Lease.objects.filter(name=self.name, holder=self.token).update(until=_end())
            except Error:
                logger.warning("A lease could not be renewed; trying again.")
            finally:
                connections.close_all()


def take(name: str) -> Hold:
    """Take the lease of that name. Raises Taken."""
    hold = Hold(name, secrets.token_hex(16))
    lapsed = Lease.objects.filter(name=name, until__lt=timezone.now())
    if lapsed.update(holder=hold.token, until=_end()):
        return hold
    Lease.objects.bulk_create([Lease(name=name, holder=hold.token, until=_end())], ignore_conflicts=True)
    if not Lease.objects.filter(name=name, holder=hold.token).exists():
        raise Taken(name)
    return hold


@contextmanager
def leased(name: str) -> Iterator[None]:
    """Hold the lease for the time of the block. Raises Taken."""
    with take(name).kept():
        yield


def live(names: list[str], *, at: datetime.datetime) -> set[str]:
    """Those of these leases that somebody holds."""
    return set(Lease.objects.filter(name__in=names, until__gte=at).values_list("name", flat=True))


def forget_lapsed() -> None:
    """Remove what dead processes left."""
    Lease.objects.filter(until__lt=timezone.now() - datetime.timedelta(hours=1)).delete()


def _end() -> datetime.datetime:
    return timezone.now() + datetime.timedelta(seconds=settings.LEASE_SECONDS)
