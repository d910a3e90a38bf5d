"""Campaigns: plans, arms, personal links, and what came back of them."""
