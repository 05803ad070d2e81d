"""Runs the command line: `python -m imgsync.cli`."""

import sys

from . import main

sys.exit(main())
