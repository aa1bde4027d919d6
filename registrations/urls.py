"""Addresses."""

from typing import Any

from django.urls import path
from django.utils.translation import gettext_lazy as _

from convention.routes import OrganizerPage

from . import api
from .views import (
    addons,
    answers,
    bulk_cancel,
    check,
    duplicates,
    event,
    imports,
    links,
    meals,
    mine,
    order,
    organize,
    organize_waiting,
    questions,
    quotas,
    quotations,
    refund_rules,
    register,
    sessions,
    substitute,
    tickets,
    verification,
    vouchers,
    waiting,
)

LINK = "orders/<slug:reference>/<slug:secret>"
LIST = "organize/<slug:event>/registrations"
WAITING = "organize/<slug:event>/waiting"
TICKETS = "organize/<slug:event>/tickets"
MEALS = "organize/<slug:event>/meals"
QUESTIONS = "organize/<slug:event>/questions"

pages: list[Any] = [
    path("events/<slug:slug>/", event.event, name="event"),
    path("events/<slug:slug>/register/", register.who, name="register"),
    path("events/<slug:slug>/register/choices/", register.choices, name="register-choices"),
    path("events/<slug:slug>/register/check/", check.check, name="register-check"),
    path("orders/confirm/<str:token>/", verification.verify, name="prove"),
    path("orders/link/", links.lost, name="lost-link"),
    path(f"{LINK}/", order.order, name="order"),
    path(f"{LINK}/renew/", links.replace_link, name="order-renew"),
    path(f"{LINK}/confirm/", verification.resend_link, name="order-resend-link"),
    path(f"{LINK}/calendar.ics", order.calendar, name="order-calendar"),
    path(f"{LINK}/<slug:person>/correct/", order.correct_registration, name="order-correct"),
    path(f"{LINK}/<slug:person>/give/", substitute.substitute_registration, name="order-substitute"),
    path(f"{LINK}/<slug:person>/cancel/", order.cancel_registration, name="order-cancel"),
    path(f"{LINK}/<slug:person>/sessions/", sessions.own_sessions, name="order-sessions"),
    path(f"{LINK}/<slug:person>/agenda.pdf", sessions.own_agenda, name="order-agenda"),
    path("events/<slug:event>/waiting/<slug:ticket>/", waiting.join, name="join-waiting"),
    path("waiting/<slug:secret>/", waiting.entry, name="waiting"),
    path("waiting/<slug:secret>/leave/", waiting.leave, name="waiting-leave"),
    path(f"{LINK}/<slug:person>/answers/", answers.answer_own, name="order-answers"),
    path(f"{LINK}/pro-forma.pdf", quotations.pro_forma, name="order-pro-forma"),
    path("quotations/<slug:secret>/", quotations.quotation, name="quotation"),
    path("quotations/<slug:secret>/quotation.pdf", quotations.quotation_paper, name="quotation-paper"),
    path("quotations/<slug:secret>/mail/", quotations.mail, name="quotation-mail"),
    path(
        "organize/<slug:event>/quotations/<slug:number>/mail/",
        quotations.mail_for,
        name="organize-quotation-mail",
    ),
    path("organize/<slug:event>/quotations/", quotations.quotations, name="organize-quotations"),
    path(
        "organize/<slug:event>/quotations/<slug:number>.pdf",
        quotations.quotation_for,
        name="organize-quotation-paper",
    ),
    path(f"{MEALS}/", meals.meals, name="organize-meals"),
    path(f"{MEALS}.csv", meals.export, {"kind": "csv"}, name="organize-meals-csv"),
    path(f"{MEALS}.xlsx", meals.export, {"kind": "xlsx"}, name="organize-meals-xlsx"),
    path(f"{MEALS}.pdf", meals.export, {"kind": "pdf"}, name="organize-meals-pdf"),
    path("me/", mine.me, name="me"),
    path(f"{LIST}/", organize.registrations, name="organize-registrations"),
    path(f"{LIST}.csv", organize.export, {"kind": "csv"}, name="organize-registrations-csv"),
    path(f"{LIST}.xlsx", organize.export, {"kind": "xlsx"}, name="organize-registrations-xlsx"),
    path(f"{LIST}/import/", imports.import_page, name="organize-registrations-import"),
    path(f"{LIST}/duplicates/", duplicates.duplicates, name="organize-duplicates"),
    path(
        f"{LIST}/duplicates/<slug:reference>/<slug:other>/apart/",
        duplicates.apart,
        name="organize-duplicate-apart",
    ),
    path(f"{LIST}/cancel/", bulk_cancel.bulk_cancel, name="organize-bulk-cancel"),
    path(f"{LIST}/imports/", imports.imports, name="organize-registrations-imports"),
    path(f"{LIST}/imports/<int:pk>/undo/", imports.undo, name="organize-registrations-import-undo"),
    path(f"{LIST}/<slug:reference>/", organize.registration, name="organize-registration"),
    path(f"{LIST}/<slug:reference>/cancel/", organize.cancel_one, name="organize-registration-cancel"),
    path(f"{LIST}/<slug:reference>/confirm/", organize.vouch_for_one, name="organize-registration-confirm"),
    path(f"{LIST}/<slug:reference>/resend/", organize.resend_one, name="organize-registration-resend"),
    path(f"{LIST}/<slug:reference>/renew/", links.renew_for, name="organize-registration-renew"),
    path(f"{LIST}/<slug:reference>/sessions/", sessions.sessions_for, name="organize-registration-sessions"),
    path(f"{WAITING}/", organize_waiting.waiting, name="organize-waiting"),
    path(f"{WAITING}.csv", organize_waiting.export, {"kind": "csv"}, name="organize-waiting-csv"),
    path(f"{WAITING}.xlsx", organize_waiting.export, {"kind": "xlsx"}, name="organize-waiting-xlsx"),
    path(f"{WAITING}/<int:pk>/", organize_waiting.act, name="organize-waiting-act"),
    path(f"{TICKETS}/", tickets.tickets, name="organize-tickets"),
    path(f"{TICKETS}/new/", tickets.new_ticket, name="organize-ticket-new"),
    path(f"{TICKETS}/vouchers/", vouchers.vouchers, name="organize-vouchers"),
    path(f"{TICKETS}/vouchers/new/", vouchers.new_voucher, name="organize-voucher-new"),
    path(f"{TICKETS}/vouchers/<slug:code>/", vouchers.voucher, name="organize-voucher"),
    path(f"{TICKETS}/vouchers/<slug:code>/remove/", vouchers.remove, name="organize-voucher-remove"),
    path(f"{TICKETS}/add-ons/", addons.addons, name="organize-addons"),
    path(f"{TICKETS}/add-ons/new/", addons.new_addon, name="organize-addon-new"),
    path(f"{TICKETS}/add-ons/<slug:slug>/", addons.addon, name="organize-addon"),
    path(f"{TICKETS}/add-ons/<slug:slug>/remove/", addons.remove, name="organize-addon-remove"),
    path(f"{TICKETS}/quotas/", quotas.quotas, name="organize-quotas"),
    path(f"{TICKETS}/quotas/new/", quotas.new_quota, name="organize-quota-new"),
    path(f"{TICKETS}/quotas/<int:pk>/", quotas.quota, name="organize-quota"),
    path(f"{TICKETS}/quotas/<int:pk>/remove/", quotas.remove, name="organize-quota-remove"),
    path(f"{TICKETS}/refunds/", refund_rules.refund_rules, name="organize-refunds"),
    path(f"{TICKETS}/<slug:slug>/", tickets.ticket, name="organize-ticket"),
    path(f"{TICKETS}/<slug:slug>/remove/", tickets.remove, name="organize-ticket-remove"),
    path(f"{QUESTIONS}/", questions.questions, name="organize-questions"),
    path(f"{QUESTIONS}/new/", questions.new_question, name="organize-question-new"),
    path(f"{QUESTIONS}/<slug:slug>/", questions.question, name="organize-question"),
    path(f"{QUESTIONS}/<slug:slug>/move/", questions.move, name="organize-question-move"),
    path(f"{QUESTIONS}/<slug:slug>/remove/", questions.remove, name="organize-question-remove"),
    path(f"{LIST}/files/<str:token>/", questions.answer_file, name="organize-answer-file"),
    path(f"{LIST}/<slug:reference>/answers/", answers.answer_for, name="organize-registration-answers"),
]
endpoints: list[Any] = [
    path("events/<slug:event>/orders/", api.Orders.as_view(), name="api-orders"),
    path("events/<slug:event>/quotes/", api.Quotes.as_view(), name="api-quotes"),
    path("events/<slug:event>/registrations/", api.Registrations.as_view(), name="api-registrations"),
    path(
        "events/<slug:event>/registrations/<slug:reference>/cancel/",
        api.Cancellation.as_view(),
        name="api-cancel",
    ),
]
organizer_pages = [
    OrganizerPage("organize-registrations", _("Registrations"), 10),
    OrganizerPage("organize-tickets", _("Tickets"), 20),
    OrganizerPage("organize-waiting", _("Waiting lists"), 25),
    OrganizerPage("organize-questions", _("Questions"), 22),
    OrganizerPage("organize-meals", _("Meals"), 23),
    OrganizerPage("organize-quotations", _("Quotations"), 28),
]
