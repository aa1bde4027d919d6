"""Addresses."""

from typing import Any

from django.urls import path

from .views import debrief, feedback, rides

EVENT = "organize/<slug:event>/visit"
OWN = "visits/<slug:event>"

day_pages: list[Any] = [
    path("visits/learned/", debrief.learned, name="visits-learned"),
    path(f"{OWN}/rides/", rides.own_rides, name="visit-rides"),
    path(f"{OWN}/rides.ics", rides.own_calendar, name="visit-rides-calendar"),
    path(f"{OWN}/debrief/", debrief.read, name="visit-debrief"),
    path(f"{OWN}/feedback/", feedback.answer, name="visit-feedback"),
    path(f"{EVENT}/rides/", rides.rides, name="organize-visit-rides"),
    path(f"{EVENT}/rides/new/", rides.new_ride, name="organize-visit-ride-new"),
    path(f"{EVENT}/rides/<int:pk>/", rides.ride, name="organize-visit-ride"),
    path(f"{EVENT}/rides/<int:pk>/remove/", rides.remove, name="organize-visit-ride-remove"),
    path(f"{EVENT}/debrief/", debrief.debrief, name="organize-visit-debrief"),
    path(f"{EVENT}/debrief/act/", debrief.act, name="organize-visit-debrief-act"),
    path(f"{EVENT}/feedback/", feedback.results, name="organize-visit-feedback"),
    path(f"{EVENT}/feedback/questions/", feedback.questions, name="organize-visit-questions"),
    path(f"{EVENT}/feedback/usual/", feedback.usual, name="organize-visit-questions-usual"),
]
pages: list[Any] = [*day_pages]
