"""Mails of an order: sent by the worker, each exactly once."""

from django.tasks import task


@task()
def send_confirmation(order_id: int) -> None:
    """Send whatever mails of this order are due."""
