"""Code that tests share: random input, an oracle, servers, and complete deployments."""
