"""Asks a deployed API about pictures, and shows its answers."""
