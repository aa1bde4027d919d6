"""Addresses."""

from typing import Any

from django.urls import path
from django.utils.translation import gettext_lazy as _

from convention.routes import OrganizerPage

from . import api
from .views import answers, event, links, mine, order, organize, questions, register, tickets

LINK = "orders/<slug:reference>/<slug:secret>"
LIST = "organize/<slug:event>/registrations"
TICKETS = "organize/<slug:event>/tickets"
QUESTIONS = "organize/<slug:event>/questions"

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
    path(f"{LINK}/<slug:person>/answers/", answers.answer_own, name="order-answers"),
    path("me/", mine.me, name="me"),
    path(f"{LIST}/", organize.registrations, name="organize-registrations"),
    path(f"{LIST}.csv", organize.export, {"kind": "csv"}, name="organize-registrations-csv"),
    path(f"{LIST}.xlsx", organize.export, {"kind": "xlsx"}, name="organize-registrations-xlsx"),
    path(f"{LIST}/import/", organize.import_page, name="organize-registrations-import"),
    path(f"{LIST}/<slug:reference>/", organize.registration, name="organize-registration"),
    path(f"{LIST}/<slug:reference>/cancel/", organize.cancel_one, name="organize-registration-cancel"),
    path(f"{LIST}/<slug:reference>/resend/", organize.resend_one, name="organize-registration-resend"),
    path(f"{LIST}/<slug:reference>/renew/", links.renew_for, name="organize-registration-renew"),
    path(f"{TICKETS}/", tickets.tickets, name="organize-tickets"),
    path(f"{TICKETS}/new/", tickets.new_ticket, name="organize-ticket-new"),
    path(f"{TICKETS}/<slug:slug>/", tickets.ticket, name="organize-ticket"),
    path(f"{TICKETS}/<slug:slug>/remove/", tickets.remove, name="organize-ticket-remove"),
    path(f"{QUESTIONS}/", questions.questions, name="organize-questions"),
    path(f"{QUESTIONS}/new/", questions.new_question, name="organize-question-new"),
    path(f"{QUESTIONS}/<slug:slug>/", questions.question, name="organize-question"),
    path(f"{QUESTIONS}/<slug:slug>/remove/", questions.remove, name="organize-question-remove"),
    path(f"{LIST}/files/<str:token>/", questions.answer_file, name="organize-answer-file"),
    path(f"{LIST}/<slug:reference>/answers/", answers.answer_for, name="organize-registration-answers"),
]
endpoints: list[Any] = [
    path("events/<slug:event>/orders/", api.Orders.as_view(), name="api-orders"),
    path("events/<slug:event>/registrations/", api.Registrations.as_view(), name="api-registrations"),
]
organizer_pages = [
    OrganizerPage("organize-registrations", _("Registrations"), 10),
    OrganizerPage("organize-tickets", _("Tickets"), 20),
    OrganizerPage("organize-questions", _("Questions"), 22),
]
