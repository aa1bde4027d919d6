"""Texts of the offline desk's scripts in the active language; the scripts fill in {placeholders}."""

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from badges.attendance.scanning.batch_state import UNVERIFIED_STATE
from badges.attendance.scanning.verdict import ALREADY_IN, ScanFacts, Verdict, decide_verdict
from registrations.changes.substitute import (
    MEMBER_ADDRESS_HINT,
    MEMBER_ADDRESS_SENTENCE,
    SAME_ADDRESS_SENTENCE,
)
from registrations.models import Registration

from .models import BadgePrint, DeskEntry
from .offline_devices import UNNAMED_DEVICE_SENTENCE
from .search import BADGE_PROBLEMS, describe_refused_entry


def list_offline_texts() -> dict[str, str]:
    """Return all texts by name."""
    return {
        **list_pin_texts(),
        **list_status_texts(),
        **list_guest_texts(),
        **list_transfer_texts(),
        **list_payment_texts(),
        **list_entry_texts(),
        **{f"state.{state}": str(label) for state, label in Registration.State.choices},
        **list_refusal_texts(),
        **{f"reprint.{reason}": str(label) for reason, label in BadgePrint.Reason.choices},
        **{f"result.{state}": f"{label}." for state, label in DeskEntry.State.choices},
    }


def list_refusal_texts() -> dict[str, str]:
    """Return why Enter does not check in a guest, in the words of the online desk."""
    scan_states = ("cancelled", "expired", "pending", UNVERIFIED_STATE)
    refusals = {
        f"refusal.{state}": describe_refused_entry(decide_verdict(ScanFacts(registration_state=state)))
        for state in scan_states
    }
    return refusals | {
        "override": _("Check in anyway"),
        "override.reason": _("Reason"),
        "refusal.offline": _(
            "Confirming this order needs the network. Check in with a reason, or send the guest to a desk "
            "that is online."
        ),
    }


def list_pin_texts() -> dict[str, str]:
    return {
        "pin.short": _("Choose a PIN of at least six digits."),
        "pin.trivial": _(
            "This PIN is too easy to guess. Do not repeat a single digit or use a run such as 123456."
        ),
        "device.unnamed": str(UNNAMED_DEVICE_SENTENCE),
        "pin.differs": _("The PINs do not match. Enter the same one twice."),
        "pin.wrong": _("Wrong PIN. Attempts left: {count}."),
        "pin.erased": _("Too many wrong attempts: the guest list has been erased from this device."),
        "pin.erased_pending": _(
            "Too many wrong attempts: the guest list has been erased. Unsent entries stay encrypted until "
            "the correct PIN is entered."
        ),
        "locked.pending": _("Entries not sent yet: {count}."),
        "error.signed_out": _("Sign in as desk staff of this event first."),
        "error.unreachable": _("The server is not responding. Connect to the network to enable this device."),
    }


def list_status_texts() -> dict[str, str]:
    return {
        "connection.online": _("Online, everything up to date"),
        "connection.offline": _("Offline: everything is stored and sent later"),
        "connection.signed_out": _("Online, but signed out: sign in to send entries"),
        "connection.refused": _("Refused by the server: {sentence}"),
        "connection.erased": _("This device is no longer enabled: the guest list has been erased"),
        "storage.restored": _(
            "The browser erased this device’s storage. The guest list has been stored again; nothing is lost."
        ),
        "storage.restored_pending": _(
            "The browser erased this device’s storage. The guest list and the unsent entries ({count}) have "
            "been stored again. Leave this page open until they are sent."
        ),
        "list.time": _("List of {time}"),
        "pending": _("{count} to send"),
        "inside": _("{count} inside"),
        "found": _("Found: {count}"),
        "scan.not_a_badge": _("This is not one of our badges. Scan again, or type the name."),
        "scan.incomplete": _("Incomplete code: scan again."),
        **{f"scan.{name}": str(sentence) for name, sentence in BADGE_PROBLEMS.items()},
        "scan.newer": _(
            "This badge is newer than this device’s list: the name or the company may have changed. Check "
            "the badge itself."
        ),
        "scan.unknown": _(
            "This badge is not on this device’s list, which dates from {time}. The guest may have registered "
            "later."
        ),
        "search.none": _(
            "Nobody found. This device’s list dates from {time}: people who registered later are not on it. "
            "A reference or a short code must be complete."
        ),
        "no_list": _("No guests on this device yet. Connect to the network."),
    }


