"""`zoo completion`"""

import click
from click.shell_completion import get_completion_class


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(context: click.Context, shell: str) -> None:
    """Print a script that completes commands, architectures, datasets, recipes and runs.

    \b
    bash: echo 'eval "$(zoo completion bash)"' >> ~/.bashrc
    zsh:  echo 'eval "$(zoo completion zsh)"' >> ~/.zshrc
    fish: zoo completion fish > ~/.config/fish/completions/zoo.fish
    """
    kind = get_completion_class(shell)
    assert kind  # click has one for each choice
    root = context.find_root()
    click.echo(kind(root.command, {}, root.info_name or "zoo", "_ZOO_COMPLETE").source())
