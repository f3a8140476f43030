"""``python -m artifacts``: see `commands.versions`, where the packages meet."""

from flags import require_own

require_own("commands", "files")  # before they are imported
from files.interrupts import end_at_once, run_program  # noqa: E402

if __name__ == "__main__":
    end_at_once()

from commands.versions import main  # noqa: E402

__all__ = ["main"]

if __name__ == "__main__":
    run_program(main)
