"""A function's packages, installed by pip itself."""
