"""How much of a hospital an attacker decodes from honest fits, with and without the blur."""
