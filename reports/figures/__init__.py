"""Figures: each module draws one, from the study's numbers to panels with words."""
