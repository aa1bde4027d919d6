"""What the treasurer's templates say."""
