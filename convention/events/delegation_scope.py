"""The areas that an outside organizer may use: shown to both sides, and checked by tests of permissions."""

from typing import Final

from django.utils.translation import gettext_lazy as _

ALLOWED_AREAS: Final = (
    _("registrations of this event: tickets, orders, lists, imports, e-mails to those who come"),
    _("its schedule, rooms and printed agendas"),
    _("badges, doors, phones that scan, attendance and the desk"),
)
FORBIDDEN_AREAS: Final = (
    _("every other event"),
    _("identities that hosts ask for, and visitor lists"),
    _("votes, ballots and consultations"),
    _("the club’s directory: companies, memberships, people"),
    _("the club’s money: invoices, bank, books"),
    _("the privacy desk"),
    _("roles of the club’s own people, and who runs the event for the firm"),
)
