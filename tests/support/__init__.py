"""What several test modules share: contracts, exchanges, servers."""
