"""The page that shows a comparison. Needs the extra `report`: jinja2 and matplotlib."""
