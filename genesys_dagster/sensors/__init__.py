"""Sensors: what requests runs by itself. All are stopped until a person starts them."""
