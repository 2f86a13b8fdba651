"""What trains the weights of networks, alone or shared."""
