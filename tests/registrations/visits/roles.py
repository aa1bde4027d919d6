"""Who opens the pages of a visit's day and of what follows, for the table of roles (test_permissions.py)."""

NOBODY: set[str] = set()
RUN_IT = {"organizer", "outside organizer", "administrator", "secretary"}
STAFF = RUN_IT | {"desk"}
CLUB = {"secretary", "administrator"}

# Nobody of the table has a place or a seat: own pages are tried where somebody has.
VISIT_DAY_PERMISSIONS = {
    **{f"visit-{name}": NOBODY for name in ("rides", "rides-calendar", "feedback", "certificate", "debrief")},
    "visits-lessons": NOBODY,
    **{
        f"organize-visit-{name}": RUN_IT
        for name in (
            "rides", "ride-new", "ride", "ride-remove", "seat", "day-checkpoints", "roster-csv",
            "roster-xlsx",            "certificates", "certificate",
        )
    },
    **{
        f"organize-visit-{name}": STAFF
        for name in ("day", "evacuation", "evacuation-pdf", "roster-pdf", "manifest", "manifest-pdf")
    },
    **{
        f"organize-visit-{name}": CLUB
        for name in ("debrief", "debrief-decide", "feedback", "questions", "questions-default")
    },
}  # fmt: skip
VISIT_DAY_POST_ONLY = {
    f"organize-visit-{name}"
    for name in ("ride-remove", "day-checkpoints", "debrief-decide", "questions-default")
}
