"""What the centre and the sites say to each other, without I/O: ask, answer, add, conclude."""
