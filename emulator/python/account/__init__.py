"""An AWS account on this machine: MiniStack, and what it lacks for a guard of S3 buckets.

Every module changes one thing and says in its first line what AWS does.  `internals` is the only one
that names parts of MiniStack that are not its public face; `app` puts all of it together.
"""
