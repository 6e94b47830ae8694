"""Makes `resources/digits` anew. Nothing of the program needs this folder, nor what it installs."""
