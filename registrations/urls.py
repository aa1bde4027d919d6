"""Addresses."""

from typing import Any

from django.urls import path
from django.utils.translation import gettext_lazy as _

from convention.routes import OrganizerPage

from . import api
from .views import event, links, mine, order, organize, organize_waiting, register, sessions, tickets, waiting

LINK = "orders/<slug:reference>/<slug:secret>"
LIST = "organize/<slug:event>/registrations"
WAITING = "organize/<slug:event>/waiting"
TICKETS = "organize/<slug:event>/tickets"

pages: list[Any] = [
    path("events/<slug:slug>/", event.event, name="event"),
    path("events/<slug:slug>/register/", register.who, name="register"),
    path("events/<slug:slug>/register/choices/", register.choices, name="register-choices"),
    path("events/<slug:slug>/register/check/", register.check, name="register-check"),
    path("orders/confirm/<str:token>/", order.prove_address, name="prove"),
    path("orders/link/", links.lost, name="lost-link"),
    path(f"{LINK}/", order.order, name="order"),
    path(f"{LINK}/renew/", links.renew_own, name="order-renew"),
    path(f"{LINK}/calendar.ics", order.calendar, name="order-calendar"),
    path(f"{LINK}/<slug:person>/correct/", order.correct_registration, name="order-correct"),
    path(f"{LINK}/<slug:person>/cancel/", order.cancel_registration, name="order-cancel"),
    path(f"{LINK}/<slug:person>/sessions/", sessions.own_sessions, name="order-sessions"),
    path(f"{LINK}/<slug:person>/agenda.pdf", sessions.own_agenda, name="order-agenda"),
    path("events/<slug:event>/waiting/<slug:ticket>/", waiting.join, name="join-waiting"),
    path("waiting/<slug:secret>/", waiting.entry, name="waiting"),
    path("waiting/<slug:secret>/leave/", waiting.leave, name="waiting-leave"),
    path("me/", mine.me, name="me"),
    path(f"{LIST}/", organize.registrations, name="organize-registrations"),
    path(f"{LIST}.csv", organize.export, {"kind": "csv"}, name="organize-registrations-csv"),
    path(f"{LIST}.xlsx", organize.export, {"kind": "xlsx"}, name="organize-registrations-xlsx"),
    path(f"{LIST}/import/", organize.import_page, name="organize-registrations-import"),
    path(f"{LIST}/<slug:reference>/", organize.registration, name="organize-registration"),
    path(f"{LIST}/<slug:reference>/cancel/", organize.cancel_one, name="organize-registration-cancel"),
    path(f"{LIST}/<slug:reference>/resend/", organize.resend_one, name="organize-registration-resend"),
    path(f"{LIST}/<slug:reference>/renew/", links.renew_for, name="organize-registration-renew"),
    path(f"{LIST}/<slug:reference>/sessions/", sessions.sessions_for, name="organize-registration-sessions"),
    path(f"{WAITING}/", organize_waiting.waiting, name="organize-waiting"),
    path(f"{WAITING}.csv", organize_waiting.export, {"kind": "csv"}, name="organize-waiting-csv"),
    path(f"{WAITING}.xlsx", organize_waiting.export, {"kind": "xlsx"}, name="organize-waiting-xlsx"),
    path(f"{WAITING}/<int:pk>/", organize_waiting.act, name="organize-waiting-act"),
    path(f"{TICKETS}/", tickets.tickets, name="organize-tickets"),
    path(f"{TICKETS}/new/", tickets.new_ticket, name="organize-ticket-new"),
    path(f"{TICKETS}/<slug:slug>/", tickets.ticket, name="organize-ticket"),
    path(f"{TICKETS}/<slug:slug>/remove/", tickets.remove, name="organize-ticket-remove"),
]
endpoints: list[Any] = [
    path("events/<slug:event>/orders/", api.Orders.as_view(), name="api-orders"),
    path("events/<slug:event>/registrations/", api.Registrations.as_view(), name="api-registrations"),
]
organizer_pages = [
    OrganizerPage("organize-registrations", _("Registrations"), 10),
    OrganizerPage("organize-tickets", _("Tickets"), 20),
    OrganizerPage("organize-waiting", _("Waiting lists"), 25),
]
