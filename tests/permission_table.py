"""The permission table: which role may open which address; `test_permissions.py` compares it with all
addresses.
"""

from convention.club.downloads import CLUB_LISTS as CLUB_LISTS
from tests.registrations.visits.roles import VISIT_DAY_PERMISSIONS, VISIT_DAY_POST_ONLY

OUTSIDERS = {
    "attendee", "other attendee", "company contact", "reviewer", "former organizer",
    "former outside organizer", "treasurer", "secretary",
}  # fmt: skip
ROLES = [
    "anonymous", "erased organizer", *sorted(OUTSIDERS), "organizer elsewhere", "desk", "organizer",
    "outside organizer", "administrator",
]  # fmt: skip
EVERYONE = set(ROLES)
SIGNED_IN = EVERYONE - {"anonymous", "erased organizer"}
ORGANIZERS = {"organizer", "outside organizer", "administrator"}
RUNNING_SOMETHING = ORGANIZERS | {"organizer elsewhere", "desk"}
DESK = ORGANIZERS | {"desk"}
REVIEWERS = ORGANIZERS | {"reviewer"}
ADMINISTRATORS = {"administrator"}
CONTACT = {"company contact"}
PRIVACY_DESK = {"secretary", "administrator"}
TREASURERS = {"treasurer", "administrator"}
SECRETARIES = {"secretary", "administrator"}
VISITS = ORGANIZERS | {"secretary"}
PLANNERS = {"secretary", "administrator"}
NOBODY: set[str] = set()
ORGANIZER_VISIT_STEPS = """
create step cancel confidentiality applicants applicants-csv applicants-xlsx applicant applicant-decide
application-new
""".split()
MAILING_PAGES = """
edit preview preview-html test send schedule cancel resume copy remove log log-file came-back
""".split()
SECRETARY_VISIT_STEPS = (
    "lists remind list-make list list-send list-revoke host host-end replace refuse approve".split()
)

