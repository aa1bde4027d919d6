"""Print badges as PDF or SVG.

Start with pdf.py, then layouts.py (pages and backs), design.py (one badge) and names.py (fitting names). May
import `badges.codes` and lower layers.
"""
