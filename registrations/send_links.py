"""Mail the links of what somebody registered for, to the addresses that the orders themselves name."""

from collections import defaultdict
from typing import NamedTuple

from django.conf import settings
from django.db.models import Q
from django.tasks import TaskContext, task
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from convention.addresses import having
from convention.api.throttles import spend
from convention.mail import Letter, send

from .doors import LINKS_LAST, own_secret, whole
from .models import Order, Registration

ASKED_PER_HOUR = 5
MOST_LINKS = 50


class Link(NamedTuple):
    """What one registration or order is called, where it is seen, and in which language."""

    title: str
    url: str
    language: str


def send_links(*, email: str) -> None:
    """Queue one mail with the links of all that this address ordered or is registered for.

    What the caller sees, and how long it takes, is the same for every address. Raises TooOften for an
    address that was asked about too often.
    """
    spend("links", email, most=ASKED_PER_HOUR, seconds=3600)
    since = timezone.now() - LINKS_LAST
    orders = Order.objects.filter(Q(event__ends_at__gt=since) | Q(created_at__gt=since)).order_by("-pk")
    found = [order.pk for order in having(orders.only("email"), email)[:MOST_LINKS]]
    opens = Q(event__ends_at__gt=since) | Q(order__created_at__gt=since)
    own = Registration.objects.filter(opens).exclude(order__in=found, is_private=False).order_by("-pk")
    mail_links.enqueue(found, [r.pk for r in having(own.only("email"), email)[:MOST_LINKS]])


@task(takes_context=True)
def mail_links(context: TaskContext, order_ids: list[int], registration_ids: list[int]) -> None:
    """Send each address its own: whole orders to whoever ordered, single registrations to whoever comes.

    Run again it is the same mail, under the same Message-ID.
    """
    orders = Order.objects.filter(pk__in=order_ids).select_related("event").order_by("event__starts_at", "pk")
    rows = (
        Registration.objects.filter(pk__in=registration_ids).order_by("pk").select_related("order", "event")
    )
    links = defaultdict[str, list[Link]](list)
    for order in orders:
        if not whole(order).is_open:
            continue
        links[order.email].append(Link(order.event.title, order.manage_url, order.language))
    for one in rows:
        links[one.email].append(Link(one.event.title, own_url(one), one.order.language))
    for number, address in enumerate(sorted(links), start=1):
        send(_letter(address, links[address], key=f"links-{context.task_result.id}-{number}"))


def own_url(registration: Registration) -> str:
    """What opens this one registration, as a whole address in its order's language."""
    return f"{settings.SITE_URL}{registration.order.path_with(own_secret(registration))}"


def _letter(to: str, links: list[Link], *, key: str) -> Letter:
    language = links[-1].language
    with translation.override(language):
        return Letter(
            to=to,
            subject=_("The links of your registrations"),
            template="links",
            context={"links": [(link.title, link.url) for link in links]},
            language=language,
            key=key,
        )
