"""Fills EFS: populate.sh installs packages and model, with packages.lock; prepare.py prepares a fast start.

It is part of the function's zip, and runs on the filling instance. The handler imports nothing from it.
"""
