"""Who can reach whom by the NetworkPolicies of a cluster, exactly as `networking.k8s.io/v1` documents them.

`answer.reachability(snapshot, source)` is the way in. What cannot be known (labels that may not be read, policies of
other kinds, a pod without an address before a rule by address) is never guessed: the answer is *unknown* then.
"""
