"""Work that takes longer than a page may: asked for, done by the worker, its result kept for some days."""
