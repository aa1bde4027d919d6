"""Durations and hours as the frab formats write them."""

import datetime


def span(duration: datetime.timedelta) -> str:
    """01:30, or 01:30:15 where there are seconds."""
    seconds = int(duration.total_seconds())
    hours, minutes = seconds // 3600, seconds % 3600 // 60
    return f"{hours:02}:{minutes:02}" + (f":{seconds % 60:02}" if seconds % 60 else "")


def clock(moment: datetime.datetime) -> str:
    """The hour: 09:30, or 09:30:15 where there are seconds."""
    return moment.strftime("%H:%M:%S" if moment.second else "%H:%M")
