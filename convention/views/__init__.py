"""Pages of the whole site: the first one, languages and errors, and what only builders see."""
