"""What the state holds and nothing needs: found in tables, journals and caches, and removed. No printing, no options.

What was found is looked at again right before it goes, under the lock that its user would hold.
"""
