"""Print badges as PDF or SVG.

Start with pdf.py (layouts), then design.py (one badge) and names.py (fitting names). May import
`badges.codes` and lower layers.
"""
