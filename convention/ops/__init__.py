"""Operate a site: health checks, metrics, deployment checks, local data. Start with `health.py`; imports no
app.
"""
