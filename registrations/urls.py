"""URL patterns of pages and API endpoints, and the entries of the organizers' menu."""

from typing import Any

from django.urls import path
from django.utils.translation import gettext_lazy as _

from convention.events.models import Event
from convention.web.routing import OrganizerPage, PageGroup

from . import api
from .billing import views as billing_views
from .changes import answer_views, link_views
from .changes import views as changes_views
from .import_export import views as import_export_views
from .notes.views import registration_note
from .orders import (
    cancellation_views,
    correction_views,
    document_views,
    erasure_views,
    language_views,
    name_views,
    own_views,
    session_views,
    verification_views,
)
from .orders import views as orders_views
from .organizer import bulk_cancel_views, selection_views
from .organizer import registration_views as organizer_views
from .organizer import waiting_list_views as organizer_waiting_list_views
from .organizer.change_views import registration_change
from .organizer.duplicate_views import duplicate_dismissal, duplicate_list
from .organizer.move_views import registration_move
from .organizer.new_registration_views import registration_create
from .questions import views as questions_views
from .quotations import new_quotation_views, staff_views
from .quotations import views as quotation_views
from .sessions import agenda_views
from .storefront import event_views, review_views
from .storefront import views as storefront_views
from .storefront import waiting_list_views as storefront_waiting_list_views
from .storefront.addon_views import addon_purchase
from .storefront.billing_views import order_billing
from .storefront.quotation_views import register_quoted_places
from .ticketing import views as ticketing_views

# Below each of these, paths with fixed words come before `<slug:...>`, which would match the words too.
ORDER_LINK_PATH = "orders/<slug:reference>/<slug:secret>"
REGISTRATION_LIST_PATH = "organize/<slug:event>/registrations"
SELECTION_PATH = f"{REGISTRATION_LIST_PATH}/selection"
WAITING_LIST_PATH = "organize/<slug:event>/waiting"
TICKETS_PATH = "organize/<slug:event>/tickets"
MEALS_PATH = "organize/<slug:event>/meals"
QUESTIONS_PATH = "organize/<slug:event>/questions"
REVENUE_PATH = "organize/money/revenue/<slug:event_slug>"

