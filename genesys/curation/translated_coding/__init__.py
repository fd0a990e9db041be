"""Translated coding: Python tasks for JavaScript, Rust and C++, each proven by running a translated gold."""
