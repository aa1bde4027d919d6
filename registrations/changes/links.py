"""Mail links again, and replace links that leaked: of a whole order or of one private place."""

from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, NamedTuple

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.tasks import TaskContext, task
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from convention import hooks
from convention.api.throttles import consume_rate_limit
from convention.audit.record import record_action
from convention.mail.messages import MailMessage, MailRefused, send_mail_message
from convention.text.email_addresses import filter_by_email
from registrations.billing.receivables import is_order_active
from registrations.booking.transfer import gives_first_name
from registrations.models import GivenBy, Order, Registration
from registrations.models.deliveries import holder_message_key
from registrations.permissions import LINK_LIFETIME, choose_link_secret, get_full_access, make_own_secret

MAX_LINK_REQUESTS_PER_HOUR = 5
MAX_LINKS_PER_MAIL = 50
# Of more places, a mail says only how many an order has.
MAX_NAMES_PER_LINK = 3


class MailedLink(NamedTuple):
    """A link in a mail, and the registrations that it opens; without a secret, that of the whole order."""

    order: Order
    registrations: list[Registration]
    is_active: bool
    own_secret: str = ""

    def describe(self, language: str) -> tuple[str, str, str]:
        """Return title, details and address for a mail in that language, in which the page opens too."""
        # Not saved: the order's own mails stay in the language in which it was placed.
        self.order.language = language
        with translation.override(language):
            # Names and order tell two links of one event apart.
            order = _("order %(reference)s") % {"reference": self.order.reference}
            details = [self._describe_places(), order]
            path = self.order.build_path_with(self.own_secret or self.order.manage_secret)
            return self.order.event.title, " · ".join(filter(None, details)), f"{settings.SITE_URL}{path}"

    def _describe_places(self) -> str:
        active = [registration for registration in self.registrations if not registration.cancelled_at]
        shown = active or self.registrations
        if len(shown) <= MAX_NAMES_PER_LINK:
            return ", ".join(registration.name for registration in shown)
        return ngettext("%(count)d place", "%(count)d places", len(shown)) % {"count": len(shown)}


def queue_links_mail(*, email: str) -> None:
    """Queue one mail with the links of everything this address ordered or attends, in the active language.

    Response and duration are the same for every address, known or not. Raise TooManyRequests.
    """
    # Limited by address, known or not: the response must not tell which addresses are registered.
    consume_rate_limit("links", email, limit=MAX_LINK_REQUESTS_PER_HOUR, window_seconds=3600)
    since = timezone.now() - LINK_LIFETIME
    orders = Order.objects.filter(Q(event__ends_at__gt=since) | Q(created_at__gt=since)).order_by("-pk")
    order_ids = [order.pk for order in filter_by_email(orders.only("email"), email)[:MAX_LINKS_PER_MAIL]]
    is_recent = Q(event__ends_at__gt=since) | Q(order__created_at__gt=since)
    # Places of the address's own orders are behind the order's link already, unless they are private.
    rows = Registration.objects.filter(is_recent).exclude(order__in=order_ids, is_private=False)
    registrations = filter_by_email(rows.order_by("-pk").only("email"), email)[:MAX_LINKS_PER_MAIL]
    registration_ids = [registration.pk for registration in registrations]
    send_links_mail.enqueue(order_ids, registration_ids, language=translation.get_language() or "")


@task(takes_context=True)
def send_links_mail(
    context: TaskContext, order_ids: list[int], registration_ids: list[int], language: str = ""
) -> None:
    """Mail each address its own links: whole orders to buyers, single registrations to attendees.

    Without a language, each mail is in that of its last order or attendee. Cancelled places and orders are
    left out unless there is nothing else. Running the task again sends the same Message-IDs.
    """
    orders = Order.objects.filter(pk__in=order_ids).select_related("event").order_by("event__starts_at", "pk")
    rows = Registration.objects.filter(pk__in=registration_ids).order_by("pk").select_related("order__event")
    links = defaultdict[str, list[MailedLink]](list)
    for order in orders:
        link_access = get_full_access(order)
        # Skipped if the link would open nothing, as when all places became private.
        if link_access.is_usable:
            links[order.email].append(
                MailedLink(order, link_access.registrations, is_active=is_order_active(order))
            )
    for registration in rows:
        secret = make_own_secret(registration)
        link = MailedLink(registration.order, [registration], not registration.cancelled_at, secret)
        links[registration.email].append(link)
    for number, address in enumerate(sorted(links), start=1):
        mailed = [link for link in links[address] if link.is_active] or links[address]
        message_key = f"links-{context.task_result.id}-{number}"
        message = _build_links_message(address, mailed, language=language, message_key=message_key)
        # A wrong address must not prevent the mails to the others, and a retry would not help.
        with suppress(MailRefused):
            send_mail_message(message)


def build_attendee_url(registration: Registration) -> str:
    """Return the absolute address of one registration's own page, in the language of the attendee's mails."""
    secret, language = make_own_secret(registration), registration.mail_language
    return f"{settings.SITE_URL}{registration.order.build_path_with(secret, language=language)}"


