"""The Python API, a module for each group of functions; `zoo` exports them.

The command line calls these functions and prints what they return.
"""
