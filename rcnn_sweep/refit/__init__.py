"""Is a sweep's winner really better than its baseline? Retrained, judged on test, registered."""
