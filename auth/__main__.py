"""The command line of auth. A command's module is loaded when it is asked for: `run` and `migrate` start at once."""

import importlib

import click

COMMANDS = {
    "create-admin": "auth.commands.create_admin:create_admin",
    "demo-data": "auth.commands.demo_data:demo_data",
    "migrate": "auth.commands.migrate:migrate",
    "run": "auth.commands.run:run",
}


class Commands(click.Group):
    """Those of COMMANDS."""

    def list_commands(self, _: click.Context) -> list[str]:
        """Their names, as help lists them."""
        return list(COMMANDS)

    def get_command(self, _: click.Context, cmd_name: str) -> click.Command | None:
        """One of them, loaded."""
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name].split(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command


@click.group(cls=Commands)
def main() -> None:
    """Watchhouse's HTTP service."""


if __name__ == "__main__":
    main(prog_name="python -m auth")
