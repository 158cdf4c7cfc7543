"""What the conformance tests share: a server to start, a signer of their own, a wire to look at."""
