"""Pages: fetch through the policy, form, one operation, redirect; or one query, render."""
