"""The FBNet space by its latencies, without networks: nothing here can be trained."""
