"""URLs of the company area."""

from typing import Any

from django.urls import path

from .views import (
    absence,
    attendee_details,
    bulk_order,
    bulk_order_review,
    cancellations,
    desk,
    orders,
    place_names,
    quotation_order,
    registrations,
)

COMPANY_PATH = "company/<slug:company>"
REGISTRATION_PATH = f"{COMPANY_PATH}/registrations/<slug:reference>"
BULK_ORDER_PATH = f"{COMPANY_PATH}/register/<slug:event>"

pages: list[Any] = [
    path("company/", desk.company_list, name="company"),
    path(f"{COMPANY_PATH}/", desk.company_home, name="company-home"),
    path(f"{COMPANY_PATH}/seats/", desk.seat_list, name="company-seats"),
    path(f"{COMPANY_PATH}/seats/give/<int:employment_id>/", desk.seat_assignment, name="company-seat-give"),
    path(f"{COMPANY_PATH}/seats/take/<int:seat>/", desk.seat_removal, name="company-seat-take"),
    path(f"{COMPANY_PATH}/registrations/", registrations.registration_list, name="company-registrations"),
    path(
        f"{COMPANY_PATH}/remind/<slug:event>/",
        registrations.colleagues_remind,
        name="company-colleagues-remind",
    ),
    path(f"{REGISTRATION_PATH}/", registrations.registration_detail, name="company-place"),
    path(f"{REGISTRATION_PATH}/invite/", registrations.invitation_resend, name="company-place-invite"),
    path(
        f"{REGISTRATION_PATH}/correct/", registrations.registration_correction, name="company-place-correct"
    ),
    path(f"{REGISTRATION_PATH}/cancel/", registrations.registration_cancel, name="company-place-cancel"),
    path(f"{COMPANY_PATH}/orders/", orders.order_list, name="company-orders"),
    path(f"{COMPANY_PATH}/orders/<slug:reference>/", orders.order_detail, name="company-order"),
    path(
        f"{COMPANY_PATH}/orders/<slug:reference>/language/",
        orders.order_language,
        name="company-order-language",
    ),
    path(
        f"{COMPANY_PATH}/orders/<slug:reference>/billing/", orders.order_billing, name="company-order-billing"
    ),
    path(
        f"{COMPANY_PATH}/orders/<slug:reference>/cancel/",
        cancellations.places_cancel,
        name="company-order-cancel",
    ),
    path(
        f"{COMPANY_PATH}/orders/<slug:reference>/names/", place_names.place_names, name="company-order-names"
    ),
    path(f"{COMPANY_PATH}/invoices/<int:invoice>.pdf", orders.invoice_download, name="company-invoice"),
    path(f"{BULK_ORDER_PATH}/", bulk_order.bulk_order_rows, name="company-register"),
    path(f"{BULK_ORDER_PATH}/check/", bulk_order_review.bulk_order_review, name="company-check"),
    path(
        f"{COMPANY_PATH}/quotations/<slug:secret>/order/",
        quotation_order.quotation_order,
        name="company-quotation-order",
    ),
    path(
        "orders/<slug:reference>/<slug:secret>/<slug:person>/details/",
        attendee_details.attendee_details,
        name="order-details",
    ),
    path(
        "orders/<slug:reference>/<slug:secret>/<slug:person>/absence/",
        absence.attendee_absence,
        name="order-absence",
    ),
]
