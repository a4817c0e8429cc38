"""Pages about audits: fetch through the policy, a form, one operation, redirect."""
