"""Write the mails of an order: verification, confirmation with badges, correction, cancellation."""

import datetime
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Max
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from convention.audit.models import AuditEntry
from convention.audit.record import make_subject_label
from convention.club.permissions import find_member_by_email
from convention.mail.messages import MailMessage
from convention.text.email_addresses import is_same_email, normalize_email
from convention.text.web_addresses import defuse_links
from registrations.billing.buyer_name import find_buyer_first_name, find_buyer_name
from registrations.billing.receivables import list_active_sponsorships
from registrations.billing.refund_text import describe_change_refunds, describe_settlement
from registrations.booking.order_limits import find_first_registration
from registrations.booking.verification import (
    awaits_attendee,
    get_link_validity,
    get_own_paid_price,
    make_verification_token,
    select_links_after_payment,
)
from registrations.changes.cancel import CancelledBy, find_canceller
from registrations.changes.links import build_attendee_url
from registrations.changes.reinstatement.reinstate import REINSTATEMENT_VERB, find_lost_sessions
from registrations.changes.substitute import NAMING_VERB
from registrations.company.models import CompanyOrder
from registrations.models import MailDelivery, Order, Registration, RegistrationAddon, Sponsorship
from registrations.orders.calendar import format_venue_address
from registrations.orders.order_state import list_open_steps
from registrations.orders.payment_terms import build_payment_context, load_payment_terms
from registrations.orders.second_registrations import find_second_registrations_of_buyer
from registrations.orders.transfer_details import has_bank_details
from registrations.organizer.history import IMPORT_VERBS
from registrations.permissions import get_full_access
from registrations.questions.answers import select_open_questions
from registrations.questions.queries import load_questions

from .attachments import (
    absolute_url,
    attach_badge,
    attach_calendar,
    build_session_context,
    order_context,
)

if TYPE_CHECKING:
    from django.db.models import QuerySet

CORRECTION_VERB = "registration.correct"
# After these, the earlier badge is void.
VOIDING_VERBS = frozenset(
    {REINSTATEMENT_VERB, "badge.reissue", "registration.substitute", "registration.transfer"}
)

# How mails name the fields that a correction changed.
FIELD_LABELS = {
    "first_name": gettext_lazy("name"),
    "last_name": gettext_lazy("name"),
    "email": gettext_lazy("e-mail address"),
    "company": gettext_lazy("company"),
    "no_photo": gettext_lazy("photographs"),
}


def write_verification_mail(order: Order, registrations: list[Registration], message_key: str) -> MailMessage:
    """Write the mail with the link by which the buyer confirms an order on invoice.

    It repeats no free text from the form, which could be spam: the address may be that of a stranger.
    """
    event = order.event
    sponsorships = list(Sponsorship.objects.active().filter(order=order).select_related("package"))
    items: list[Registration | Sponsorship] = [*registrations, *sponsorships]
    hold_ends = [item.hold_expires_at for item in items if item.is_reserved and item.hold_expires_at]
    return MailMessage(
        to=order.email,
        subject=_("Confirm your order: %(event)s") % {"event": event.title},
        template="verification",
        context={
            "order": order,
            "event": event,
            "where": format_venue_address(event),
            # Counts of tickets and add-ons instead of the attendees' names, which are free text.
            "counts": [
                *Counter(registration.ticket.title for registration in registrations).items(),
                *Counter(item.addon.title for row in registrations for item in row.active_addons).items(),
            ],
            "sponsorships": sponsorships,
            "has_bank_details": has_bank_details(),
            # The earliest, since the link must be opened before any of the holds expires.
            "hold_expires_at": min(hold_ends, default=None),
            "url": absolute_url(reverse("verify-order", args=[make_verification_token(order, order.email)])),
        },
        language=order.language,
        message_key=message_key,
        accent=event.accent,
        reply_to=event.contact_email,
    )


