"""Mutations: ways to write an attack so that a detector may miss it and a model may still read it."""

from stockade.testing.mutations.catalog import MUTATIONS
from stockade.testing.mutations.mutation import Mutation

__all__ = ["MUTATIONS", "Mutation"]
