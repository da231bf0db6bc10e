"""An App: what it renders to, what it refuses, how it is found, deployed and proven."""
