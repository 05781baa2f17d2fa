"""A regression at the centre: one design for all sites, the rounds, the tables."""
