"""Time to event: follow-up as it is read and checked, times within rounding, grids."""
