"""What this app tells the apps above it, inside the same transaction.

All carry ``by`` (User) and ``now`` (datetime).
"""

from django.dispatch import Signal

# allocation: Allocation. A sampled case has its (first or next) auditor.
case_allocated = Signal()
# allocation: Allocation that has ended, replacement: Allocation or None, reason: str.
allocation_ended = Signal()
# sampled_case: SampledCase that was replaced, cancelled or found not auditable, reason: str.
case_left_sample = Signal()
