"""Tests of what signatures are and whom the site trusts."""
