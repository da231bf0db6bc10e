"""What a person sees of a deploy or a removal: a live view, or lines in a pipe; and the log of all of it."""