def write_member_verification_mail(
    order: Order, registrations: list[Registration], message_key: str
) -> MailMessage:
    """Write the member's verification link, or why there is none: a non-member, or a second place.

    Only the owner of the address reads which of them applies, so the form reveals no membership.
    """
    [registration] = registrations
    event = order.event
    with translation.override(registration.mail_language):
        member = find_member_by_email(registration.email)
        first_registration = find_first_registration(registration, member[0]) if member else None
        if first_registration:
            subject, template = _("You already have a place: %(event)s"), "already_registered"
        elif member:
            subject, template = _("Confirm your place: %(event)s"), "member_verification"
        else:
            subject, template = _("Place not confirmed: %(event)s"), "not_a_member"
        # A non-member is only invited to register where some ticket is open to them.
        open_tickets = [t for t in event.tickets.all() if t.is_public and not t.needs_member_verification]
        return MailMessage(
            to=registration.email,
            subject=subject % {"event": event.title},
            template=template,
            context={
                "order": order,
                "registration": registration,
                "event": event,
                "where": format_venue_address(event),
                "paid": get_own_paid_price(registration),
                "refund_at": timezone.now() + get_link_validity(),
                "first_url": build_attendee_url(first_registration) if first_registration else "",
                "url": absolute_url(
                    reverse("verify-order", args=[make_verification_token(order, registration.email)])
                ),
                "register_url": absolute_url(reverse("register", args=[event.slug])) if open_tickets else "",
            },
            language=registration.mail_language,
            message_key=message_key,
            accent=event.accent,
            reply_to=event.contact_email,
        )


def write_confirmation_mail(order: Order, registrations: list[Registration], message_key: str) -> MailMessage:
    """Write one mail to the buyer with the badges of all newly confirmed registrations."""
    subject = ngettext(
        "Registration confirmed: %(event)s",
        "Registrations confirmed (%(people)d people): %(event)s",
        len(registrations),
    )
    second_registrations = find_second_registrations_of_buyer(order, registrations)
    return _write_mail_with_badges(
        order,
        registrations,
        message_key,
        subject,
        {
            "is_correction": False,
            **build_session_context(registrations, order.manage_url),
            "second_registrations": second_registrations,
            "lost_link_url": absolute_url(reverse("lost-link")) if second_registrations else "",
        },
    )


def write_correction_mail(order: Order, registrations: list[Registration], message_key: str) -> MailMessage:
    """Write the mail about registrations that were confirmed to the buyer before and corrected since."""
    mails = order.deliveries.filter(kind=MailDelivery.Kind.CONFIRMATION, registration=None)
    addon_changes = find_addon_changes(registrations, mails)
    subject = ngettext(
        "Registration updated: %(event)s",
        "Registrations updated (%(people)d people): %(event)s",
        len(registrations),
    )
    if addon_changes.has_any:
        subject = _("Registration updated: %(event)s")
    return _write_mail_with_badges(
        order,
        registrations,
        message_key,
        subject,
        {
            "is_correction": True,
            "addon_changes": addon_changes,
            "refund_sentences": describe_change_refunds(
                order, registrations, since=_find_last_mail_time(mails)
            ),
            "change_sentences": [
                *describe_reinstatements(registrations, mails),
                *describe_corrections(registrations, mails),
            ],
            "updated_name": _find_other_attendee_name(order, registrations),
        },
    )


def _find_other_attendee_name(order: Order, registrations: list[Registration]) -> str:
    """Return the name of the only attendee, if that is not the buyer; else ""."""
    if len(registrations) != 1:
        return ""
    [registration] = registrations
    is_buyer = is_same_email(registration.email, order.email)
    return registration.name if registration.has_name and not is_buyer else ""


def describe_corrections(registrations: list[Registration], mails: "QuerySet[MailDelivery]") -> list[str]:
    """Return a sentence for each registration that was corrected since the last of these mails.

    It names the changed fields, never their former values: the reader may be a new attendee.
    """
    since = _find_last_mail_time(mails)
    if since is None:
        return []
    by_subject = {make_subject_label(registration): registration for registration in registrations}
    changes = AuditEntry.objects.filter(
        event=registrations[0].event.slug,
        subject__in=by_subject,
        verb__in=[CORRECTION_VERB, NAMING_VERB, *VOIDING_VERBS, *IMPORT_VERBS],
        created_at__gt=since,
    )
    verbs, fields, voided = defaultdict[str, set[str]](set), defaultdict[str, set[str]](set), set[str]()
    for subject, verb, names in changes.values_list("subject", "verb", "fields"):
        verbs[subject].add(verb)
        fields[subject].update(names if verb == CORRECTION_VERB else [])
        # An imported list voids the badge only if it names another person.
        if verb in VOIDING_VERBS or "badge_version" in names:
            voided.add(subject)
    sentences = []
    for subject, registration in by_subject.items():
        # In the order of the labels, each once: a name has two fields.
        labels = dict.fromkeys(str(label) for name, label in FIELD_LABELS.items() if name in fields[subject])
        if NAMING_VERB in verbs[subject]:
            sentences.append(_("Name entered: %(name)s") % {"name": registration.name})
        elif labels:
            change = _("Changed for %(name)s: %(fields)s") % {
                "name": registration.name,
                "fields": ", ".join(labels),
            }
            is_void = subject in voided
            sentences.append(change if is_void else f"{change}. {_('The earlier badge stays valid.')}")
    return sentences


