"""Commands of the whole site. Each parses its arguments and calls one function of an app."""
