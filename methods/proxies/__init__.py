"""Zero-cost proxies, one a module: scores of untrained networks; see `contracts.Proxy`."""
