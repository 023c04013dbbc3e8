"""The command `ganaug`, installed as the package `ganaug_cli`."""
