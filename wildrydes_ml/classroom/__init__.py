"""A class: many copies of an application in one account, which share the network, the files and the bucket."""
