"""A container host to explore: a private engine with good, bad and broken objects, and the facts that hold for them.

Nothing here is needed at run time and nothing here is in the wheel. ``python -m lab up`` starts it.
"""
