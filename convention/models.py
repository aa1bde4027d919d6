"""Models of the base layer: leases, periodic jobs, bounced addresses."""

from django.db import models


class Lease(models.Model):
    """A renewable lock (`db/leases.py`); it expires if its holder no longer renews it."""

    name = models.CharField(max_length=100, unique=True)
    holder = models.CharField(max_length=40)
    until = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.name


class PeriodicJob(models.Model):
    """The next time of a periodic job, and the outcome of its last run."""

    name = models.CharField(max_length=100, unique=True)
    due_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=200, blank=True)

    def __str__(self) -> str:
        return self.name


class BouncedAddress(models.Model):
    """An address from which mail bounced; removed when it is corrected or confirmed.

    It is stored in normalized form (`text/email_addresses.py`), and only while somebody has it.
    """

    email = models.EmailField(unique=True)
    bounced_at = models.DateTimeField(auto_now_add=True)
    answer = models.CharField(max_length=300, blank=True)

    def __str__(self) -> str:
        return self.email
