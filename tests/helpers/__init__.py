"""What tests share: cases and rows, runs, fakes, attackers (``tests/README.md``)."""
