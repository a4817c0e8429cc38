"""What this app tells the apps above it, inside the same transaction.

All carry ``by`` (User) and ``now`` (datetime).
"""

from django.dispatch import Signal

# allocation: Allocation. A sampled case has its (first or next) auditor.
case_allocated = Signal()
# allocation: Allocation that has ended, replacement: Allocation or None, reason: str.
allocation_ended = Signal()
# sampled_case: SampledCase of a superseded draw, to: SampledCase of the same child in the new one.
# What was begun of the one goes on as the other.
case_passed_on = Signal()
# sampled_case: SampledCase that was replaced, cancelled or found not auditable, reason: str.
case_left_sample = Signal()
# conflict: DeclaredConflict, declared away from the file, or with another id of the child. Its
# person may have a file of the child at hand. Receivers answer in a sentence what they did, "" for
# nothing.
conflict_declared = Signal()
