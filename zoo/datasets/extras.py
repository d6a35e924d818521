"""How to install what some kinds of files need."""

AUDIO = "pip install 'archzoo[audio]'"
VIDEO = "pip install 'archzoo[video]'"
