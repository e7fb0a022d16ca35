"""Looks into images: what each part of an analysis is found with, and what is kept of it on disk."""
