"""Results, limits and what leaves a site, as text in a terminal."""
