"""The names of the workshop, apart from its templates: a command line is read faster without them."""

NAME = "wildrydes-ml"
LONG, SHORT, PACKAGED = "long", "short", "packaged"
ROUTES = (LONG, SHORT, PACKAGED)
PRESETS = ("workshop", "lean", PACKAGED)
