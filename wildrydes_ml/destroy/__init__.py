"""Destroy: what there is, what goes and what stays, and the proof that it is gone."""