def describe_reinstatements(registrations: list[Registration], mails: "QuerySet[MailDelivery]") -> list[str]:
    """Return sentences about registrations reinstated since the last of these mails, and lost sessions."""
    by_subject = {make_subject_label(registration): registration for registration in registrations}
    entries = AuditEntry.objects.filter(
        event=registrations[0].event.slug, subject__in=by_subject, verb=REINSTATEMENT_VERB
    )
    if since := _find_last_mail_time(mails):
        entries = entries.filter(created_at__gt=since)
    sentences = []
    for entry in entries.order_by("pk"):
        name = by_subject[entry.subject].name
        sentences.append(_("%(name)s’s registration is valid again, with a new badge.") % {"name": name})
        if titles := [session.title for session in find_lost_sessions(entry.details)]:
            lost = _("Sessions that could not be booked again for %(name)s: %(titles)s")
            sentences.append(lost % {"name": name, "titles": ", ".join(titles)})
    # Reinstated more than once since then.
    return list(dict.fromkeys(sentences))


@dataclass(frozen=True)
class AddonChanges:
    """The add-ons that were added or removed since the reader's last e-mail, with their attendees."""

    added: list[tuple[Registration, RegistrationAddon]]
    removed: list[tuple[Registration, RegistrationAddon]]

    @property
    def has_any(self) -> bool:
        return bool(self.added or self.removed)


def find_addon_changes(registrations: list[Registration], mails: "QuerySet[MailDelivery]") -> AddonChanges:
    """Return the add-ons that were added or removed since the last of these mails was written."""
    since = _find_last_mail_time(mails)
    items = [(registration, item) for registration in registrations for item in registration.addons.all()]
    if since is None:
        return AddonChanges([], [])
    return AddonChanges(
        added=[row for row in items if row[1].created_at > since and row[1].cancelled_at is None],
        removed=[row for row in items if row[1].created_at < since < (row[1].cancelled_at or since)],
    )


def _find_last_mail_time(mails: "QuerySet[MailDelivery]") -> datetime.datetime | None:
    """Return when the last of these mails that was sent was queued."""
    latest: datetime.datetime | None = mails.filter(accepted_at__isnull=False).aggregate(
        latest=Max("queued_at")
    )["latest"]
    return latest


def _write_mail_with_badges(
    order: Order,
    registrations: list[Registration],
    message_key: str,
    subject: str,
    extra_context: dict[str, object],
) -> MailMessage:
    event = order.event
    # Places bought without a name get their badge once they are named.
    badges = [attach_badge(registration) for registration in registrations if registration.has_name]
    return MailMessage(
        to=order.email,
        subject=subject % {"event": event.title, "people": len(registrations)},
        template="confirmation",
        recipient_name=find_buyer_first_name(order),
        context={
            **order_context(order, registrations),
            **extra_context,
            **build_payment_context(order),
            "packages": list(list_active_sponsorships(order)),
            "is_part_of_order": is_part_of_order(order, registrations),
            "awaited_places": _list_awaited_places(order),
            "badge_count": len(badges),
            "mailed_names": ", ".join(row.name for row in registrations if row.gets_own_confirmation),
            "unnamed_count": len(registrations) - len(badges),
            "unanswered": list_unanswered_questions(order, registrations),
            "open_steps": list_mail_steps(registrations),
            "url": order.manage_url,
        },
        language=order.language,
        message_key=message_key,
        accent=event.accent,
        reply_to=event.contact_email,
        attachments=[attach_calendar(get_full_access(order)), *badges],
    )


def _list_awaited_places(order: Order) -> list[Registration]:
    """Return the held places for which attendees other than the buyer were mailed a link to confirm."""
    rows = list(order.registrations.select_related("ticket", "event").order_by("pk"))
    unmailed = select_links_after_payment(order, rows)
    return [
        row
        for row in rows
        if row.state == row.State.PENDING and awaits_attendee(order, row) and row not in unmailed
    ]


def list_mail_steps(registrations: list[Registration]) -> list[tuple[str, str]]:
    """Return label and address of each step that the attendees still have to take."""
    steps = list_open_steps(registrations)
    return [
        (step.label, absolute_url(step.path) if step.path else "")
        for registration in registrations
        for step in steps.get(registration.pk, [])
    ]


