"""Programmes in and out: frab and Pentabarf XML, frab JSON, iCalendar."""
