"""What the rules of roles allow, in the semantics of the RBAC authorizer, and what follows from it.

`rules`: one rule and one request. `powers`: which rules are dangerous, and how. `aggregation`: the rules of cluster
roles made of others. `shipped`: what Kubernetes brings by itself. `questions`: can she, who can. `matrix`: a subject's
rights in words. `paths`: from a subject, step by step, to everything.
"""
