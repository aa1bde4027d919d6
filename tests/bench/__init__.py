"""Measurements, each beside what this machine does without a product around it: `make bench`.

Each module of `ROWS` (see `__main__`) has `figures(site) -> Iterator[Figure]`. Figures of one run are
compared with floors of the same run only: machines drift, ratios do not.
"""
