"""What sites that trust no centre need: keys, signatures, fixed point and masks; pure functions.

``cryptography`` makes every primitive. A node that has no keys does not import it.
"""
