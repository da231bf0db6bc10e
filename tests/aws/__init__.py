"""The proof on a real account: `make test-aws`. See `__main__`."""
