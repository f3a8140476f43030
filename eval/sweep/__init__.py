"""What a sweep taught: from the records of its runs to figures, charts, and sentences that follow from them."""
