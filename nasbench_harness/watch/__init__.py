"""Who looks on: a study in a terminal, on TensorBoard and on MLflow."""
