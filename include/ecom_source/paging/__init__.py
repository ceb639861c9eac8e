"""Answers in, each row once out: pages that neither lose nor repeat a row."""
