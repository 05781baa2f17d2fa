"""What the analyses share: protocol, sums, tables, disclosure policy, platforms."""

from v6_clinical.version import __version__ as __version__
