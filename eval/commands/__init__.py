"""What the commands of ``python -m eval`` do, where it takes more than a few lines; here the packages meet."""
