"""Recurring work: what the workers do once per interval, however many there are."""


def recurring_work(*, lease_seconds: float) -> dict[str, float]:
    """Functions by their dotted names, and seconds between two rounds; each app names its own."""
    return {
        "convention.worker.recover_lost_tasks": lease_seconds / 4,
        "convention.leases.forget_lapsed": 3600,
        "convention.forget.old_results": 3600,
        "convention.forget.ended_sessions": 3600,
        "convention.api.forget.ended_tokens": 24 * 3600,
        "convention.club.forget.old_imports": 24 * 3600,
        "convention.jobs.forget.old_jobs": 3600,
        "schedule.uploads.forget_old_uploads": 3600,
        "registrations.invoices.remind.remind_all": 3600,
        "registrations.forget.lapsed_holds": 60,
        "registrations.note_owed.note_owed": 60,
        "registrations.forget.unclaimed_files": 3600,
        "registrations.forget.old_keys": 24 * 3600,
        "registrations.forget.old_imports": 24 * 3600,
        "registrations.company.invite.remind_incomplete": 3600,
        "registrations.company.reassign.reassign_ended": 60,
        "registrations.serve_waiting.serve_waiting": 60,
        "registrations.tell_holders.changed_sessions": 60,
        "registrations.tell_changes.changed_registrations": 60,
        "convention.privacy.retention.keep_no_longer": 24 * 3600,
        "registrations.visits.ask_identities.ask_identities": 3600,
        "registrations.visits.purge.purge_due": 3600,
        "registrations.visits.remind_visitors.remind_visitors": 900,
        "registrations.visits.lock.lock_due": 300,
        "registrations.visits.tell_applicant.remind_before_lock": 3600,
        "badges.mailings.run.keep_going": lease_seconds / 2,
        "badges.mailings.remind.send_reminders": 900,
        "registrations.checkout.reconcile.open_attempts": 60,
        "registrations.checkout.reconcile.missed_events": 600,
        "registrations.checkout.reconcile.old_events": 24 * 3600,
    }
