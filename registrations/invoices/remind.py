"""Remind buyers of what is not paid: each step of an invoice once, in their language, until it is paid."""

import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.tasks import task
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from convention.audit.record import record
from convention.dates import say_day
from convention.mail import Attachment, Letter, Refused, send

from .balance import balance_of
from .keep import paper_of
from .models import Invoice, Issuer, Receivable, Reminder
from .owe import locked
from .saying import say_amount
from .spelled import spelled_iban, spelled_reference
from .standing import standing_of

LONGEST = datetime.timedelta(days=400)
"""Who was not reminded for so long is not reminded by us any more."""


def remind_all() -> None:
    """Queue the reminders that are due today; recurring work, run as often as one likes."""
    issuer = Issuer.current()
    if issuer is None or not issuer.reminder_days:
        return
    today = timezone.localdate()
    for document in unpaid(today, issuer.reminder_days):
        step = step_due(issuer.reminder_days, today - document.due_on)
        sent = [reminder.step for reminder in document.reminders.all()]
        if step is not None and all(step > done for done in sent):
            send_reminder.enqueue(document.pk, step)


def unpaid(today: datetime.date, steps: list[int]) -> list[Invoice]:
    """Invoices that may want a reminder: due by the first step, of receivables that are not settled."""
    open_ones = Receivable.objects.with_balance().filter(Q(due__gt=0)).exclude(email="")
    soonest = today - datetime.timedelta(days=min(steps))
    rows = Invoice.objects.exclude(kind=Invoice.Kind.CREDIT_NOTE).filter(
        due_on__range=(today - LONGEST, soonest), receivable__in=open_ones.values("pk")
    )
    return list(rows.prefetch_related("reminders"))


def step_due(steps: list[int], late: datetime.timedelta) -> int | None:
    """The last step reached; one before the due date only before it."""
    reached = [step for step in steps if step <= late.days]
    step = max(reached, default=None)
    return None if step is None or (step < 0 <= late.days) else step


def asked_of(document: Invoice) -> int:
    """Cents that are left to pay of an invoice; 0 where it is paid or credited."""
    receivable = document.receivable
    standing = standing_of(receivable)
    mine = sum(
        line.amount if line.invoice_id == document.pk else -line.amount for line in standing.of(document)
    )
    earlier = sum(
        line.invoice.sign * line.amount
        for line in standing.lines
        if (line.invoice.origin_id or line.invoice_id) < document.pk
    )
    kept = max(0, balance_of(receivable).kept - earlier)
    return max(0, min(mine - kept, balance_of(receivable).due))


@task
def send_reminder(invoice: int, step: int) -> None:
    """Send one step of the ladder, if it is still due and nobody has sent it."""
    document = Invoice.objects.select_related("receivable__event").get(pk=invoice)
    with transaction.atomic():
        receivable = locked(document.receivable)
        asked = asked_of(document)
        if not asked or not receivable.email or document.reminders.filter(step__gte=step).exists():
            return
        Reminder.objects.create(invoice=document, step=step)
        record("invoice.remind", document, event=receivable.event, fields=[str(step)])
        try:
            send(letter(document, step, asked))
        except Refused:
            record("invoice.remind_refused", document, event=receivable.event)


def letter(document: Invoice, step: int, asked: int) -> Letter:
    """The mail of one step, with the invoice."""
    with translation.override(document.language):
        what = {"number": document.number, "day": say_day(document.due_on)}
        if step < 0:
            subject = _("Invoice %(number)s is due on %(day)s") % what
        elif step < 30:
            subject = _("Reminder: invoice %(number)s was due on %(day)s") % what
        else:
            subject = _("Last reminder: invoice %(number)s was due on %(day)s") % what
        return Letter(
            to=document.receivable.email,
            subject=subject,
            template="reminder",
            context={
                "document": document,
                "heading": subject,
                "is_late": step >= 0,
                "asked": say_amount(asked, document.currency),
                "due_on": say_day(document.due_on),
                "iban": spelled_iban(document.seller["iban"]),
                "reference": spelled_reference(document.details["reference"]),
                "event": document.receivable.event,
                "site": settings.SITE_URL,
            },
            language=document.language,
            key=f"reminder-{document.pk}-{step}",
            reply_to=document.seller["email"],
            attachments=[
                Attachment(
                    name=f"{document.number.replace('/', '-')}.pdf",
                    content=paper_of(document),
                    mimetype="application/pdf",
                )
            ],
        )