pages: list[Any] = [
    path("organize/money/issue/ask/", billing_views.billing_details_ask, name="billing-details-ask"),
    path(f"{REVENUE_PATH}/", billing_views.revenue_page, name="revenue"),
    path(f"{REVENUE_PATH}.csv", billing_views.revenue_download, {"kind": "csv"}, name="revenue-csv"),
    path(f"{REVENUE_PATH}.xlsx", billing_views.revenue_download, {"kind": "xlsx"}, name="revenue-xlsx"),
    path("events/<slug:slug>/", event_views.event_page, name="event"),
    path("events/<slug:slug>/register/", storefront_views.register_people, name="register"),
    path("events/<slug:slug>/register/choices/", storefront_views.register_choices, name="register-choices"),
    path("events/<slug:slug>/register/check/", review_views.register_review, name="register-review"),
    path("orders/confirm/<str:token>/", verification_views.order_verification, name="verify-order"),
    path("orders/erasure/<str:token>/", erasure_views.erasure_confirmation, name="confirm-erasure"),
    path("orders/link/", link_views.lost_link, name="lost-link"),
    path(f"{ORDER_LINK_PATH}/", orders_views.order_detail, name="order"),
    path(f"{ORDER_LINK_PATH}/another/", storefront_views.register_another, name="order-another"),
    path(f"{ORDER_LINK_PATH}/language/", language_views.own_language, name="order-language"),
    path(f"{ORDER_LINK_PATH}/renew/", link_views.link_replacement, name="order-renew"),
    path(f"{ORDER_LINK_PATH}/confirm/", verification_views.verification_resend, name="order-resend-link"),
    path(f"{ORDER_LINK_PATH}/cancel/", cancellation_views.places_cancellation, name="order-cancel-places"),
    path(f"{ORDER_LINK_PATH}/erasure/", erasure_views.erasure_request, name="order-erasure"),
    path(f"{ORDER_LINK_PATH}/names/", name_views.place_names, name="order-names"),
    path(f"{ORDER_LINK_PATH}/calendar.ics", orders_views.order_calendar, name="order-calendar"),
    path(
        f"{ORDER_LINK_PATH}/<slug:person>/correct/",
        correction_views.registration_correction,
        name="order-correct",
    ),
    path(
        f"{ORDER_LINK_PATH}/<slug:person>/give/",
        changes_views.registration_substitution,
        name="order-substitute",
    ),
    path(
        f"{ORDER_LINK_PATH}/<slug:person>/cancel/",
        orders_views.registration_cancellation,
        name="order-cancel",
    ),
    path(
        f"{ORDER_LINK_PATH}/<slug:person>/sessions/", session_views.attendee_sessions, name="order-sessions"
    ),
    path(
        f"{ORDER_LINK_PATH}/<slug:person>/programme/",
        session_views.attendee_programme,
        name="order-programme",
    ),
    path(
        f"{ORDER_LINK_PATH}/<slug:person>/agenda.pdf", session_views.attendee_agenda_pdf, name="order-agenda"
    ),
    path(
        "organize/<slug:event>/schedule/print/agendas/", agenda_views.agenda_printing, name="organize-agendas"
    ),
    path(
        "events/<slug:event>/waiting/<slug:ticket>/",
        storefront_waiting_list_views.waiting_list_join,
        name="join-waiting",
    ),
    path("waiting/<slug:secret>/", storefront_waiting_list_views.waiting_entry, name="waiting"),
    path(
        "waiting/<slug:secret>/leave/", storefront_waiting_list_views.waiting_list_leave, name="waiting-leave"
    ),
    path(f"{ORDER_LINK_PATH}/<slug:person>/add-ons/", addon_purchase, name="order-addons"),
    path(f"{ORDER_LINK_PATH}/<slug:person>/answers/", answer_views.attendee_answers, name="order-answers"),
    path(f"{ORDER_LINK_PATH}/billing/", order_billing, name="order-billing"),
    path(f"{ORDER_LINK_PATH}/pro-forma.pdf", document_views.pro_forma_download, name="order-pro-forma"),
    path(
        f"{ORDER_LINK_PATH}/invoices/<int:invoice>.pdf",
        document_views.invoice_download,
        name="order-invoice",
    ),
    path("quotations/<slug:secret>/", quotation_views.quotation_detail, name="quotation"),
    path("quotations/<slug:secret>/quotation.pdf", quotation_views.quotation_download, name="quotation-pdf"),
    path(
        "quotations/<slug:secret>/order/",
        register_quoted_places,
        name="quotation-order",
    ),
    path("quotations/<slug:secret>/mail/", quotation_views.quotation_mail, name="quotation-mail"),
    path(
        "organize/<slug:event>/quotations/<slug:number>/withdraw/",
        staff_views.quotation_withdrawal,
        name="organize-quotation-withdraw",
    ),
    path(
        "organize/<slug:event>/quotations/<slug:number>/mail/",
        staff_views.organizer_quotation_mail,
        name="organize-quotation-mail",
    ),
    path("organize/money/quotations/", staff_views.all_quotation_list, name="quotations"),
    path("organize/money/quotations/new/", new_quotation_views.quotation_event_choice, name="quotation-new"),
    path(
        "organize/<slug:event>/quotations/new/",
        new_quotation_views.quotation_create,
        name="organize-quotation-new",
    ),
    path("organize/<slug:event>/quotations/", staff_views.quotation_list, name="organize-quotations"),
    path(
        "organize/<slug:event>/quotations/<slug:number>.pdf",
        staff_views.organizer_quotation_download,
        name="organize-quotation-pdf",
    ),
    path(f"{MEALS_PATH}/", questions_views.meal_counts, name="organize-meals"),
    path(f"{MEALS_PATH}.csv", questions_views.meal_export, {"kind": "csv"}, name="organize-meals-csv"),
    path(f"{MEALS_PATH}.xlsx", questions_views.meal_export, {"kind": "xlsx"}, name="organize-meals-xlsx"),
    path(f"{MEALS_PATH}.pdf", questions_views.meal_export, {"kind": "pdf"}, name="organize-meals-pdf"),
    path("me/", own_views.my_registrations, name="me"),
    path(f"{REGISTRATION_LIST_PATH}/", organizer_views.registration_list, name="organize-registrations"),
    path(
        f"{REGISTRATION_LIST_PATH}.csv",
        organizer_views.registration_export,
        {"kind": "csv"},
        name="organize-registrations-csv",
    ),
    path(
        f"{REGISTRATION_LIST_PATH}.xlsx",
        organizer_views.registration_export,
        {"kind": "xlsx"},
        name="organize-registrations-xlsx",
    ),
    path(f"{REGISTRATION_LIST_PATH}/new/", registration_create, name="organize-registration-new"),
    path(
        f"{REGISTRATION_LIST_PATH}/import/",
        import_export_views.registration_import,
        name="organize-registrations-import",
    ),
    path(f"{REGISTRATION_LIST_PATH}/duplicates/", duplicate_list, name="organize-duplicates"),
    path(
        f"{REGISTRATION_LIST_PATH}/duplicates/<slug:reference>/<slug:other>/apart/",
        duplicate_dismissal,
        name="organize-duplicate-apart",
    ),
    path(f"{SELECTION_PATH}/cancel/", selection_views.selection_cancel, name="organize-selection-cancel"),
    path(f"{SELECTION_PATH}/resend/", selection_views.selection_resend, name="organize-selection-resend"),
    path(f"{SELECTION_PATH}/ticket/", selection_views.selection_ticket, name="organize-selection-ticket"),
    path(f"{SELECTION_PATH}/export/", selection_views.selection_export, name="organize-selection-export"),
    path(
        f"{REGISTRATION_LIST_PATH}/cancel/", bulk_cancel_views.bulk_cancellation, name="organize-bulk-cancel"
    ),
    path(
        f"{REGISTRATION_LIST_PATH}/imports/",
        import_export_views.import_history,
        name="organize-registrations-imports",
    ),
    path(
        f"{REGISTRATION_LIST_PATH}/imports/<int:pk>/undo/",
        import_export_views.import_undo,
        name="organize-registrations-import-undo",
    ),
    path(
        f"{REGISTRATION_LIST_PATH}/<slug:reference>/",
        organizer_views.registration_detail,
        name="organize-registration",
    ),
    path(
        f"{REGISTRATION_LIST_PATH}/<slug:reference>/change/",
        registration_change,
        name="organize-registration-change",
    ),
    path(
        f"{REGISTRATION_LIST_PATH}/<slug:reference>/move/",
        registration_move,
        name="organize-registration-move",
    ),
    path(
        f"{REGISTRATION_LIST_PATH}/<slug:reference>/cancel/",
        organizer_views.registration_cancel,
        name="organize-registration-cancel",
    ),
    path(
        f"{REGISTRATION_LIST_PATH}/<slug:reference>/note/",
        registration_note,
        name="organize-registration-note",
    ),
    path(
        f"{REGISTRATION_LIST_PATH}/<slug:reference>/reinstate/",
        organizer_views.registration_reinstate,
        name="organize-registration-reinstate",
    ),
    path(
        f"{REGISTRATION_LIST_PATH}/<slug:reference>/confirm/",
        organizer_views.order_vouch,
        name="organize-registration-confirm",
    ),
    path(
        f"{REGISTRATION_LIST_PATH}/<slug:reference>/resend/",
        organizer_views.mail_resend,
        name="organize-registration-resend",
    ),
    path(
        f"{REGISTRATION_LIST_PATH}/<slug:reference>/language/",
        language_views.organizer_language,
        name="organize-registration-language",
    ),
    path(
        f"{REGISTRATION_LIST_PATH}/<slug:reference>/renew/",
        link_views.organizer_link_replacement,
        name="organize-registration-renew",
    ),
    path(
        f"{REGISTRATION_LIST_PATH}/<slug:reference>/sessions/",
        session_views.organizer_sessions,
        name="organize-registration-sessions",
    ),
    path(
        f"{WAITING_LIST_PATH}/", organizer_waiting_list_views.waiting_list_overview, name="organize-waiting"
    ),
    path(
        f"{WAITING_LIST_PATH}.csv",
        organizer_waiting_list_views.waiting_list_export,
        {"kind": "csv"},
        name="organize-waiting-csv",
    ),
    path(
        f"{WAITING_LIST_PATH}.xlsx",
        organizer_waiting_list_views.waiting_list_export,
        {"kind": "xlsx"},
        name="organize-waiting-xlsx",
    ),
    path(
        f"{WAITING_LIST_PATH}/<int:pk>/",
        organizer_waiting_list_views.waiting_entry_action,
        name="organize-waiting-action",
    ),
    path(f"{TICKETS_PATH}/", ticketing_views.ticket_list, name="organize-tickets"),
    path(f"{TICKETS_PATH}/new/", ticketing_views.ticket_create, name="organize-ticket-new"),
    path(f"{TICKETS_PATH}/vouchers/", ticketing_views.voucher_list, name="organize-vouchers"),
    path(f"{TICKETS_PATH}/vouchers/new/", ticketing_views.voucher_create, name="organize-voucher-new"),
    path(f"{TICKETS_PATH}/vouchers/<slug:code>/", ticketing_views.voucher_edit, name="organize-voucher"),
    path(
        f"{TICKETS_PATH}/vouchers/<slug:code>/remove/",
        ticketing_views.voucher_delete,
        name="organize-voucher-remove",
    ),
    path(f"{TICKETS_PATH}/add-ons/", ticketing_views.addon_list, name="organize-addons"),
    path(f"{TICKETS_PATH}/add-ons/new/", ticketing_views.addon_create, name="organize-addon-new"),
    path(f"{TICKETS_PATH}/add-ons/<slug:slug>/", ticketing_views.addon_edit, name="organize-addon"),
    path(
        f"{TICKETS_PATH}/add-ons/<slug:slug>/remove/",
        ticketing_views.addon_delete,
        name="organize-addon-remove",
    ),
    path(f"{TICKETS_PATH}/quotas/", ticketing_views.quota_list, name="organize-quotas"),
    path(f"{TICKETS_PATH}/quotas/new/", ticketing_views.quota_create, name="organize-quota-new"),
    path(f"{TICKETS_PATH}/quotas/<int:pk>/", ticketing_views.quota_edit, name="organize-quota"),
    path(
        f"{TICKETS_PATH}/quotas/<int:pk>/remove/", ticketing_views.quota_delete, name="organize-quota-remove"
    ),
    path(f"{TICKETS_PATH}/refunds/", billing_views.refund_rule_list, name="organize-refunds"),
    path(f"{TICKETS_PATH}/<slug:slug>/", ticketing_views.ticket_edit, name="organize-ticket"),
    path(f"{TICKETS_PATH}/<slug:slug>/remove/", ticketing_views.ticket_delete, name="organize-ticket-remove"),
    path(f"{QUESTIONS_PATH}/", questions_views.question_list, name="organize-questions"),
    path(f"{QUESTIONS_PATH}/new/", questions_views.question_create, name="organize-question-new"),
    path(f"{QUESTIONS_PATH}/<slug:slug>/", questions_views.question_edit, name="organize-question"),
    path(f"{QUESTIONS_PATH}/<slug:slug>/move/", questions_views.question_move, name="organize-question-move"),
    path(
        f"{QUESTIONS_PATH}/<slug:slug>/remove/",
        questions_views.question_delete,
        name="organize-question-remove",
    ),
    path(
        f"{REGISTRATION_LIST_PATH}/files/<str:token>/",
        questions_views.answer_file_download,
        name="organize-answer-file",
    ),
    path(
        f"{REGISTRATION_LIST_PATH}/<slug:reference>/answers/",
        answer_views.organizer_answers,
        name="organize-registration-answers",
    ),
]
endpoints: list[Any] = [
    path("events/<slug:event>/orders/", api.OrderCreateView.as_view(), name="api-orders"),
    path("events/<slug:event>/quotes/", api.QuoteView.as_view(), name="api-quotes"),
    path("events/<slug:event>/registrations/", api.RegistrationListView.as_view(), name="api-registrations"),
    path(
        "events/<slug:event>/registrations/<slug:reference>/cancel/",
        api.CancellationView.as_view(),
        name="api-cancel",
    ),
]
# The numbers sort the menu, in which other apps have entries as well.
organizer_pages = [
    OrganizerPage("organize-registrations", _("Registrations"), 10, PageGroup.REGISTRATIONS),
    OrganizerPage("organize-tickets", _("Tickets"), 20, PageGroup.REGISTRATIONS),
    OrganizerPage("organize-waiting", _("Waiting lists"), 25, PageGroup.REGISTRATIONS),
    OrganizerPage("organize-questions", _("Questions"), 22, PageGroup.REGISTRATIONS),
    OrganizerPage("organize-meals", _("Meals"), 23, PageGroup.REGISTRATIONS),
    OrganizerPage(
        "organize-quotations",
        _("Quotations"),
        28,
        PageGroup.REGISTRATIONS,
        kinds=(Event.Kind.CONVENTION,),
        is_for_leads=False,
    ),
]
