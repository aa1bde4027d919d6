"""What all storeys remember: who does what just now, when recurring work is due, which addresses are dead."""

from django.db import models


class Lease(models.Model):
    """Something that one process at a time may do; it lapses when the process no longer renews it."""

    name = models.CharField(max_length=100, unique=True)
    holder = models.CharField(max_length=40)
    until = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.name


class Round(models.Model):
    """A recurring piece of work: when it is due, how it went last."""

    name = models.CharField(max_length=100, unique=True)
    due_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=200, blank=True)

    def __str__(self) -> str:
        return self.name


class BouncedAddress(models.Model):
    """An address from which mail came back: written to again once it is corrected, or said to be right.

    It is kept folded (`convention.addresses`), only while somebody has it.
    """

    email = models.EmailField(unique=True)
    bounced_at = models.DateTimeField(auto_now_add=True)
    answer = models.CharField(max_length=300, blank=True)

    def __str__(self) -> str:
        return self.email
