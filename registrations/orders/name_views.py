"""The page behind an order's link on which the buyer names several places together, such as a package's.

The company area's page for contacts uses the same form and function.
"""

from collections.abc import Callable, Iterable, Sequence

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache

from convention.errors import InvalidFields, NotFound, NotOpenNow
from convention.text.email_addresses import normalize_email
from convention.web.forms import get_posted_data
from convention.web.routing import require_safe_or_post
from registrations.booking.order_limits import AlreadyRegistered
from registrations.changes.correct import check_transfer_deadline
from registrations.changes.forms import PlaceNameForm
from registrations.changes.substitute import AlreadyNamed, check_holder, name_place, select_unnamed_places
from registrations.models import GivenBy, Order, Registration
from registrations.order_request import RequestedPlace
from registrations.permissions import LinkAccess, get_order_by_link
from registrations.rate_limits import throttle_correction

from .second_registrations import find_existing_place

# Names the place and returns "", or returns why it was not named.
type PlaceNamer = Callable[[Registration, RequestedPlace], str]


def list_places_to_name(link_access: LinkAccess) -> list[Registration]:
    """Return the places without a name that the reader of the link can name together.

    A company's contact names those of its orders in the company area, which invites the colleagues.
    """
    order = link_access.order
    is_buyers = link_access.is_full and not order.awaits_verification
    if not is_buyers or order.source == Order.Source.COMPANY_CONTACT:
        return []
    return select_unnamed_places(order, link_access.registrations)


@never_cache
@require_safe_or_post
def place_names(request: HttpRequest, reference: str, secret: str) -> HttpResponse:
    """Show the places without a name in one form; a POST names those that are filled in."""
    link_access = get_order_by_link(reference, secret)
    order = link_access.order
    if not link_access.is_full:
        raise NotFound(_("This page can only be opened with the buyer’s link."))
    check_transfer_deadline(order.event)
    data = get_posted_data(request)
    forms = build_name_forms(data, list_places_to_name(link_access), link_access.registrations)
    if data is not None:
        throttle_correction(order)
        forms = save_place_names(request, forms, lambda *place: _name_place(reference, secret, *place))
        if not any(form.errors for form in forms):
            # Redirected, so that reloading the page names no place again; rows that were left empty stay.
            return redirect("order", reference, secret)
    context = {
        "link_access": link_access,
        "order": order,
        "event": order.event,
        **describe_name_rows(forms, lambda place: _build_place_path(reference, secret, place)),
    }
    return render(request, "registrations/place_names.html", context)


def build_name_forms(
    data: QueryDict | None, unnamed: Sequence[Registration], registrations: Iterable[Registration]
) -> list[PlaceNameForm]:
    """Return a form for each place without a name, and for each that got another name than the posted one.

    The latter were named in the meantime, and saving their forms says so.
    """
    places = [row for row in registrations if row in unnamed or (data and _is_named_otherwise(row, data))]
    return [PlaceNameForm(data, registration=place) for place in places]


def _is_named_otherwise(place: Registration, data: QueryDict) -> bool:
    """Return whether the active place has another attendee than the one whose name was posted for it."""
    first_name, last_name, email = (
        data.get(f"{place.reference}-{field}", "").strip() for field in ("first_name", "last_name", "email")
    )
    is_same_name = (first_name, last_name) == (place.first_name, place.last_name)
    is_same = is_same_name and normalize_email(email) == normalize_email(place.email)
    return bool(first_name or last_name) and place.has_name and place.is_active and not is_same


def _build_place_path(reference: str, secret: str, place: Registration) -> str:
    return reverse("order-substitute", args=[reference, secret, place.reference])


def _name_place(reference: str, secret: str, place: Registration, attendee: RequestedPlace) -> str:
    # Loaded again, since an earlier row of the form may have named the same person.
    if existing := find_existing_place(get_order_by_link(reference, secret), place, attendee):
        return describe_second_place(existing.name)
    name_place(registration=place, new_attendee=attendee, given_by=GivenBy.BUYER)
    return ""


def describe_second_place(name: str) -> str:
    """Return why the place is not named yet, and where it can be named all the same."""
    reason = _("%(name)s already has a place.") % {"name": name}
    return f"{reason} {describe_own_page()}"


def describe_own_page() -> str:
    return _("To use this place all the same, enter the name on the place’s own page.")


def save_place_names(
    request: HttpRequest, forms: Sequence[PlaceNameForm], try_to_name: PlaceNamer
) -> list[PlaceNameForm]:
    """Name the places whose rows are filled in, and say how many; return the other forms, with errors."""
    named = [form for form in forms if _save_name(form, try_to_name)]
    if named:
        sentence = ngettext("%(count)d name has been saved.", "%(count)d names have been saved.", len(named))
        messages.success(request, sentence % {"count": len(named)})
    return [form for form in forms if form not in named]


def _save_name(form: PlaceNameForm, try_to_name: PlaceNamer) -> bool:
    """Name the form's place and return True; False for an empty row, or with the errors on the form."""
    if not form.is_valid() or not form.has_changed():
        return False
    try:
        # A page from before it got its name.
        check_holder(form.registration, 0)
        objection = try_to_name(form.registration, form.to_place())
    except InvalidFields as error:
        form.add_errors(error.field_errors)
    except AlreadyNamed as error:
        advice = _(
            "If it should go to somebody else, enter the name on the place’s own page; otherwise empty "
            "this row."
        )
        form.add_error(None, f"{error} {advice}")
    except (AlreadyRegistered, NotOpenNow) as error:
        form.add_error(None, str(error))
    else:
        if objection:
            form.add_error(None, objection)
        return not objection
    return False


def describe_name_rows(
    forms: Sequence[PlaceNameForm], build_place_path: Callable[[Registration], str]
) -> dict[str, object]:
    """Return the numbered rows with the path of each place's own page, as template context."""
    return {
        "name_rows": [
            (number, form, build_place_path(form.registration)) for number, form in enumerate(forms, start=1)
        ],
        "rows_with_errors": [number for number, form in enumerate(forms, start=1) if form.errors],
    }
