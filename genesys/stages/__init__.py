"""The three stages of every lane, one module each; ``stage`` says what a stage is. Lanes differ in data, not here."""
