"""Organizers’ pages of the programme: sessions, tracks, speakers, settings, files to bring in."""
