"""What the objects of a Kubernetes cluster are: spec and status in the API's own words, only the members used.

Nothing here is imported unless a cluster, a manifest or a recording of one is looked at.
"""
