"""One supernet trained on images, in which all architectures share their weights."""