def list_guest_texts() -> dict[str, str]:
    return {
        "check_in": _("Check in"),
        "check_out": _("Check out"),
        "print": _("Print the badge"),
        "print.letters": _(
            "Check the printed badge: this device may not be able to print every letter of this name. If any "
            "are missing, print the badge again at an online desk."
        ),
        "open": _("Details"),
        "register": _("Register someone"),
        "undo": pgettext("desk", "Undo"),
        "verdict.in": _("Checked in"),
        "verdict.out": _("Checked out"),
        "verdict.already_in": describe_refused_entry(Verdict(ALREADY_IN)),
        "verdict.registered": pgettext("walk-in", "Registered"),
        "verdict.undone": pgettext("scan", "Undone"),
        "payment.paid": _("order paid"),
        "payment.to_pay": _("to pay: {amount}"),
        "payment.to_invoice": _("on invoice: {amount}"),
        "group_payment.paid": _("order paid"),
        "group_payment.to_pay": _("order of {count} people: {amount} to pay"),
        "group_payment.to_invoice": _("order of {count} people: {amount} on invoice"),
        "facts.inside": _("inside, arrived at {time}"),
        "facts.left": _("arrived at {time}, has left"),
        "facts.not_arrived": _("not arrived yet"),
        "facts.printed": _("badge printed at {time}"),
        "facts.no_photo": _("No photos"),
        "facts.pending": _("to send"),
        "reprint.why": _("Already printed. Why is another badge needed?"),
        "reprint.no_next": _(
            "Already printed, and this device has no further code for this guest. After a printer jam, print "
            "the same badge again. If the badge is lost, print a new one when the network is back."
        ),
        "reprint.same": _("Print the same badge again"),
        "names.missing": _("Enter the first name and the last name."),
        "ticket.missing": _("Choose a ticket."),
        "walk_in.no_spare": _("No spare badges left on this device. Connect to the network to get more."),
    }


def list_transfer_texts() -> dict[str, str]:
    return {
        "transfer.title": _("Who is replacing {name}?"),
        "transfer.done": _("Place transferred"),
        "transfer.same_address": str(SAME_ADDRESS_SENTENCE),
        "transfer.member_address": str(MEMBER_ADDRESS_SENTENCE),
        "transfer.member_hint": str(MEMBER_ADDRESS_HINT),
    }


def list_payment_texts() -> dict[str, str]:
    return {
        "payment.take": _("Take a payment"),
        "payment.due": _("{name}: {amount} due"),
        "payment.no_amount": _("Enter the amount received."),
        "payment.too_much": _("This is more than is due."),
        "payment.no_method": _("Choose how the guest pays."),
        "payment.recorded": _("Payment recorded"),
        "payment.invoiced": _("To be invoiced"),
    }


def list_entry_texts() -> dict[str, str]:
    return {
        "entry.check_in": _("Check-in of {name}"),
        "entry.undo": _("Check-in of {name}, undone"),
        "entry.walk_in": _("Registration of {name}"),
        "entry.note": _("Note about {name}"),
        "entry.correct": _("Correction to {name}’s details"),
        "entry.substitute": _("Transfer to {name}"),
        "entry.print": _("Badge for {name}"),
        "entry.payment": _("Payment: {name}"),
        "entry.invoice": _("Invoice instead of a payment: {name}"),
        "entry.amount": _("Amount: {amount}"),
        "entry.resolve": _("Resolved entry about {name}"),
        "entry.made_at": _("{time} on this device"),
        "entry.replaced": _("Replaces: {name}"),
        "entry.typed": _("Entered: {values}"),
        "entry.attention": pgettext("entries of a desk", "Needs attention ({count})"),
        "resolve": _("Mark as resolved"),
    }
