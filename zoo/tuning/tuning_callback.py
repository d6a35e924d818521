"""What a study calls while it runs."""

from zoo.tuning.trials import Trial


class TuningCallback:
    """Base class; each hook does nothing until a subclass overrides it."""

    def on_note(self, text: str) -> None:
        """Called with a line that the user should see."""

    def on_plan(self, text: str) -> None:
        """Called before the first trial, with what will be trained."""

    def on_trial_start(self, architecture: str, trial: Trial) -> None:
        """Called when a trial begins, or goes on."""

    def on_trial_end(self, architecture: str, trial: Trial, best: Trial | None, left: str) -> None:
        """Called when a trial has ended.

        Args:
            best: of its architecture, until now.
            left: what is left of the budget, in words.
        """
