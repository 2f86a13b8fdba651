"""The MnasNet-like ImageNet space of Accel-NASBench, and what its networks are predicted to be."""
