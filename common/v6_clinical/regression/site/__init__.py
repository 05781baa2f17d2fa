"""A regression at a site: rows, design, the site's own fit."""
