"""The programme of an event: sessions, speakers, tracks, agendas.

Start with models/, then programme/agenda.py (the public agenda), editing/sessions.py (organizers' actions)
and exchange (files in and out). May import `convention` only; `registrations` and `badges` import it.
"""
