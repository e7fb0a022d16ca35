"""The program's name and version: a constant, because asking the package metadata costs more than starting up."""

NAME = "deckwatch"
VERSION = "0.1.0"
