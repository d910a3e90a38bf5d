"""Tags of people: the files here are the tags, one each; what is imported from here reads, compiles and runs them."""

from profiles.tagging.build import build, catalogue
from profiles.tagging.compile import compile
from profiles.tagging.load import load_tag, load_tags
from profiles.tagging.model import Tag

__all__ = ["Tag", "build", "catalogue", "compile", "load_tag", "load_tags"]
