"""The areas that an outside organizer may use: shown to both sides, and checked by tests of permissions."""

from typing import Final

from django.utils.translation import gettext_lazy as _

ALLOWED_AREAS: Final = (
    _("registrations of this event: tickets, orders, lists, imports, e-mails to attendees"),
    _("its schedule, rooms and printed agendas"),
    _("badges, checkpoints, scanner phones, attendance and the desk"),
)
FORBIDDEN_AREAS: Final = (
    _("every other event"),
    _("identity details for hosts, and visitor lists"),
    _("votes, ballots and consultations"),
    _("the club’s directory: companies, memberships, people"),
    _("the club’s money: invoices, bank, books"),
    _("the privacy desk"),
    _("the roles of the club’s own people, and the choice of who works for the firm"),
)
