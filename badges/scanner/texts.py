"""Texts of the scanner's script in the active language; the script fills in {placeholders}.

They are part of the page, so that they are available offline.
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
        **advice_texts(),
        **queue_texts(),
        **search_texts(),
        **conflict_texts(),
    }


def verdict_texts() -> dict[str, str]:
    return {
        "verdict.admitted": pgettext("verdict", "Welcome"),
        "verdict.out": pgettext("verdict", "Goodbye"),
        "verdict.already_in": pgettext("verdict", "Already in"),
        "verdict.refused": pgettext("verdict", "Refused"),
        "verdict.action": pgettext("verdict", "Action needed"),
        "verdict.unverified": pgettext("verdict", "Unverified"),
        "verdict.full": pgettext("verdict", "Full"),
        "verdict.let_in": pgettext("verdict", "Let in"),
        "detail.since": _("since {time}, {place}"),
        "detail.since_here": _("since {time}, here"),
        "detail.inside": _("This badge has already been scanned in."),
        "detail.server": _(
            "The server has refused this badge, although this phone showed “{shown}” at {time}. "
            "Ask the person to come back."
        ),
        "detail.desk_entry": _(
            "The desk had already recorded this arrival at {time}. The guest can stay inside."
        ),
        "detail.continue": _("Tap to continue"),
        "detail.not_read": _("Other badge not read: confirm this one first."),
        "detail.not_let_in": _("Tap anywhere else if the person stays outside"),
        "action.let_in": pgettext("scanner", "Let in"),
        "detail.override": _("Admitted by a supervisor: {reason}"),
        "mark.no_photo": _("No photos"),
        "mark.to_pay": _("Payment due: send to the desk"),
        "detail.nobody": _("Badge"),
    }


def reason_texts() -> dict[str, str]:
    return {
        "reason.forged": _("Not signed by the organizer: damaged copy or forged badge."),
        "reason.unknown": _(
            "Genuine badge, but not on this phone’s list. The attendee may have registered just now."
        ),
        "reason.unknown_refused": _("Unknown badge."),
        "reason.not_a_badge": _("This is not one of our badges."),
        "reason.incomplete": _("Incomplete code: scan again."),
        "reason.revoked": _("This badge has been replaced by a newer one."),
        "reason.cancelled": _("This registration has been cancelled."),
        "reason.unpaid": _("The payment has not arrived: send to the desk."),
        "reason.unconfirmed": _("The order is not confirmed yet: send to the desk."),
        "reason.unnamed": _("The attendee’s name is missing: send to the desk."),
        "reason.other_event": _("Badge for another event."),
        "reason.not_booked": _("No place booked here."),
        "reason.not_entitled": _("Not included in this ticket."),
        "reason.outside_window": _("Not open at this time."),
        "reason.full": _("The room is full."),
        "reason.unchecked": _(
            "This phone cannot tell whether the badge is genuine: wait for the network or send to the desk."
        ),
        "reason.not_allowed": _("This phone cannot undo that scan: ask a supervisor."),
        "reason.revoked_device": _("This phone’s pairing had ended before this scan: send to the desk."),
        "reason.offline": _("This checkpoint works online only: wait for the network or send to the desk."),
        "reason.conflict": _("This badge was let in twice: check who has it."),
        "reason.id_reused": _("The server could not save this scan: scan again."),
        "reason.invalid": _("The server could not read this scan: scan again."),
        "reason.typed": _(
            "The server is looking up this code. If no answer comes, send the person to the desk."
        ),
        "reason.too_many_tries": _(
            "Too many codes have been entered on this phone: wait a minute, then enter the code again."
        ),
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
        "strip.inside_between": _("{count} inside ({low}–{high})"),
        "menu.inside_between": _(
            "Between {low} and {high} people are inside. Devices not responding: {devices}; they may still "
            "have scans to send."
        ),
        "strip.other_pending": _("{event}: {count} to send"),
        "strip.early": _("The event does not start until {date}, but arrivals recorded now will count."),
        "last.undone": _("Scan undone."),
        "last.undoing": _("{name}: entry undone"),
        "last.undoing_exit": _("{name}: exit undone"),
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
            "Scans not sent: {count} ({event}). They stay on this phone: pair it with the "
            "same event again to send them."
        ),
        "pair.leave_pending": _(
            "Scans not sent: {count}. If you unpair now, they will stay on this phone until it is "
            "paired with the same event again. Clearing the browser’s data would erase them."
        ),
        "pair.insecure": _(
            "This address is not secure, so the browser blocks the camera and badge checks. Open "
            "the address that starts with https."
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
            "Camera access is blocked. Allow it in the browser’s settings for this page, then try again."
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
        "ready.ok": _("OK:"),
        "ready.problem": _("Problem:"),
        "ready.advice": _("To check:"),
        "ready.list": _("Attendee list on this phone ({count})"),
        "ready.no_list": _("Attendee list not yet on this phone"),
        "ready.age": _("List up to date"),
        "ready.no_age": _("List {count} min old"),
        "ready.app": _("App stored on this phone"),
        "ready.no_app": _("App not yet stored on this phone"),
        "ready.reader": _("Code reader loaded"),
        "ready.no_reader": _("Code reader not yet loaded"),
        "ready.camera": _("Camera works"),
        "ready.no_camera": _("Camera not working"),
        "ready.badge": _("Test badge read"),
        "ready.no_badge": _("No test badge read yet"),
        "ready.storage": _("Storage protected"),
        "ready.no_storage": _("Storage not protected"),
        "ready.sound": _("Sound on"),
        "ready.no_sound": _("Sound off"),
        "ready.clock": _("Clock correct"),
        "ready.no_clock": _("Clock off by {count} s: corrected"),
        "ready.signature": _("Signatures checked on this phone"),
        "ready.no_signature": _("This browser cannot check signatures"),
        "lens.number": _("Camera {number}"),
        "test.aim": _("Hold any badge in front of the camera: it is checked, not counted"),
        "test.title": pgettext("verdict", "Test"),
        "test.passed": _("This phone reads badges. Nothing was counted."),
        "test.failed": _("This is not a valid badge for this event. Nothing was counted; try another one."),
    }


def advice_texts() -> dict[str, str]:
    """Return, for each check, what to do if it fails."""
    return {
        "advice.list": _("Connect to the network and tap “Send and refresh now”."),
        "advice.age": _("Connect to the network and tap “Send and refresh now”."),
        "advice.app": _("Stay online for a minute with this page open."),
        "advice.reader": _("Connect to the network and reopen this page."),
        "advice.camera": _(
            "Allow the camera for this page, close other apps that use it, or use a hand scanner."
        ),
        "advice.badge": _("Tap “Test a badge” and show any badge for this event."),
        "advice.storage": _(
            "The browser may clear its storage when space runs short: add this page to the home screen."
        ),
        "advice.sound": _("Tap the screen once, and turn up the volume."),
        "advice.clock": _(
            "Set the phone’s clock to automatic. Scans are recorded with the correct time anyway."
        ),
        "advice.signature": _(
            "Badges on the list work; all others need the network. Update the browser if you can."
        ),
    }


def queue_texts() -> dict[str, str]:
    return {
        "queue.empty": _("Everything has been sent."),
        "queue.waiting": _("Scans waiting for the network: {count}."),
        "queue.other_event": _(
            "Scans from another event are waiting on this phone: {count} ({event}). Pair it with that "
            "event to send them."
        ),
        "queue.sending": _("Sending…"),
        "queue.trouble": _(
            "Server problem ({status}). The scans stay on this phone and will be sent again automatically."
        ),
        "queue.storage": _(
            "This phone cannot store the scan: free up some space. The person was not counted."
        ),
        "storage.restored": _(
            "The browser erased this phone’s storage. The pairing has been restored; the list is being "
            "fetched."
        ),
        "storage.restored_pending": _(
            "The browser erased this phone’s storage. The pairing and the unsent scans ({count}) have been "
            "restored; the list is being fetched."
        ),
    }


def search_texts() -> dict[str, str]:
    return {
        "search.none": _("Nobody found."),
        "search.offline": _("The search needs the network. Scan the badge, or send the person to the desk."),
        "recent.undo": pgettext("scanner", "Undo"),
        "recent.undone": pgettext("scanner", "(undone)"),
        "manual.unreadable": _(
            "Not a valid code. Enter the short code or the whole code, or hold the badge in front of the "
            "camera."
        ),
        "manual.length": _(
            "A short code has {short} characters and a whole code {whole}; this one has {count}. Check what "
            "you entered."
        ),
        "manual.unlisted": _(
            "This code is not on this phone’s list, which dates from {time}. Check each letter. If the "
            "person registered later, connect to the network or send them to the desk."
        ),
        "manual.unknown": _("No valid badge has this code. Check each letter."),
        "manual.offline": _(
            "Short codes need the network. Enter the whole code, or send the person to the desk."
        ),
    }


def conflict_texts() -> dict[str, str]:
    return {
        "conflict.title": pgettext("verdict", "Let in twice"),
        "conflict.title_desk": pgettext("verdict", "Recorded twice"),
        "conflict.detail": _("This badge was let in twice:"),
        "conflict.detail_desk": _("The desk recorded this arrival, too. The guest can stay inside."),
        "conflict.this_phone": _("this phone"),
        "conflict.at_desk": pgettext("scanner", "desk"),
        "conflict.duplicate": _("Same person, recorded twice"),
        "conflict.reentry": _("Left without a scan and came back"),
        "conflict.wrong_badge": _("Someone else’s badge"),
        "conflict.desk": _("Leave it to the desk"),
        "conflict.count": _("To resolve: {count}"),
        "conflict.settled": _("Conflict resolved."),
        "conflict.offline": _(
            "The conflict could not be resolved without the network. Connect, then try again."
        ),
    }
