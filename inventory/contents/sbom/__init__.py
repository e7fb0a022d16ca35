"""What an image holds as a bill of materials, in the two formats that others read.

The same image gives the same bytes: identifiers come from its digest, times from its configuration.
"""
