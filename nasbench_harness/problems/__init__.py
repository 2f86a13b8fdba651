"""What a searcher optimises: an exact table, or a supernet trained on images."""
