"""`python -m comptometer`."""

from comptometer.cli import main

main()
