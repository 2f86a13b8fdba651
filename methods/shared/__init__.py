"""What methods share: alpha and its state, relaxations, stages, cost models, queries."""
