"""Kinds of problem: what differs between naming an image and, say, finding things in it."""

from sightline.problems.names import problem_names
from sightline.problems.problem import Problem, problem_of

__all__ = ["Problem", "problem_names", "problem_of"]
