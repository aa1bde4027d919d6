"""What somebody owes that no order stands for: noted by the treasurer, and its lines changed."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from convention.errors import ConventionError, NotFound

from ..balance import balance_of
from ..doors import receivable_to_keep, require_keeper
from ..forms.by_hand import HandForm, Lines, known_lines, lines_in
from ..owe_by_hand import change_lines, is_by_hand, owe_by_hand
from ..saying import say_amount
from .owed import page, posted

both = require_http_methods(["GET", "POST"])


@both
def new(request: HttpRequest) -> HttpResponse:
    """Note what somebody owes."""
    require_keeper(request.user)
    form, lines = HandForm(posted(request)), Lines(posted(request), prefix="line")
    if request.method == "POST" and form.is_valid() & lines.is_valid():
        try:
            made = owe_by_hand(key=form.once, buyer=form.buyer, lines=lines_in(lines), **form.about)
        except ConventionError as error:
            form.add_error(None, str(error))
        else:
            owed = say_amount(balance_of(made).owed, made.currency)
            said = _("%(buyer)s owes %(owed)s. Issue the invoice when all is right.")
            messages.success(request, said % {"buyer": made.name, "owed": owed})
            return redirect("money-owed", made.reference)
    return page(request, "by_hand", form=form, lines=lines)


@both
def change(request: HttpRequest, owed: str) -> HttpResponse:
    """Change the lines of what was noted by hand; what an order owes follows the order."""
    found = receivable_to_keep(owed, request.user)
    if not is_by_hand(found):
        raise NotFound(_("What an order owes is changed with the order."))
    before = list(known_lines(found))
    lines = Lines(posted(request), prefix="line", initial=before)
    if request.method == "POST" and lines.is_valid():
        try:
            change_lines(receivable=found, lines=lines_in(lines, {row["key"] for row in before}))
        except ConventionError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, _("The lines are saved."))
            return redirect("money-owed", found.reference)
    return page(request, "by_hand", receivable=found, lines=lines)
