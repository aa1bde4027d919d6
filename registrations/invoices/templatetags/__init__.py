"""Template filters of the treasurer's pages: `money_filters`."""
