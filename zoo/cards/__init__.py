"""Model cards: what a finished run is, in Markdown with Hugging Face's metadata block.

`model_card.make` puts together what `card_metadata`, `card_results` and `reproduction` read from the
run's record and predictions, and renders `model_card.md.j2`. Nothing is imported or run of the model.
"""
