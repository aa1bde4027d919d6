"""The privacy desk: what the club holds of a person, what they agreed to, and what is removed when."""
