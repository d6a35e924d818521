"""The version, in a module of its own: nothing inside the package imports its front door."""

__version__ = "0.1.0"