def is_part_of_order(order: Order, registrations: list[Registration]) -> bool:
    """Return whether the order's amount includes more than these registrations and the sponsor packages."""
    listed_ids = {registration.pk for registration in registrations}
    others = [row for row in order.registrations.all() if row.pk not in listed_ids]
    return any(
        order.may_owe_for(row) and (row.cancelled_at is None or row.cancellation_fee > 0) for row in others
    )


def list_unanswered_questions(order: Order, registrations: list[Registration]) -> list[tuple[str, str, str]]:
    """Return name, questions and link for each attendee who gets this mail and has unanswered questions."""
    unanswered = [
        registration
        for registration in registrations
        # The buyer is not asked for the answers of attendees who have an address of their own.
        if registration.has_name
        and normalize_email(registration.email or order.email) == normalize_email(order.email)
    ]
    questions = load_questions(order.event) if unanswered else []
    return [
        (
            registration.name,
            ", ".join(map(str, open_questions)),
            f"{order.manage_url}{registration.reference}/answers/",
        )
        for registration in unanswered
        if (open_questions := select_open_questions(questions, registration.ticket, registration.answers))
    ]


def write_cancellation_mail(order: Order, registrations: list[Registration], message_key: str) -> MailMessage:
    # Mail programs make a name such as "example.com" clickable.
    names = defuse_links(", ".join(registration.name for registration in registrations))
    subject = ngettext(
        "Registration cancelled: %(event)s, %(names)s",
        "Registrations cancelled: %(event)s, %(names)s",
        len(registrations),
    ) % {"event": order.event.title, "names": names}
    return MailMessage(
        to=order.email,
        subject=_describe_cancelled_event(order) or subject,
        template="cancellation",
        recipient_name=find_buyer_first_name(order),
        context={
            **order_context(order, registrations),
            "settled": describe_settlement(order, registrations),
            # Nothing is due yet for an order that its buyer did not confirm.
            "payment_terms": None if order.awaits_verification else load_payment_terms(order),
            "cancelled_by_attendees": [row.name for row in registrations if row.is_cancelled_by_attendee],
            "is_for_attendee": False,
            "company_register_url": _build_company_register_url(order),
            "url": order.manage_url,
        },
        language=order.language,
        message_key=message_key,
        accent=order.event.accent,
        reply_to=order.event.contact_email,
    )


def _build_company_register_url(order: Order) -> str:
    """Return the page on which the contact registers colleagues; "" unless it is a company's order."""
    company_order = CompanyOrder.objects.filter(order=order).select_related("company").first()
    if company_order is None:
        return ""
    return absolute_url(reverse("company-register", args=[company_order.company.slug, order.event.slug]))


def _describe_cancelled_event(order: Order) -> str:
    """Return the subject of mails about a cancelled event; "" if it takes place."""
    return _("Event cancelled: %(event)s") % {"event": order.event.title} if order.event.cancelled_at else ""


def write_attendee_cancellation_mail(
    order: Order, registration: Registration, message_key: str
) -> MailMessage:
    event = order.event
    with translation.override(registration.mail_language):
        return MailMessage(
            to=registration.email,
            subject=_describe_cancelled_event(order)
            or _("Registration cancelled: %(event)s") % {"event": event.title},
            template="cancellation",
            recipient_name=registration.first_name,
            context={
                **order_context(order, [registration]),
                # What is refunded is between the club and the buyer.
                "settled": [],
                "is_for_attendee": True,
                "canceller": _describe_canceller(registration),
                "url": build_attendee_url(registration),
            },
            language=registration.mail_language,
            message_key=message_key,
            accent=event.accent,
            reply_to=event.contact_email,
        )


def _describe_canceller(registration: Registration) -> str:
    """Return a sentence for the attendee; "" for a cancelled event, or if it is not known who cancelled."""
    order, canceller = registration.order, find_canceller(registration)
    if registration.event.cancelled_at or canceller is None:
        return ""
    if canceller == CancelledBy.ATTENDEE:
        return _("You cancelled this registration through your own link.")
    # The buyer of a private place is nobody whom its attendee has to know.
    name = {
        CancelledBy.BUYER: "" if registration.is_private else find_buyer_name(order) or order.email,
        CancelledBy.CONTACT: order.company,
    }.get(canceller, "")
    if name:
        return _("%(name)s cancelled your registration.") % {"name": defuse_links(name)}
    return _("The organizers cancelled your registration.") if canceller == CancelledBy.ORGANIZER else ""
