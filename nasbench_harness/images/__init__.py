"""Image data sets, their splits, and augmentation in whole batches on the device."""
