"""The names of the workshop, apart from its templates: a command line is read faster without them."""

NAME = "wildrydes-ml"
LONG, SHORT = "long", "short"
ROUTES = (LONG, SHORT)
PRESETS = ("workshop", "lean")
