"""What fills EFS: packages and model by populate.sh, with packages.lock; what a fast start needs by prepare.py.

It travels in the function's zip, and runs on the filling instance. The handler imports nothing of it.
"""
