"""What may leave a site: the policy with every check, and what its checks stand on."""

from v6_clinical.disclosure.policy import Policy

__all__ = ["Policy"]
