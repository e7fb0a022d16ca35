"""What is in an image: packages, distribution, accounts, files that matter. Found without running it."""
