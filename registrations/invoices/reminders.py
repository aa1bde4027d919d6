"""Payment reminders: each step is sent once for each invoice, in the buyer's language, until it is paid."""

import datetime
from collections.abc import Iterable
from typing import NamedTuple

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.tasks import task
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from convention.audit.record import record_action
from convention.mail.messages import MailMessage, MailRefused, send_mail_message
from convention.tasks.queue_names import MAIL_QUEUE
from convention.text.dates import format_date

from .documents.invoiced_balance import compute_unpaid_cents
from .documents.pdf_archive import build_invoice_attachment
from .formatting import format_cents, format_iban, format_transfer_reference
from .ledger.charges import lock_receivable
from .models import Invoice, Issuer, Receivable, Reminder

# Invoices that have been due for longer are no longer reminded.
MAX_REMINDER_AGE = datetime.timedelta(days=400)


def queue_due_reminders() -> None:
    """Queue the reminders that are due today. Runs as a periodic job; repeating it is harmless."""
    issuer = Issuer.get_current()
    if issuer is None or not issuer.reminder_days:
        return
    today = timezone.localdate()
    for document in list_unpaid_invoices(today, issuer.reminder_days):
        step = find_due_step(issuer.reminder_days, today - document.due_on)
        # Only a later step than those sent: after a pause one reminder comes, not all of them.
        if step is not None and all(step > done for done in list_sent_steps(document)):
            send_reminder.enqueue(document.pk, step)


def list_unpaid_invoices(today: datetime.date, reminder_days: list[int]) -> list[Invoice]:
    """Return the invoices that have reached the first reminder step and have money due."""
    # By receivable: paying the sum of several documents settles all of them, whichever number was quoted.
    unpaid_receivables = Receivable.objects.with_balance().filter(Q(amount_due__gt=0)).exclude(email="")
    # The first step may be negative, for a reminder before the due date.
    latest_due_date = today - datetime.timedelta(days=min(reminder_days))
    rows = Invoice.objects.exclude(kind=Invoice.Kind.CREDIT_NOTE).filter(
        due_on__range=(today - MAX_REMINDER_AGE, latest_due_date),
        receivable__in=unpaid_receivables.values("pk"),
    )
    return list(rows.prefetch_related("reminders"))


def list_sent_steps(document: Invoice) -> list[int]:
    """Return the steps sent for an invoice, and for those that it replaces with the same due date."""
    steps = [reminder.step for reminder in document.reminders.all()]
    replaced_numbers = document.details.get("replaced_numbers")
    if replaced_numbers:
        replaced = Reminder.objects.filter(invoice__number__in=replaced_numbers)
        steps += replaced.values_list("step", flat=True)
    return steps


def find_due_step(reminder_days: list[int], overdue_by: datetime.timedelta) -> int | None:
    """Return the last step reached, or None. A step before the due date expires on that date."""
    reached = [step for step in reminder_days if step <= overdue_by.days]
    step = max(reached, default=None)
    # "Due in three days" makes no sense after the due date.
    return None if step is None or (step < 0 <= overdue_by.days) else step


def will_any_be_reminded(unpaid_invoices: Iterable[Invoice], *, today: datetime.date) -> bool:
    """Return whether another reminder of one of them, which is overdue, is sent unless it is paid."""
    issuer = Issuer.get_current()
    last_step = max(issuer.reminder_days, default=None) if issuer else None
    # Steps before the due date have passed.
    if last_step is None or last_step < 0:
        return False
    return any(
        document.receivable.email
        and datetime.timedelta() < today - document.due_on <= MAX_REMINDER_AGE
        and all(step < last_step for step in list_sent_steps(document))
        for document in unpaid_invoices
    )


class SentReminders(NamedTuple):
    """Reminders of a receivable with their numbers, and how many steps after the due date there are."""

    numbered: list[tuple[Reminder, int | None]]
    late_step_count: int


def number_reminders(receivable: Receivable) -> SentReminders:
    """Return the reminders sent, each with its number among the steps after the due date.

    The number is None for a step before the due date, and for one that the issuer no longer has.
    """
    reminders = Reminder.objects.filter(invoice__receivable=receivable).select_related("invoice")
    issuer = Issuer.get_current()
    late_steps = sorted(step for step in (issuer.reminder_days if issuer else []) if step >= 0)
    numbers = {step: number for number, step in enumerate(late_steps, 1)}
    return SentReminders([(reminder, numbers.get(reminder.step)) for reminder in reminders], len(late_steps))


@task(queue_name=MAIL_QUEUE)
def send_reminder(invoice: int, step: int) -> None:
    """Send one reminder step unless the invoice was paid or the step was sent meanwhile."""
    document = Invoice.objects.select_related("receivable__event").get(pk=invoice)
    with transaction.atomic():
        # Under the lock only one of two workers sends; the row is stored before the mail goes out.
        receivable = lock_receivable(document.receivable)
        unpaid_cents = compute_unpaid_cents(document)
        # After a later step this one is not sent any more.
        was_sent = any(sent_step >= step for sent_step in list_sent_steps(document))
        if not unpaid_cents or not receivable.email or was_sent:
            return
        Reminder.objects.create(invoice=document, step=step)
        record_action("invoice.remind", document, event=receivable.event, fields=[str(step)])
        try:
            send_mail_message(build_reminder_message(document, step, unpaid_cents))
        # The address is wrong: the treasurer sees it in the trail, and the step is not repeated.
        except MailRefused:
            record_action("invoice.remind_refused", document, event=receivable.event)


def build_reminder_message(document: Invoice, step: int, unpaid_cents: int) -> MailMessage:
    """Return the e-mail of one step, with the invoice attached."""
    with translation.override(document.language):
        values = {"number": document.number, "day": format_date(document.due_on)}
        if step < 0:
            subject = _("Invoice %(number)s is due on %(day)s") % values
        elif step < 30:
            subject = _("Reminder: invoice %(number)s was due on %(day)s") % values
        else:
            subject = _("Final reminder: invoice %(number)s was due on %(day)s") % values
        return MailMessage(
            to=document.receivable.email,
            subject=subject,
            template="reminder",
            context={
                "document": document,
                "heading": subject,
                "is_late": step >= 0,
                "unpaid": format_cents(unpaid_cents, document.currency),
                "due_on": format_date(document.due_on),
                "iban": format_iban(document.seller["iban"]),
                "reference": format_transfer_reference(document.details["reference"]),
                "event": document.receivable.event,
                "site": settings.SITE_URL,
            },
            language=document.language,
            message_key=f"reminder-{document.pk}-{step}",
            reply_to=document.seller["email"],
            attachments=[build_invoice_attachment(document)],
        )
