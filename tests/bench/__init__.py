"""Benchmarks, each beside a baseline ("floor") of the same machine without a product: `make bench`.

Each module of `ROWS` (see `__main__`) has `figures(site) -> Iterator[Figure]`. Compare figures with floors of
the same run only: machines drift, ratios do not.
"""
