"""What sites that trust no centre need: keys, signatures, fixed point and masks; pure functions.

``cryptography`` makes every primitive. Nothing here is imported where ``V6C_SECURE`` is ``off``.
"""