PERMISSIONS_BY_URL_NAME = {
    # the site
    "home": EVERYONE,
    "landing": EVERYONE,
    "accent": EVERYONE,
    "robots": EVERYONE,
    "site-map": EVERYONE,
    "event-picture": EVERYONE,
    "event-preview": EVERYONE,
    "choose-language": EVERYONE,
    "components": EVERYONE,  # in production nobody
    "dev-mails": EVERYONE,
    "dev-mail": NOBODY,
    "dev-mail-html": NOBODY,
    "dev-mail-attachment": NOBODY,
    # the API: public, or for tokens of the right kind
    "api-schema": EVERYONE,
    "api-docs": EVERYONE,
    "api-problem": EVERYONE,
    "api-event": EVERYONE,
    "api-sessions": EVERYONE,
    "api-orders": EVERYONE,
    "api-quotes": EVERYONE,
    "api-registrations": NOBODY,
    "api-cancel": NOBODY,
    "api-attendance": NOBODY,
    "api-attendance-figures": NOBODY,
    "api-headcount": NOBODY,
    "api-draft": NOBODY,
    "api-draft-slots": NOBODY,
    "api-draft-undo": NOBODY,
    "api-session-cancel": NOBODY,
    "api-session-restore": NOBODY,
    "api-draft-conflicts": NOBODY,
    "api-session": NOBODY,
    "api-speakers": NOBODY,
    "api-session-proposals": NOBODY,
    "api-speaker": NOBODY,
    "api-rooms": NOBODY,
    "api-room": NOBODY,
    "api-publish": NOBODY,
    "scanner-pair": EVERYONE,  # the code is the permission
    "scanner-snapshot": NOBODY,
    "scanner-scans": NOBODY,
    "scanner-search": NOBODY,
    "scanner-attendees": NOBODY,
    "scanner-conflicts": NOBODY,
    "scanner-checkpoint": NOBODY,
    # one's own
    "api-tokens": SIGNED_IN,
    "api-token-revoke": NOBODY,  # another person's token
    "me": SIGNED_IN,
    "security": SIGNED_IN,
    "security-sessions-end": SIGNED_IN,
    "security-session-end": NOBODY,  # another person's session
    # what everybody reads
    "event": EVERYONE,
    "agenda": EVERYONE,
    "agenda-embedded": EVERYONE,
    "agenda-worker": EVERYONE,
    "agenda-ics": EVERYONE,
    "agenda-xml": EVERYONE,
    "agenda-json": EVERYONE,
    "agenda-pdf": EVERYONE,
    "agenda-changes": EVERYONE,
    "agenda-changes-feed": EVERYONE,
    "session-choose": EVERYONE,
    "own-agenda": EVERYONE,
    "own-agenda-pdf": NOBODY,  # whoever chose or booked a session
    "own-agenda-feed": EVERYONE,  # with the secret
    "shared-agenda": EVERYONE,  # with the secret
    "agenda-adopt": EVERYONE,  # with the secret
    "session": EVERYONE,
    "event-feedback": EVERYONE,
    "session-feedback": NOBODY,  # whoever was scanned in at the session
    "speakers": EVERYONE,
    "speaker": EVERYONE,
    "speaker-photo": EVERYONE,
    "speaker-page": EVERYONE,  # with the secret
    "speaker-page-photo": EVERYONE,  # with the secret
    "speaker-slides": EVERYONE,  # with the secret
    "speaker-slides-file": EVERYONE,  # with the secret
    "session-file": NOBODY,  # after the session alone: see test_slides
    "call-for-proposals": EVERYONE,
    "own-session-proposal": EVERYONE,  # with the secret
    "review-events": SIGNED_IN,
    "review-queue": REVIEWERS,
    "review-proposal": REVIEWERS,
    "register": EVERYONE,
    "register-choices": EVERYONE,
    "register-review": EVERYONE,
    "badge": EVERYONE,
    # the order's holder, by the secret of the link
    "order": EVERYONE,
    "order-calendar": EVERYONE,
    "order-correct": EVERYONE,
    "order-addons": EVERYONE,
    "order-answers": EVERYONE,
    "order-cancel": EVERYONE,
    "order-cancel-places": EVERYONE,
    "order-substitute": EVERYONE,
    "order-names": EVERYONE,
    "order-details": EVERYONE,
    "order-erasure": EVERYONE,
    "order-absence": EVERYONE,  # refused, since no company pays for the place: see company/test_absence
    "order-badge": EVERYONE,
    "order-badges": EVERYONE,
    "order-apple-pass": NOBODY,  # where it is not configured
    "order-google-pass": NOBODY,
    "order-badge-picture": EVERYONE,
    "order-renew": EVERYONE,
    "order-language": EVERYONE,
    "order-another": EVERYONE,
    "order-resend-link": NOBODY,  # nothing waits for a link in the order at hand
    "order-sessions": EVERYONE,
    "order-agenda": EVERYONE,
    "order-programme": EVERYONE,
    "order-feedback": EVERYONE,
    "order-certificates": EVERYONE,
    "order-certificate": EVERYONE,  # after the event alone: see test_certificates
    "order-session-certificate": NOBODY,
    "certificate-search": EVERYONE,
    "certificate": EVERYONE,  # with the code
    "join-waiting": EVERYONE,
    "waiting": EVERYONE,  # with the secret
    "waiting-leave": EVERYONE,  # with the secret
    "order-pay": EVERYONE,
    "order-pay-test": EVERYONE,  # in production nobody
    "order-transfer": EVERYONE,
    "order-pro-forma": EVERYONE,
    "order-invoice": EVERYONE,
    "order-billing": EVERYONE,
    "order-sponsor": EVERYONE,
    "order-sponsor-logo": EVERYONE,
    **{f"quotation{name}": EVERYONE for name in ("", "-pdf", "-mail", "-order")},  # with the secret
    "sponsors": EVERYONE,
    "sponsor-order": EVERYONE,
    "sponsor-logo": EVERYONE,
    "stripe-webhook": NOBODY,  # Stripe alone, by its signature
    "lost-link": EVERYONE,
    "own-agenda-create": EVERYONE,  # one's own
    "agenda-link-renew": EVERYONE,  # one's own, by the cookie
    **dict.fromkeys(("verify-order", "confirm-erasure"), NOBODY),  # a forged proof
    "club-claim": NOBODY,  # a forged link
    "unsubscribe": EVERYONE,  # with the signed link of a mail
    # the scanner's shell holds nothing; its data ask for a device's token
    "scan": EVERYONE,
    "scanner-worker": EVERYONE,
    "scanner-manifest": EVERYONE,
    # a company's contact: of this one
    "company": CONTACT,
    "company-home": CONTACT,
    "company-seats": CONTACT,
    "company-seat-give": CONTACT,
    "company-seat-take": CONTACT,
    "company-registrations": CONTACT,
    "company-place": CONTACT,
    "company-place-invite": CONTACT,
    "company-colleagues-remind": CONTACT,
    "company-place-cancel": CONTACT,
    "company-place-correct": CONTACT,
    "company-orders": CONTACT,
    "company-order": CONTACT,
    "company-order-billing": CONTACT,
    "company-order-language": CONTACT,
    "company-order-cancel": CONTACT,
    "company-order-names": CONTACT,
    "company-invoice": CONTACT,
    "company-register": CONTACT,
    "company-check": CONTACT,
    "company-quotation-order": CONTACT,
    # visits: of a member, and of who runs them; nobody here has a seat or has applied
    "visits": SIGNED_IN,
    "visit": VISITS,
    "visit-apply": VISITS,
    "visit-withdraw": NOBODY,
    "visit-confidentiality": VISITS,
    "visit-evacuation-worker": EVERYONE,
    **VISIT_DAY_PERMISSIONS,
    "organize-visit": VISITS,
    **dict.fromkeys([f"organize-visit-{name}" for name in ORGANIZER_VISIT_STEPS], VISITS),
    # mailings: to visitors, also by the secretary
    **dict.fromkeys(
        [
            "organize-mail",
            "organize-mailing-new",
            "organize-mail-reminders",
            "organize-mail-bounces",
            "organize-mail-bounce-right",
            "organize-applicants-mail",
            "organize-mailing",
            *(f"organize-mailing-{page}" for page in MAILING_PAGES),
        ],
        VISITS,
    ),
    # the club's companies
    **dict.fromkeys(("club-companies", "club-contact-addresses", "club-selection-addresses"), SECRETARIES),
    "club-company-new": SECRETARIES,
    **{f"club-{name}-{kind}": SECRETARIES for name in CLUB_LISTS for kind in ("csv", "xlsx")},
    "club-company": SECRETARIES,
    "club-company-edit": SECRETARIES,
    **dict.fromkeys(("club-company-merge", "club-company-delete", "club-company-addresses"), SECRETARIES),
    "club-role-add": SECRETARIES,
    "club-role-end": SECRETARIES,  # of a vendor; other roles are for administrators
    **dict.fromkeys(("club-people", "club-people-addresses", "club-person-new"), SECRETARIES),
    "club-person": SECRETARIES,
    **dict.fromkeys(("club-person-edit", "club-person-merge-search", "club-person-merge"), SECRETARIES),
    **dict.fromkeys(("club-person-address-remove", "club-person-address-ask"), SECRETARIES),
    **dict.fromkeys(("club-person-close", "club-person-reopen"), ADMINISTRATORS),
    "club-employment-add": SECRETARIES,
    "club-employment": SECRETARIES,
    "club-employment-end": SECRETARIES,
    "club-employment-remove": SECRETARIES,
    "club-roles": ADMINISTRATORS,
    "club-person-role-end": ADMINISTRATORS,
    **dict.fromkeys(("club-groups", "club-group-new", "club-group-addresses"), SECRETARIES),
    "club-group": SECRETARIES,
    "club-group-edit": SECRETARIES,
    "club-mandate": SECRETARIES,
    "club-mandate-end": SECRETARIES,
    "club-plans": ADMINISTRATORS,
    "club-plan-new": ADMINISTRATORS,
    "club-plan": ADMINISTRATORS,
    "club-markets": ADMINISTRATORS,
    "club-market": ADMINISTRATORS,
    "club-import": SECRETARIES,
    "club-imports": SECRETARIES,
    "club-import-undo": SECRETARIES,
    "club-long-jobs": SECRETARIES,
    "club-long-job": SECRETARIES,
    "club-contact-end": SECRETARIES,
    "club-seat-give": SECRETARIES,
    "club-seat-end": SECRETARIES,
    "club-seat-move": SECRETARIES,
    "club-membership-new": SECRETARIES,
    "club-membership": SECRETARIES,
    "club-membership-confirm": SECRETARIES,
    "club-membership-end": SECRETARIES,
    "club-membership-renew": SECRETARIES,
    **dict.fromkeys(("club-renewals", "club-confirmations", "club-drafts-delete"), SECRETARIES),
    "club-employer-change": SECRETARIES,
    # what visitors tell a host: their own, the secretary's lists, the host's pages by its own links
    "visit-identity": NOBODY,  # but people with a place: see test_identities
    **dict.fromkeys(
        [
            "organize-visit-lists",
            "organize-visit-list-make",
            "organize-visit-list",
            "organize-visit-list-send",
            "organize-visit-list-revoke",
            "organize-visit-host",
            "organize-visit-host-end",
            "organize-visit-replace",
            "organize-visit-propose",
            "organize-visit-refuse",
            "organize-visit-approve",
        ],
        SECRETARIES,
    ),
    "host": EVERYONE,
    "host-sign-in": EVERYONE,  # a button: the secret decides
    "host-sign-out": EVERYONE,
    "host-list": EVERYONE,  # with the secret
    "host-visit": NOBODY,  # but whom a mailed link let in: see test_hosts
    "host-visit-list": NOBODY,
    "host-person": NOBODY,
    "host-briefing": NOBODY,
    # one's own data; and privacy requests
    **{f"my-privacy{name}": SIGNED_IN for name in ("", "-file", "-agree", "-disagree", "-erase")},
    "my-privacy-withdraw": NOBODY,  # who asked for nothing has nothing to take back
    **{f"privacy{name}": PRIVACY_DESK for name in ("", "-case-new", "-case-person", "-retention")},
    **{f"privacy-case{name}": PRIVACY_DESK for name in ("", "-file", "-erase", "-refuse", "-answered")},
    **dict.fromkeys(("privacy-purpose-texts", "privacy-case-ask"), PRIVACY_DESK),
    **{f"privacy-{name}": ADMINISTRATORS for name in ("retention-run", "retention-edit", "purpose-text")},
    # the season: members and vendors are tried in test_planning; nobody here is one
    "season": PLANNERS,
    "proposals": NOBODY,
    "proposal-new": NOBODY,
    "proposal-respond": NOBODY,
    **{f"organize-company-history{kind}": PLANNERS for kind in ("", "-csv", "-xlsx")},
    **{f"organize-proposal{name}": PLANNERS for name in ("", "s", "-new", "-date", "-decide")},
    "organize-season": PLANNERS,
    "organize-visit-new": PLANNERS,
    **dict.fromkeys([f"organize-visit-{name}" for name in SECRETARY_VISIT_STEPS], SECRETARIES),
    **dict.fromkeys(["host", "host-sign-in", "host-sign-out", "host-list"], EVERYONE),  # with the secret
    # but whom a mailed link let in: see test_hosts
    **dict.fromkeys(["host-visit", "host-visit-list", "host-person", "host-briefing"], NOBODY),
    **dict.fromkeys(["host-proposals", "host-proposal-withdraw"], NOBODY),
    # the treasurer
    **dict.fromkeys(
        [
            "receivables",
            "receivables-csv",
            "receivables-xlsx",
            "receivable-new",
            *("quotations", "quotation-new"),
            "invoices-issue",
            "billing-details-ask",
            "memberships-to-invoice",
            "invoice-list",
            "invoice-list-csv",
            "invoice-list-xlsx",
            "invoice-list-pdfs",
            "invoice-send",
            "receivable-lines",
            "receivable",
            "receivable-buyer",
            "receivable-pro-forma",
            "receivable-issue",
            "receivable-deposit",
            "receivable-pay",
            "receivable-credit",
            "invoice-pdf",
            "invoice-credit",
            "invoice-correct",
            "payment-refund",
            "payment-cancel",
            "refund-done",
            "refund-failed",
            "accounting",
            "accounting-fec",
            "accounting-close",
            "payouts",
            "payout",
            "issuer",
            "day-book",
            "day-book-csv",
            "day-book-xlsx",
            "revenue",
            "revenue-csv",
            "revenue-xlsx",
            *"card-payments card-payment-confirm refunds-done refunds-sepa refunds-csv".split(),
            "bank-lines",
            "bank-import",
            "bank-line",
            "bank-line-ignore",
            "bank-line-undo",
            "bank-line-undo-all",
            "bank-return-undo",
        ],
        TREASURERS,
    ),
    # organizers
    "organize": RUNNING_SOMETHING - {"desk"} | {"secretary"},
    **{
        f"organize-quotation{n}": ORGANIZERS | TREASURERS for n in ("s", "-pdf", "-new", "-mail", "-withdraw")
    },
    "organize-event-new": ADMINISTRATORS,
    **dict.fromkeys(["organize-event-start", "organize-event-create"], ADMINISTRATORS),
    "organize-meeting-new": SECRETARIES,
    "organize-meeting-draft": NOBODY,  # but the secretary who added it: see test_new_meeting
    "organize-event-copy": ADMINISTRATORS,
    "organize-event": ORGANIZERS,
    "organize-event-delete": ORGANIZERS - {"outside organizer"},
    "organize-event-cancel": ORGANIZERS - {"outside organizer"},
    "organize-event-restore": ORGANIZERS - {"outside organizer"},
    "organize-role-end": ORGANIZERS - {"outside organizer"},  # a role that the club gave
    "organize-delegation-new": ADMINISTRATORS,
    "organize-delegate-add": ADMINISTRATORS,
    "organize-delegation-end": ADMINISTRATORS,
    "desks": RUNNING_SOMETHING,
    "desk": DESK,
    "desk-badge": DESK,
    "desk-answers": DESK,
    "desk-cancel": DESK,
    "desk-confirm": DESK,
    "desk-walk-in": DESK,
    "desk-numbers": DESK,
    "desk-devices": DESK,
    "desk-device-revoke": DESK,
    "desk-session": DESK,
    "desk-enable": DESK,
    "desk-contact": DESK,
    "desk-sync": DESK,
    "desk-offline": EVERYONE,
    "desk-manifest": EVERYONE,
    "desk-worker": EVERYONE,
    "desk-guest": DESK,
    "desk-check-in": DESK,
    "desk-undo": DESK,
    "desk-note": DESK,
    "desk-correct": DESK,
    "desk-language": DESK,
    "desk-substitute": DESK,
    "desk-payment": DESK - {"outside organizer"},
    "desk-invoice": DESK - {"outside organizer"},
    "desk-receipt": DESK - {"outside organizer"},
    "desk-payment-undo": DESK - {"outside organizer"},
    "organize-attendance": DESK,
    "organize-attendance-checkpoint": DESK,
    "organize-conflicts": DESK,
    "organize-conflict-resolve": DESK,
    "organize-devices": DESK,
    "organize-device-pairing-code": DESK,
    "organize-evacuation": DESK,
    "organize-evacuation-pdf": DESK,
    "organize-attendance-person": DESK,
    "organize-check-in": DESK,
    "organize-conflicts-resolve": DESK,
    "organize-ready": DESK,
    "organize-sheets": DESK,
    "organize-sheet": DESK,
    "organize-sheet-pdf": DESK,
}
POST_ONLY = {
    "organize-visit-list-make", "organize-visit-list-send", "organize-visit-list-revoke",
    "organize-visit-host-end", "organize-visit-refuse", "organize-visit-approve", "host-sign-out",
    "host-visit-list", "host-proposal-withdraw", "organize-visit-remind",
    "my-privacy-file", "my-privacy-agree", "my-privacy-disagree", "my-privacy-erase", "my-privacy-withdraw",
    "privacy-retention-run", "privacy-case-file", "privacy-case-erase", "privacy-case-refuse",
    "privacy-case-answered", "privacy-case-person",
    "proposal-respond", "organize-proposal-date", "organize-proposal-decide", "club-selection-addresses",
    "club-role-add", "club-employment-add", "club-person-close", "club-person-reopen", "club-mandate-end",
    "company-seat-give", "company-seat-take", "company-place-invite", "club-seat-give", "club-renewals",
    "club-membership-confirm", "club-membership-end", "club-membership-renew", "company-colleagues-remind",
    "waiting-leave", "organize-waiting-action", "quotation-mail", "organize-quotation-mail",
    "security-sessions-end", "security-session-end", "club-confirmations", "club-drafts-delete",
    "choose-language", "agenda-adopt", "own-agenda-create", "api-token-revoke",
    "organize-delegation-end", "organize-check-in", "organize-checkpoints-sessions",
    "organize-conflict-resolve", "organize-conflicts-resolve", "organize-conflict-reopen",
    "scanner-checkpoint", "organize-certificates-print", "organize-certificate-withdraw",
    "organize-device-revoke", "organize-checkpoint-remove",
    *(
        f"organize-selection-{action}"
        for action in ("mail", "resend", "cancel", "ticket", "export", "badges", "merge")
    ),
    "organize-registration-cancel", "organize-registration-reinstate", "organize-registration-note",
    "order-another", "api-orders", "api-quotes", "api-cancel",
    "quotation-order", "company-quotation-order", "billing-details-ask",
    "scanner-scans", "scanner-pair", "scanner-search",
    "api-draft-slots", "api-draft-undo", "api-session-cancel", "api-session-restore", "api-publish",
    "organize-session-cancel", "organize-session-restore", "organize-session-remove", "organize-track-move",
    "organize-schedule-undo", "organize-schedule-redo",
    "organize-board-undo", "organize-board-redo",
    "organize-schedule-conflict-fix", "organize-schedule-conflict-undo",
    "organize-speaker-availability",
    "organize-speaker-link-send", "organize-speaker-link-revoke", "organize-speaker-photo", "speaker-slides",
    "organize-session-proposals-decide", "organize-session-file-toggle",
    "organize-ticket-remove",
    "organize-addon-remove", "organize-voucher-remove", "organize-quota-remove",
    "organize-question-move", "organize-question-remove",
    "organize-package-remove", "organize-sponsor-logo-new", "organize-sponsor-cancel",
    "stripe-webhook", "card-payment-confirm", "bank-line-ignore", "bank-line-undo",
    "bank-line-undo-all", "bank-return-undo",
    "organize-registration-confirm", "desk-confirm", "desk-check-in", "desk-undo", "desk-note",
    "desk-invoice", "desk-device-revoke", "desk-enable", "desk-contact", "desk-sync",
    "organize-registration-resend", "organize-registration-renew", "agenda-link-renew",
    "order-language", "organize-registration-language", "company-order-language", "desk-language",
    "organize-badges-print", "organize-badges-removed", "organize-feedback-send",
    "organize-mailing-test", "organize-mailing-send", "organize-mailing-schedule", "organize-mailing-cancel",
    "organize-date-change-dismiss",
    "organize-mailing-resume", "organize-mailing-copy", "organize-mailing-remove",
    "organize-mailing-came-back", "organize-mail-bounce-right", "organize-duplicate-apart",
    "visit-apply", "visit-withdraw", "organize-visit-create", "organize-visit-step",
    "organize-visit-applicant-decide", "organize-plan-run-stop", "organize-plan-run-adopt",
    "organize-plan-run-delete", "organize-plan-place", "order-programme",
    "organize-event-open-registration", "organize-event-restore", *VISIT_DAY_POST_ONLY,
}  # fmt: skip
# A check once chosen; a choice of a session.
