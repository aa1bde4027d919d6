"""Texts of the scanner's script in the active language; the script fills in {placeholders}.

They are part of the page, so that they are there without a network.
"""

from django.utils.translation import gettext as _
from django.utils.translation import pgettext


def scanner_texts() -> dict[str, str]:
    """Return all texts by name."""
    return {
        **verdict_texts(),
        **reason_texts(),
        **status_texts(),
        **pairing_texts(),
        **camera_texts(),
        **readiness_texts(),
        **queue_texts(),
    }


def verdict_texts() -> dict[str, str]:
    return {
        "verdict.admitted": pgettext("verdict", "Welcome"),
        "verdict.out": pgettext("verdict", "Goodbye"),
        "verdict.already_in": pgettext("verdict", "Already in"),
        "verdict.refused": pgettext("verdict", "Refused"),
        "verdict.action": pgettext("verdict", "Action needed"),
        "verdict.unverified": pgettext("verdict", "Unverified"),
        "detail.since": _("since {time}, {place}"),
        "detail.since_here": _("since {time}, here"),
        "detail.inside": _("This badge has already been scanned in."),
        "detail.server": _(
            "The server does not admit this badge, shown as “{shown}” at {time}. Stop its holder."
        ),
        "detail.continue": _("Tap to continue"),
        "detail.nobody": _("Badge"),
    }


def reason_texts() -> dict[str, str]:
    return {
        "reason.forged": _("Not signed by the organizer: damaged copy or forged badge."),
        "reason.unknown": _("Genuine badge, but not on this phone’s list: perhaps registered just now."),
        "reason.unknown_refused": _("Unknown badge."),
        "reason.not_a_badge": _("This is not a badge of this convention."),
        "reason.revoked": _("This badge was replaced by a newer one."),
        "reason.cancelled": _("This registration has been cancelled."),
        "reason.unpaid": _("The payment has not arrived: send to the desk."),
        "reason.unconfirmed": _("The order is not confirmed yet: send to the desk."),
        "reason.other_event": _("Badge for another event."),
        "reason.not_booked": _("No place booked here."),
        "reason.not_entitled": _("Not included in this ticket."),
        "reason.outside_window": _("Not open at this time."),
        "reason.full": _("The room is full."),
        "reason.offline": _("This checkpoint works online only: wait for the network or send to the desk."),
        "reason.conflict": _("Scanned at two doors at the same time: check who has the badge."),
        "reason.id_reused": _("The server could not save this scan: scan again."),
        "reason.invalid": _("The server could not read this scan: scan again."),
        "reason.other": _("Send to the desk."),
    }


def status_texts() -> dict[str, str]:
    return {
        "strip.online": _("Online"),
        "strip.offline": _("Offline"),
        "strip.fresh": _("List up to date"),
        "strip.seconds": _("List {count} s old"),
        "strip.minutes": _("List {count} min old"),
        "strip.hours": _("List {count} h old"),
        "strip.pending": _("{count} to send"),
        "strip.sent": _("All sent"),
        "strip.inside": _("{count} inside"),
        "last.undone": _("Scan undone: counted as an exit."),
        "last.undoing": _("{name}: entry undone"),
        "last.line": _("{name} · {verdict} · {time}"),
    }


def pairing_texts() -> dict[str, str]:
    return {
        "pair.checking": _("Checking with the server…"),
        "pair.not_a_token": _("This is not a pairing code. Ask the organizer to show it again."),
        "pair.unreachable": _(
            "The server is not responding. Connect this phone to the network and try again."
        ),
        "pair.refused": _("This pairing code has expired or been revoked. Ask the organizer for a new one."),
        "pair.ended": _(
            "This phone can no longer scan: its pairing has expired or been revoked. Its list "
            "has been erased."
        ),
        "pair.ended_pending": _(
            "Scans not sent: {count}. They stay on this phone: pair it "
            "again with the same event to send them."
        ),
        "pair.cannot_leave": _(
            "Scans still to send: {count}. Connect to the network first so that none are lost."
        ),
        "pair.insecure": _(
            "This address is not secure, so the browser blocks the camera and the keys. Open the "
            "address that starts with https."
        ),
        "pair.no_storage": _(
            "This browser cannot store data here, so scans could be lost. Open the page in a "
            "normal window, not a private one."
        ),
        "pair.left": _("This phone is unpaired; its data has been erased."),
    }


def camera_texts() -> dict[str, str]:
    return {
        "camera.aim": _("Hold a badge in front of the camera"),
        "camera.aim_pairing": _("Hold the organizer’s pairing code in front of the camera"),
        "camera.refused": _(
            "The camera is not allowed. Allow it in the browser’s settings for this page, then try again."
        ),
        "camera.absent": _("No camera found. Use a hand scanner, or enter the code."),
        "camera.busy": _("Another app is using the camera. Close it, then try again."),
        "camera.insecure": _(
            "The browser allows the camera on secure pages (https) only. Open the secure address."
        ),
        "camera.reader": _(
            "The code reader could not be loaded. Connect to the network once, then try again."
        ),
    }


def readiness_texts() -> dict[str, str]:
    return {
        "ready.yes": _("Ready to work offline"),
        "ready.no": _("Not yet ready to work offline"),
        "ready.list": _("Attendee list on this phone ({count})"),
        "ready.no_list": _("Attendee list not yet on this phone"),
        "ready.app": _("App stored on this phone"),
        "ready.no_app": _("App not yet stored on this phone"),
        "ready.reader": _("Code reader loaded"),
        "ready.no_reader": _("Code reader not yet loaded"),
        "ready.storage": _("Storage protected"),
        "ready.no_storage": _(
            "The browser may clear its storage when space runs short; add this page to the home screen"
        ),
        "ready.sound": _("Sound on"),
        "ready.no_sound": _("Sound off: tap the screen once"),
        "ready.clock": _("Clock correct"),
        "ready.no_clock": _("Clock off by {count} s: corrected"),
        "ready.signature": _("Signatures checked on this phone"),
        "ready.no_signature": _("This browser cannot check signatures: only badges on the list are admitted"),
    }


def queue_texts() -> dict[str, str]:
    return {
        "queue.empty": _("Everything is sent."),
        "queue.waiting": _("Scans waiting for the network: {count}."),
        "queue.sending": _("Sending…"),
        "queue.trouble": _(
            "Server problem ({status}). The scans stay on this phone and will be sent again automatically."
        ),
        "queue.storage": _(
            "This phone cannot store the scan: free up some space. The person was not counted."
        ),
        "manual.unreadable": _(
            "Not a valid code. Enter the whole code, or hold the badge in front of the camera."
        ),
    }
