"""What tests share: worlds of input, an oracle, servers, and whole deployments."""
