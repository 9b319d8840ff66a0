"""kwev plans public EV charging for the Region of Waterloo, Ontario."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("kwev")
except PackageNotFoundError:  # a source tree that is not installed
    __version__ = "0+unknown"
