"""``python -m cauda`` is the same as the command ``cauda``."""

from cauda.cli.main import main

if __name__ == "__main__":
    raise SystemExit(main())
