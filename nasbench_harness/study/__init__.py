"""What is asked: the study file, the notation of the command line, and the trials they mean."""
