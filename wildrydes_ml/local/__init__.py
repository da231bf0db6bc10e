"""This machine in place of AWS: an emulator, and a directory in place of EFS."""
