"""Building blocks: functions that add resources to a template and return what the neighbours need."""
