"""Questions about pictures to a deployed API, and their answers."""
