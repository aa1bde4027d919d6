"""Organizers' pages about attendance, devices, checkpoints and conflicts."""
