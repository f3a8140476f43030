"""``python -m artifacts``: see `commands.versions`, where the packages meet."""

import sys

from flags import require_own

require_own("commands")  # before it is imported
from commands.versions import main  # noqa: E402

__all__ = ["main"]

if __name__ == "__main__":
    sys.exit(main())
