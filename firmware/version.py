"""The firmware's version, as it stands in the boot report."""

VERSION = "0.1.0"
