"""Describe to an organizer what the cancellation of an event would do to its registrations."""

from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from convention.events.models import Event
from convention.events.publishing.cancel_event import CancellationEffects
from registrations.changes.cancel_selected import (
    BY_RULES,
    FULL_REFUND,
    SelectedCancellations,
    preview_selected_cancellations,
)
from registrations.changes.selections import RegistrationSelection
from registrations.models import Registration, SessionBooking, Sponsorship
from registrations.organizer.selection_action_forms import describe_sums

from .follow import find_ticket_entries


def describe_event_cancellation(event: Event) -> CancellationEffects:
    """Return how many people, orders, bookings and e-mails it concerns, and the refunds to choose from."""
    rows = Registration.objects.active().filter(event=event).order_by("pk").values_list("pk", "reference")
    ids, references = zip(*rows, strict=True) if rows else ((), ())
    preview = preview_selected_cancellations(RegistrationSelection(event, ids, references), at=timezone.now())
    full_sums, rule_sums = describe_sums(preview.full_refund), describe_sums(preview.by_rules)
    has_choice = full_sums != rule_sums
    return CancellationEffects(
        [
            *_describe_registrations(preview),
            *_describe_bookings(event),
            *([] if has_choice or not preview.registrations else [f"{capfirst(full_sums)}."]),
            *_describe_mails(preview, waiting_count=find_ticket_entries(event).count()),
            *_describe_packages(event),
        ],
        (
            [
                (FULL_REFUND, _("Full refund, no cancellation fee: %(sums)s") % {"sums": full_sums}),
                (BY_RULES, _("Under the refund rules: %(sums)s") % {"sums": rule_sums}),
            ]
            if has_choice
            else []
        ),
    )


def _describe_registrations(preview: SelectedCancellations) -> list[str]:
    count = len(preview.registrations)
    if not count:
        return [_("Nobody is registered.")]
    orders = len({registration.order_id for registration in preview.registrations})
    order_words = ngettext("%(count)d order", "%(count)d orders", orders) % {"count": orders}
    sentence = ngettext(
        "%(count)d registration (%(orders)s) will be cancelled, and the badge will no longer be valid.",
        "%(count)d registrations (%(orders)s) will be cancelled, and the badges will no longer be valid.",
        count,
    ) % {"count": count, "orders": order_words}
    if not preview.arrived_count:
        return [sentence]
    arrived = ngettext(
        "%(count)d of these attendees has already arrived.",
        "%(count)d of these attendees have already arrived.",
        preview.arrived_count,
    )
    return [sentence, arrived % {"count": preview.arrived_count}]


def _describe_bookings(event: Event) -> list[str]:
    bookings = SessionBooking.objects.active().filter(session__event=event).count()
    if not bookings:
        return []
    sentence = ngettext(
        "%(count)d session booking will be cancelled.",
        "%(count)d session bookings will be cancelled.",
        bookings,
    )
    return [sentence % {"count": bookings}]


def _describe_mails(preview: SelectedCancellations, *, waiting_count: int) -> list[str]:
    sentences = []
    if waiting_count:
        sentence = ngettext(
            "%(count)d person will be removed from the waiting list.",
            "%(count)d people will be removed from the waiting list.",
            waiting_count,
        )
        sentences.append(sentence % {"count": waiting_count})
    if mails := preview.mail_count + waiting_count:
        sentence = ngettext(
            "%(count)d e-mail with your reason will be sent (to buyers, attendees, the waiting list).",
            "%(count)d e-mails with your reason will be sent (to buyers, attendees, the waiting list).",
            mails,
        )
        sentences.append(sentence % {"count": mails})
    return sentences


def _describe_packages(event: Event) -> list[str]:
    packages = Sponsorship.objects.active().filter(event=event).count()
    if not packages:
        return []
    sentence = ngettext(
        "%(count)d sponsor package is not cancelled with the event. Agree with the sponsor, then cancel "
        "the package under “Sponsors”.",
        "%(count)d sponsor packages are not cancelled with the event. Agree with the sponsors, then cancel "
        "the packages under “Sponsors”.",
        packages,
    )
    return [sentence % {"count": packages}]