def build_reader_url(registration: Registration, address: str) -> str:
    """Return the page for the reader of a mail: the whole order for its buyer, else one registration."""
    secret = choose_link_secret(registration, address)
    path = registration.order.build_path_with(secret, language=registration.mail_language)
    return f"{settings.SITE_URL}{path}"


def needs_new_link_mail(registration: Registration) -> bool:
    """Return whether the attendee, whose address was corrected, gets the new link by a mail of its own.

    Others get it with the corrected badge or an invitation, or never had one.
    """
    is_invited = registration.order.source == Order.Source.COMPANY_CONTACT
    if is_invited or registration.is_private or not registration.has_own_address:
        return False
    message_key = holder_message_key(registration)
    return registration.deliveries.filter(message_key=message_key, accepted_at__isnull=False).exists()


def mail_link_after_correction(
    registration: Registration, old_values: Mapping[str, Any], *, former_link_version: int, given_by: GivenBy
) -> bool:
    """Queue the e-mail with the link that a saved correction calls for; return whether one brings the link.

    `old_values` has the former values of the changed fields.
    """
    former_email = old_values.get("email", "")
    is_invited_again = bool(former_email) and registration.order.source == Order.Source.COMPANY_CONTACT
    if _is_named_by_other(registration, old_values, given_by) and not is_invited_again:
        if registration.has_own_address:
            send_own_link(registration)
        return registration.has_own_address
    if "email" not in old_values:
        return False
    return follow_other_address(registration, former_email, former_link_version=former_link_version)


def _is_named_by_other(registration: Registration, old_values: Mapping[str, Any], given_by: GivenBy) -> bool:
    """Return whether the correction gave a place its first name, and the attendee lacks the link."""
    if registration.event.is_over() or not gives_first_name(registration, old_values):
        return False
    # Attendees who enter their own name opened the page with their link.
    return given_by is not GivenBy.ATTENDEE or "email" in old_values


def send_own_link(registration: Registration) -> None:
    """Queue the mail with the new attendee's link; a company's contact has colleagues invited instead."""
    if registration.order.source != Order.Source.COMPANY_CONTACT:
        send_links_mail.enqueue([], [registration.pk])
    invite_new_attendee(registration)


def invite_new_attendee(registration: Registration) -> None:
    """Have a company's colleague invited to a place that got their name or their address."""
    for invite in hooks.attendee_invitations.providers():
        invite(registration=registration)


def follow_other_address(registration: Registration, former_email: str, *, former_link_version: int) -> bool:
    """Queue what the correction of an address calls for; return whether an e-mail brings the link."""
    if not former_email:
        invite_new_attendee(registration)
    reports = [
        follow(registration, former_link_version=former_link_version)
        for follow in hooks.address_corrections.providers()
    ]
    if former_link_version == registration.link_version or not needs_new_link_mail(registration):
        return any(reports)
    send_links_mail.enqueue([], [registration.pk])
    return True


def _build_links_message(
    recipient: str, links: list[MailedLink], *, language: str, message_key: str
) -> MailMessage:
    # One mail for all links of an address, so it can have one language only, else that of the last link.
    last = links[-1]
    language = language or (last.registrations[0].mail_language if last.own_secret else last.order.language)
    with translation.override(language):
        return MailMessage(
            to=recipient,
            subject=_("Links to your registrations"),
            template="links",
            context={"links": [link.describe(language) for link in _sort_upcoming_first(links)]},
            language=language,
            message_key=message_key,
        )


def _sort_upcoming_first(links: list[MailedLink]) -> list[MailedLink]:
    """Return the links of upcoming events, the next one first, then of past events, the last one first."""
    now = timezone.now()
    links = sorted(links, key=lambda link: link.order.event.starts_at)
    past = [link for link in links if link.order.event.is_over(at=now)]
    return [*(link for link in links if link not in past), *reversed(past)]


@transaction.atomic
def replace_order_link(*, order: Order, reason: str = "") -> Order:
    """Replace the links of the order and of its attendees, except private places; mail it to the buyer."""
    # No lock is needed: the versions are raised by expressions in the database.
    order.save(update_fields=order.raise_all_link_versions())
    record_action("order.renew_link", order, event=order.event, fields=["link_version"], reason=reason)
    if order.email:
        send_links_mail.enqueue([order.pk], [])
    return order


@transaction.atomic
def replace_attendee_link(*, registration: Registration, reason: str = "") -> Registration:
    """Replace the link of a private place and mail it to the attendee."""
    registration = Registration.objects.select_for_update().get(pk=registration.pk)
    registration.link_version += 1
    registration.save(update_fields=["link_version"])
    fields, event = ["link_version"], registration.event
    record_action("registration.renew_link", registration, event=event, fields=fields, reason=reason)
    send_links_mail.enqueue([], [registration.pk])
    return registration
