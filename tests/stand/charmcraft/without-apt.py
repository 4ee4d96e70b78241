"""charmcraft on a machine that has everything that `build-packages` names: it asks neither apt nor snapd for it."""

import sys

import craft_parts.packages

craft_parts.packages.is_deb_based = lambda: False

from charmcraft.application.main import main

sys.exit(main())
