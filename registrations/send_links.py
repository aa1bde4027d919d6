"""Mail the links of what somebody registered for, to the addresses that the orders themselves name."""

from collections.abc import Iterable

from django.conf import settings
from django.db.models import Q
from django.tasks import task
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from convention.api.throttles import spend
from convention.mail import Letter, send

from .doors import LINKS_LAST, own_secret
from .models import Order, Registration

ASKED_PER_HOUR = 5
MOST_LINKS = 50


def send_links(*, email: str) -> None:
    """Queue one mail with the links of all that this address ordered or is registered for.

    What the caller sees, and how long it takes, is the same for every address. Raises TooOften for an
    address that was asked about too often.
    """
    spend("links", email, most=ASKED_PER_HOUR, seconds=3600)
    since = timezone.now() - LINKS_LAST
    orders = Order.objects.filter(Q(event__ends_at__gt=since) | Q(created_at__gt=since), email__iexact=email)
    found = [order.pk for order in orders.order_by("-pk")[:MOST_LINKS]]
    opens = Q(event__ends_at__gt=since) | Q(order__created_at__gt=since)
    own = Registration.objects.filter(opens, email__iexact=email).exclude(order__in=found)
    mail_links.enqueue(found, [r.pk for r in own.order_by("-pk")[:MOST_LINKS]])


@task()
def mail_links(order_ids: list[int], registration_ids: list[int]) -> None:
    """Send them: whole orders to whoever ordered, single registrations to whoever comes."""
    orders = Order.objects.filter(pk__in=order_ids).select_related("event").order_by("event__starts_at", "pk")
    rows = Registration.objects.filter(pk__in=registration_ids).select_related("order", "event")
    lines = [(order.event.title, order.manage_url) for order in orders]
    own = [(registration.event.title, own_url(registration)) for registration in rows.order_by("pk")]
    asked = [*(o.email for o in orders), *(r.email for r in rows)]
    if not asked:
        return
    languages = [*(o.language for o in orders), *(r.order.language for r in rows)]
    send(_letter(asked[0], lines + own, languages[-1]))


def own_url(registration: Registration) -> str:
    """What opens this one registration, as a whole address in its order's language."""
    return f"{settings.SITE_URL}{registration.order.path_with(own_secret(registration))}"


def _letter(to: str, links: Iterable[tuple[str, str]], language: str) -> Letter:
    now = timezone.now()
    with translation.override(language):
        return Letter(
            to=to,
            subject=_("The links of your registrations"),
            template="links",
            context={"links": list(links)},
            language=language,
            key=f"links-{now:%Y%m%d%H%M%S%f}",
        )
