"""The programme in the API: published sessions for everybody, the draft for organizers' programs.

Start with access.py, the base of all views for organizers. Each other module has the views of one subject;
`*_bodies.py` has the serializers of their requests and responses. Imports all other packages of `schedule`.
"""
